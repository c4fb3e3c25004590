/* The notifier's HTTP calls, and those about recorded messages.
 * Owner: notifier. Thread: the HTTP worker's, statements on the pool's threads.
 */
#include "notifier/routes.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_writer.h"
#include "http/problem.h"
#include "notifier/notifier.h"
#include "notifier/preferences.h"
#include "proto/cart_event.h"
#include "service/call.h"

enum { TIMEOUT_MS = 3000, PAGE_DEFAULT = 100, PAGE_MAX = 1000, ID_DIGITS_MAX = 18 };

extern const char notifier_openapi_json[];

#define COLUMNS                                                                                    \
    "id, kind, channel, subject_id, user_id, order_id, state, reason, maybe_sent, tries, "         \
    "recorded_at, changed_at"

static const struct pg_statement dead_statement = {
    "notifications_dead",
    "SELECT " COLUMNS " FROM notifications WHERE state = 'dead' AND id > $1 ORDER BY id LIMIT $2",
};

static const struct pg_statement order_statement = {
    "notifications_of_order",
    "SELECT " COLUMNS " FROM notifications WHERE order_id = $1 AND order_id <> '' ORDER BY id "
    "LIMIT 1000",
};

/* Nothing is done to one that is not dead: a second replay is as the first. */
static const struct pg_statement replay_statement = {
    "notifications_replay",
    "WITH again AS (UPDATE notifications SET state = 'waiting', reason = '', tries = 0, "
    "due_at = clock_timestamp(), changed_at = clock_timestamp() "
    "WHERE id = $1 AND state = 'dead' RETURNING id) "
    "SELECT CASE WHEN EXISTS (SELECT FROM again) THEN 'waiting' ELSE state END "
    "FROM notifications WHERE id = $1",
};

struct messages_call {
    struct service_call call;
    void *notifier;
    int64_t after, limit; /* of a page; after: also the message to replay */
    char order_id[ORDER_ID_MAX + 1];
};

static void put_time(struct buf *out, const char *name, const struct pg_result *result, int row,
                     int column)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(pg_get_time(result, row, column), text);
    json_string_member(out, name, slice_of(text));
}

static void put_message(struct buf *out, const struct pg_result *result, int row)
{
    static const char *const texts[] = {"kind",    "channel", "subjectId", "userId",
                                        "orderId", "state",   "reason"};
    json_comma(out);
    buf_char(out, '{');
    json_int_member(out, "id", pg_get_int64(result, row, 0));
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        json_string_member(out, texts[i], pg_get_bytes(result, row, (int)i + 1));
    json_name(out, "maybeSent");
    buf_text(out, pg_get_bool(result, row, 8) ? "true" : "false");
    json_int_member(out, "tries", pg_get_int32(result, row, 9));
    put_time(out, "recordedAt", result, row, 10);
    put_time(out, "changedAt", result, row, 11);
    buf_char(out, '}');
}

static int list(struct service_call *call, struct pg *pg, const struct pg_statement *statement,
                struct pg_params *params, int64_t limit, struct error *err)
{
    struct pg_result *result;
    int rc = pg_run(pg, statement, params, TIMEOUT_MS, err, &result);
    pg_params_free(params);
    if (rc != 0)
        return -1;
    buf_text(&call->body, "{\"items\":[");
    for (int row = 0; row < pg_rows(result); row++)
        put_message(&call->body, result, row);
    buf_text(&call->body, "],\"next\":");
    if (pg_rows(result) == limit)
        buf_printf(&call->body, "\"/api/notifications/dead?after=%ld&limit=%ld\"}",
                   pg_get_int64(result, pg_rows(result) - 1, 0), limit);
    else
        buf_text(&call->body, "null}");
    pg_result_free(result);
    return 0;
}

static int dead_work(struct service_call *call, struct pg *pg, struct error *err)
{
    const struct messages_call *of = CONTAINER_OF(call, struct messages_call, call);
    struct pg_params params = {0};
    pg_param_int64(&params, of->after);
    pg_param_int64(&params, of->limit);
    return list(call, pg, &dead_statement, &params, of->limit, err);
}

static int order_work(struct service_call *call, struct pg *pg, struct error *err)
{
    const struct messages_call *of = CONTAINER_OF(call, struct messages_call, call);
    struct pg_params params = {0};
    pg_param_bytes(&params, slice_of(of->order_id));
    return list(call, pg, &order_statement, &params, -1, err);
}

static int replay_work(struct service_call *call, struct pg *pg, struct error *err)
{
    const struct messages_call *of = CONTAINER_OF(call, struct messages_call, call);
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_int64(&params, of->after);
    int rc = pg_run(pg, &replay_statement, &params, TIMEOUT_MS, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return -1;
    if (pg_rows(result) == 0) {
        service_call_refuse(call, &problem_not_found, NULL);
    } else {
        call->status = 202;
        buf_char(&call->body, '{');
        json_int_member(&call->body, "id", of->after);
        json_string_member(&call->body, "state", pg_get_bytes(result, 0, 0));
        buf_char(&call->body, '}');
        notifier_kick(of->notifier);
    }
    pg_result_free(result);
    return 0;
}

static bool parse_number(struct slice text, int64_t *ret_number)
{
    int64_t number = 0;
    if (text.len == 0 || text.len > ID_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        number = number * 10 + (text.data[i] - '0');
    }
    *ret_number = number;
    return true;
}

static struct messages_call *begin(struct http_request *request, void *context,
                                   int (*work)(struct service_call *, struct pg *, struct error *))
{
    struct messages_call *of = service_call_new(sizeof(*of), request, work);
    of->notifier = context;
    return of;
}

static void list_dead(struct http_request *request, void *context)
{
    static const char *const names[] = {"after", "limit", NULL};
    struct slice text, bad;
    int64_t after = 0, limit = PAGE_DEFAULT;
    if (!http_query_valid(request, names, &bad) ||
        (http_query(request, "after", &text) && !parse_number(text, &after)) ||
        (http_query(request, "limit", &text) &&
         (!parse_number(text, &limit) || limit < 1 || limit > PAGE_MAX))) {
        problem_answer(request, &problem_invalid_parameter,
                       "after is as in the last page's next, limit from 1 to 1000.", NULL, 0);
        return;
    }
    struct messages_call *of = begin(request, context, dead_work);
    of->after = after;
    of->limit = limit;
    service_call_submit(&of->call, notifier_runtime(context));
}

static void list_order(struct http_request *request, void *context)
{
    struct slice order_id = http_param(request, "orderId");
    if (order_id.len == 0 || order_id.len > ORDER_ID_MAX) {
        problem_answer(request, &problem_not_found, NULL, NULL, 0);
        return;
    }
    struct messages_call *of = begin(request, context, order_work);
    memcpy(of->order_id, order_id.data, order_id.len);
    service_call_submit(&of->call, notifier_runtime(context));
}

static void replay(struct http_request *request, void *context)
{
    int64_t id;
    if (!parse_number(http_param(request, "id"), &id)) {
        problem_answer(request, &problem_not_found, NULL, NULL, 0);
        return;
    }
    struct messages_call *of = begin(request, context, replay_work);
    of->after = id;
    service_call_submit(&of->call, notifier_runtime(context));
}

static void openapi(struct http_request *request, void *context)
{
    (void)context;
    http_answer(request, 200, "application/json", slice_of(notifier_openapi_json));
}

const struct http_route notifier_routes[] = {
    {"GET", "/api/notifications/preferences/{userId}", "get_preferences", preferences_get,
     HTTP_PRIVATE},
    {"PUT", "/api/notifications/preferences/{userId}", "put_preferences", preferences_put,
     HTTP_PRIVATE},
    {"GET", "/api/notifications/unsubscribe/{token}/{channel}", "unsubscribe_page",
     unsubscribe_page, HTTP_PUBLIC},
    {"POST", "/api/notifications/unsubscribe/{token}/{channel}", "unsubscribe", unsubscribe,
     HTTP_PUBLIC},
    {"GET", "/api/notifications/orders/{orderId}", "list_order", list_order, HTTP_SUPPORT},
    {"GET", "/api/notifications/dead", "list_dead", list_dead, HTTP_ADMIN},
    {"POST", "/api/notifications/dead/{id}/replay", "replay", replay, HTTP_ADMIN},
    {"GET", "/openapi.json", "openapi", openapi, HTTP_PUBLIC},
};

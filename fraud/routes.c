/* fraud's calls: the queue of reviews, the verdict about a cart.
 * Owner: fraud. Thread: the worker's, but for work(), which is a pool thread's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "eventstore/read.h"
#include "fraud/problems.h"
#include "fraud/review.h"
#include "fraud/state.h"
#include "fraud/verdict_json.h"
#include "proto/fraud_codec.h"
#include "service/call.h"

enum { PAGE = 100, TIMEOUT_MS = 5000 };

extern const char fraud_openapi_json[];

/* ---- GET /api/fraud/reviews */

/* The longest waiting come first; a page goes on after a time and a cart: "<microseconds>.<cart>".
 */
struct queue_call {
    struct service_call call;
    int64_t after_us;
    char after[CART_ID_MAX + 1];
};

static const struct pg_statement queue_statement = {
    "fraud_queue",
    "SELECT c.cart_id, c.order_id, c.user_id, c.total_minor, c.currency, c.at, f.payload "
    "FROM fraud_checkouts c JOIN fraud_events f ON f.stream_id = c.cart_id AND f.version = 1 "
    "WHERE c.state = 'held' AND c.at >= $1 AND (c.at, c.cart_id) > ($1, $2::text) "
    "ORDER BY c.at, c.cart_id LIMIT $3",
};

static int queue_row(const struct pg_result *result, int row, struct fraud_decoded *decoded,
                     struct buf *out, struct error *err)
{
    char at[CLOCK_TEXT_SIZE];
    if (fraud_event_decode(pg_get_bytes(result, row, 6), decoded, err) != 0)
        return -1;
    clock_format(pg_get_time(result, row, 5), at);
    json_comma(out);
    buf_char(out, '{');
    json_string_member(out, "cartId", pg_get_bytes(result, row, 0));
    json_string_member(out, "orderId", pg_get_bytes(result, row, 1));
    json_string_member(out, "userId", pg_get_bytes(result, row, 2));
    json_int_member(out, "amount", pg_get_int64(result, row, 3));
    json_string_member(out, "currency", pg_get_bytes(result, row, 4));
    json_string_member(out, "checkedOutAt", slice_of(at));
    verdict_json(&decoded->event, out);
    buf_char(out, '}');
    return 0;
}

static int queue_page(const struct pg_result *result, struct buf *out, struct error *err)
{
    struct fraud_decoded decoded = {0};
    int rc = 0, count = pg_rows(result) < PAGE ? pg_rows(result) : PAGE;
    buf_text(out, "{\"items\":[");
    for (int row = 0; rc == 0 && row < count; row++)
        rc = queue_row(result, row, &decoded, out, err);
    fraud_decoded_free(&decoded);
    buf_char(out, ']');
    json_name(out, "next");
    if (pg_rows(result) > PAGE) {
        struct slice last = pg_get_bytes(result, PAGE - 1, 0);
        buf_printf(out, "\"/api/fraud/reviews?after=%ld.%.*s\"", pg_get_time(result, PAGE - 1, 5),
                   (int)last.len, last.data);
    } else {
        buf_text(out, "null");
    }
    buf_char(out, '}');
    return rc;
}

static int queue_work(struct service_call *call, struct pg *pg, struct error *err)
{
    const struct queue_call *queue = CONTAINER_OF(call, struct queue_call, call);
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_time(&params, queue->after_us);
    pg_param_bytes(&params, slice_of(queue->after));
    pg_param_int64(&params, PAGE + 1);
    int rc = pg_run(pg, &queue_statement, &params, TIMEOUT_MS, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return -1;
    rc = queue_page(result, &call->body, err);
    pg_result_free(result);
    return rc;
}

static int parse_after(struct slice text, int64_t *ret_us, char ret_cart_id[CART_ID_MAX + 1])
{
    int64_t after_us = 0;
    size_t at = 0;
    for (; at < text.len && at < 17 && text.data[at] >= '0' && text.data[at] <= '9'; at++)
        after_us = after_us * 10 + (text.data[at] - '0');
    if (at == 0 || at == text.len || text.data[at] != '.' || text.len - at - 1 > CART_ID_MAX)
        return -1;
    *ret_us = after_us;
    memcpy(ret_cart_id, text.data + at + 1, text.len - at - 1);
    ret_cart_id[text.len - at - 1] = '\0';
    return 0;
}

static void route_queue(struct http_request *request, void *context)
{
    static const char *const names[] = {"after", NULL};
    struct fraud *fraud = fraud_of_state(context);
    struct slice text, bad;
    int64_t after_us = 0;
    char after[CART_ID_MAX + 1] = "";
    if (!http_query_valid(request, names, &bad) ||
        (http_query(request, "after", &text) && parse_after(text, &after_us, after) != 0)) {
        problem_answer(request, &problem_invalid_parameter,
                       "The query has only `after`, as the last page's `next` has it.", NULL, 0);
        return;
    }
    struct queue_call *queue = service_call_new(sizeof(*queue), request, queue_work);
    queue->after_us = after_us;
    memcpy(queue->after, after, sizeof(after));
    service_call_submit(&queue->call, fraud->runtime);
}

/* ---- GET /api/fraud/verdicts/{cartId} */

struct verdict_call {
    struct service_call call;
    char *cart_id;
    struct fraud_decoded decoded;
    int count;
    struct error *err;
};

static void verdict_release(struct service_call *call)
{
    struct verdict_call *verdict = CONTAINER_OF(call, struct verdict_call, call);
    fraud_decoded_free(&verdict->decoded);
    free(verdict->cart_id);
}

/* The verdict, then the review if there is one. */
static int take_event(void *argument, const struct event_record *record)
{
    struct verdict_call *verdict = argument;
    const struct fraud_event *event = &verdict->decoded.event;
    struct buf *out = &verdict->call.body;
    if (fraud_event_decode(record->payload, &verdict->decoded, verdict->err) != 0)
        return -1;
    if (verdict->count++ == 0) {
        json_string_member(out, "orderId", event->order_id);
        json_string_member(out, "userId", event->user_id);
    }
    if (event->type != FRAUD_EVENT_REVIEWED) {
        verdict_json(event, out);
        return 0;
    }
    json_name(out, "review");
    buf_char(out, '{');
    review_json(event, out);
    buf_char(out, '}');
    return 0;
}

static int verdict_work(struct service_call *call, struct pg *pg, struct error *err)
{
    struct verdict_call *verdict = CONTAINER_OF(call, struct verdict_call, call);
    struct stream_range range = {.stream_id = slice_of(verdict->cart_id), .limit = 2};
    verdict->count = 0;
    verdict->err = err;
    buf_char(&call->body, '{');
    json_string_member(&call->body, "cartId", slice_of(verdict->cart_id));
    if (read_stream(pg, &category_fraud, &range, take_event, verdict, TIMEOUT_MS, err) != 0)
        return -1;
    if (verdict->count == 0)
        return service_call_refuse(call, &problem_verdict_not_found, NULL);
    if (verdict->count == 1)
        buf_text(&call->body, ",\"review\":null");
    json_string_member(&call->body, "status", slice_of(verdict_status(&verdict->decoded.event)));
    buf_char(&call->body, '}');
    return 0;
}

static void route_verdict(struct http_request *request, void *context)
{
    struct fraud *fraud = fraud_of_state(context);
    struct slice cart_id = http_param(request, "cartId");
    struct verdict_call *verdict = service_call_new(sizeof(*verdict), request, verdict_work);
    verdict->call.release = verdict_release;
    verdict->cart_id = mem_strndup(cart_id.data, cart_id.len);
    service_call_submit(&verdict->call, fraud->runtime);
}

/* ---- */

static void route_openapi(struct http_request *request, void *context)
{
    (void)context;
    http_add_header(request, "cache-control", slice_of("no-cache"));
    http_answer(request, 200, "application/json", slice_of(fraud_openapi_json));
}

const struct http_route fraud_routes[FRAUD_ROUTES] = {
    {"GET", "/api/fraud/reviews", "fraud_reviews", route_queue, HTTP_SUPPORT},
    {"POST", "/api/fraud/reviews/{cartId}", "fraud_review", route_review, HTTP_SUPPORT},
    {"GET", "/api/fraud/verdicts/{cartId}", "fraud_verdict", route_verdict, HTTP_SUPPORT},
    {"GET", "/openapi.json", "openapi", route_openapi, HTTP_PUBLIC},
};

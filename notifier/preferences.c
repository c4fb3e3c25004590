/* What a user wants to hear, and the links that end it.
 * Owner: notifier. Thread: the HTTP worker's, statements on the pool's threads.
 */
#include "notifier/preferences.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/utf8.h"
#include "http/auth.h"
#include "http/json_body.h"
#include "http/problem.h"
#include "notifier/kind.h"
#include "notifier/notifier.h"
#include "notifier/settings.h"
#include "proto/cart_event.h"
#include "service/call.h"

enum { TIMEOUT_MS = 3000, ZONE_MAX = 63, WISHED_LOCALE_MAX = 35, TOKEN_LENGTH = 64 };

struct wishes {
    struct service_call call;
    const struct notifier_settings *settings;
    char user_id[USER_ID_MAX + 1];
    bool marketing_email, marketing_sms;
    char time_zone[ZONE_MAX + 1], locale[WISHED_LOCALE_MAX + 1];
};

static const struct pg_statement get_statement = {
    "notifier_preferences_get",
    "SELECT marketing_email, marketing_sms, time_zone, locale FROM notifier_preferences "
    "WHERE user_id = $1",
};

/* No row comes back when there is no such time zone. */
static const struct pg_statement put_statement = {
    "notifier_preferences_put",
    "INSERT INTO notifier_preferences AS p (user_id, marketing_email, marketing_sms, time_zone, "
    "locale) SELECT $1::text, $2::integer <> 0, $3::integer <> 0, $4::text, $5::text "
    "WHERE $4::text = '' OR EXISTS (SELECT FROM pg_timezone_names WHERE name = $4::text) "
    "ON CONFLICT (user_id) DO UPDATE SET marketing_email = excluded.marketing_email, "
    "marketing_sms = excluded.marketing_sms, time_zone = excluded.time_zone, "
    "locale = excluded.locale, changed_at = clock_timestamp() "
    "RETURNING marketing_email, marketing_sms, time_zone, locale",
};

static const struct pg_statement unsubscribe_statement = {
    "notifier_preferences_unsubscribe",
    "UPDATE notifier_preferences SET "
    "marketing_email = CASE WHEN $2 = 'email' THEN false ELSE marketing_email END, "
    "marketing_sms = CASE WHEN $2 = 'sms' THEN false ELSE marketing_sms END, "
    "changed_at = clock_timestamp() WHERE token = $1 RETURNING 1",
};

static void put_flag(struct buf *out, const char *name, const struct pg_result *result, int column,
                     bool otherwise)
{
    bool said = result != NULL && pg_rows(result) > 0 && !pg_is_null(result, 0, column);
    json_name(out, name);
    buf_text(out, (said ? pg_get_bool(result, 0, column) : otherwise) ? "true" : "false");
}

/* What counts for the user, whether it was said or is the setting. */
static void put_wishes(const struct wishes *wishes, const struct pg_result *result, struct buf *out)
{
    bool known = pg_rows(result) > 0;
    buf_char(out, '{');
    json_string_member(out, "userId", slice_of(wishes->user_id));
    put_flag(out, "marketingEmail", result, 0, wishes->settings->marketing_email);
    put_flag(out, "marketingSms", result, 1, wishes->settings->marketing_sms);
    json_string_member(out, "timeZone", known ? pg_get_bytes(result, 0, 2) : slice_of(""));
    json_string_member(out, "locale", known ? pg_get_bytes(result, 0, 3) : slice_of(""));
    buf_char(out, '}');
}

static int get_work(struct service_call *call, struct pg *pg, struct error *err)
{
    struct wishes *wishes = CONTAINER_OF(call, struct wishes, call);
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_bytes(&params, slice_of(wishes->user_id));
    int rc = pg_run(pg, &get_statement, &params, TIMEOUT_MS, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return -1;
    put_wishes(wishes, result, &call->body);
    pg_result_free(result);
    return 0;
}

static int put_work(struct service_call *call, struct pg *pg, struct error *err)
{
    struct wishes *wishes = CONTAINER_OF(call, struct wishes, call);
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_bytes(&params, slice_of(wishes->user_id));
    pg_param_int32(&params, wishes->marketing_email);
    pg_param_int32(&params, wishes->marketing_sms);
    pg_param_bytes(&params, slice_of(wishes->time_zone));
    pg_param_bytes(&params, slice_of(wishes->locale));
    int rc = pg_run(pg, &put_statement, &params, TIMEOUT_MS, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return -1;
    if (pg_rows(result) == 0)
        service_call_refuse(call, &problem_invalid_field,
                            "There is no time zone of this name; one is Europe/Berlin.");
    else
        put_wishes(wishes, result, &call->body);
    pg_result_free(result);
    return 0;
}

/* ---- the body */

static int take_text(const struct json_at *root, const char *name, size_t max,
                     struct json_problem *problem, char *to)
{
    struct slice text;
    if (!json_has(root, name))
        return 0;
    if (json_text(root, name, 0, max, problem, &text) != 0)
        return -1;
    if (!utf8_printable(text.data, text.len))
        return json_refuse(root, name, "format", "must not hold control characters", problem);
    snprintf(to, max + 1, "%.*s", (int)text.len, text.data);
    return 0;
}

static int locale_valid(const struct json_at *root, const char *locale,
                        struct json_problem *problem)
{
    for (const char *c = locale; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && *c != '-')
            return json_refuse(root, "locale", "format", "must be a BCP 47 tag such as de-DE",
                               problem);
    }
    return 0;
}

static int read_body(struct slice body, struct wishes *wishes, struct json_problem *problem,
                     const struct problem **ret_kind)
{
    static const char *const names[] = {"marketingEmail", "marketingSms", "timeZone", "locale",
                                        NULL};
    struct json *json;
    *ret_kind = &problem_invalid_json;
    if (json_parse(body, problem, &json) != 0)
        return -1;
    *ret_kind = &problem_invalid_field;
    const struct json_at root = json_root(json);
    int rc = json_only(&root, names, problem) != 0 ||
                     json_flag(&root, "marketingEmail", problem, &wishes->marketing_email) != 0 ||
                     json_flag(&root, "marketingSms", problem, &wishes->marketing_sms) != 0 ||
                     take_text(&root, "timeZone", ZONE_MAX, problem, wishes->time_zone) != 0 ||
                     take_text(&root, "locale", WISHED_LOCALE_MAX, problem, wishes->locale) != 0 ||
                     locale_valid(&root, wishes->locale, problem) != 0
                 ? -1
                 : 0;
    json_free(json);
    return rc;
}

/* ---- routes */

/* Another's preferences are not there. */
static bool theirs(struct http_request *request, char user_id[USER_ID_MAX + 1])
{
    struct slice user = http_param(request, "userId");
    const struct auth_identity *identity = auth_of(request);
    if (user.len == 0 || user.len > USER_ID_MAX || !utf8_printable(user.data, user.len) ||
        (!auth_is_user(identity, user) && !auth_may(identity, AUTH_SUPPORT))) {
        problem_answer(request, &problem_not_found, NULL, NULL, 0);
        return false;
    }
    snprintf(user_id, USER_ID_MAX + 1, "%.*s", (int)user.len, user.data);
    return true;
}

void preferences_get(struct http_request *request, void *context)
{
    char user_id[USER_ID_MAX + 1];
    struct service_runtime *runtime = notifier_runtime(context);
    if (!theirs(request, user_id))
        return;
    struct wishes *wishes = service_call_new(sizeof(*wishes), request, get_work);
    wishes->settings = service_settings(runtime);
    memcpy(wishes->user_id, user_id, sizeof(user_id));
    service_call_submit(&wishes->call, runtime);
}

void preferences_put(struct http_request *request, void *context)
{
    struct wishes read = {0};
    struct json_problem problem;
    const struct problem *kind;
    struct service_runtime *runtime = notifier_runtime(context);
    if (!theirs(request, read.user_id))
        return;
    if (!http_content_is_json(request)) {
        problem_answer(request, &problem_unsupported_media_type, NULL, NULL, 0);
        return;
    }
    if (read_body(http_body(request), &read, &problem, &kind) != 0) {
        const struct problem_detail detail = {problem.pointer, problem.code, problem.message};
        problem_answer(request, kind, NULL, &detail, 1);
        return;
    }
    struct wishes *wishes = service_call_new(sizeof(*wishes), request, put_work);
    const struct service_call call = wishes->call;
    *wishes = read;
    wishes->call = call;
    wishes->settings = service_settings(runtime);
    service_call_submit(&wishes->call, runtime);
}

/* ---- unsubscribing: who has the link may use it, whoever that is */

struct unsubscribing {
    struct service_call call;
    char token[TOKEN_LENGTH + 1];
    enum channel channel;
};

#define PAGE(words)                                                                                \
    "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Notifications</title>"  \
    "</head><body style=\"font-family:sans-serif\">" words "</body></html>\n"

static int unsubscribe_work(struct service_call *call, struct pg *pg, struct error *err)
{
    struct unsubscribing *of = CONTAINER_OF(call, struct unsubscribing, call);
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_bytes(&params, slice_of(of->token));
    pg_param_bytes(&params, slice_of(channel_name(of->channel)));
    int rc = pg_run(pg, &unsubscribe_statement, &params, TIMEOUT_MS, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return -1;
    bool known = pg_rows(result) > 0;
    pg_result_free(result);
    if (!known)
        return service_call_refuse(call, &problem_not_found, NULL);
    call->content_type = "text/html; charset=utf-8";
    buf_text(&call->body, PAGE("<p>Done: you will not be written to again about this.</p>"));
    return 0;
}

static bool read_link(struct http_request *request, char token[TOKEN_LENGTH + 1],
                      enum channel *ret_channel)
{
    struct slice text = http_param(request, "token");
    bool good =
        text.len == TOKEN_LENGTH && channel_by_name(http_param(request, "channel"), ret_channel);
    for (size_t i = 0; good && i < text.len; i++)
        good = isxdigit((unsigned char)text.data[i]);
    if (!good) {
        problem_answer(request, &problem_not_found, NULL, NULL, 0);
        return false;
    }
    snprintf(token, TOKEN_LENGTH + 1, "%.*s", (int)text.len, text.data);
    return true;
}

/* Only a page: programs that look at the links of a mail must not unsubscribe its reader. */
void unsubscribe_page(struct http_request *request, void *context)
{
    char token[TOKEN_LENGTH + 1];
    enum channel channel;
    (void)context;
    if (read_link(request, token, &channel))
        http_answer(request, 200, "text/html; charset=utf-8",
                    slice_of(PAGE("<form method=\"post\"><p>No more reminders?</p>"
                                  "<button>Unsubscribe</button></form>")));
}

/* The button of that page, and the mail program's own (RFC 8058). */
void unsubscribe(struct http_request *request, void *context)
{
    char token[TOKEN_LENGTH + 1];
    enum channel channel;
    if (!read_link(request, token, &channel))
        return;
    struct unsubscribing *of = service_call_new(sizeof(*of), request, unsubscribe_work);
    memcpy(of->token, token, sizeof(token));
    of->channel = channel;
    service_call_submit(&of->call, notifier_runtime(context));
}

/* POST /webhooks/stripe: what the provider says by itself. A webhook is recorded once and makes us
 * ask the provider: so it does not matter when, how often or in which order webhooks come. Owner:
 * billing. Thread: the request's worker, but for work, which is a pool thread's.
 */
#include <string.h>

#include "base/clock.h"
#include "billing/billing.h"
#include "billing/problems.h"
#include "billing/routes.h"
#include "billing/signature.h"
#include "http/json_body.h"
#include "service/call.h"

enum { TIMEOUT_MS = 5000, EVENT_ID_MAX = 255, TYPE_MAX = 128 };

struct webhook {
    struct service_call call;
    struct billing *billing;
    char event_id[EVENT_ID_MAX + 1], type[TYPE_MAX + 1];
    char payment_id[PAYMENT_ID_MAX + 1], reference[PROVIDER_REFERENCE_SIZE];
    int64_t created_s;
    bool is_new;
};

static const struct pg_statement put_statement = {
    "webhook_put", "INSERT INTO webhooks (event_id, type, payment_id, reference, created_at) "
                   "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING event_id"};

/* A runner that has the payment looks again when it is done; else it is due now. */
static const struct pg_statement poke_statement = {
    "payment_poke", "UPDATE payments SET poked = leased, "
                    "due_at = CASE WHEN leased THEN due_at ELSE clock_timestamp() END "
                    "WHERE (payment_id = $1 OR ($2 <> '' AND reference = $2)) "
                    "AND state NOT IN ('awaiting_verdict', 'held', 'refunded', 'mismatch')"};

static int run_two(struct pg *pg, const struct pg_statement *statement, struct pg_params *params,
                   int timeout_ms, struct error *err, int *ret_rows)
{
    struct pg_result *result;
    int rc = pg_run(pg, statement, params, timeout_ms, err, &result);
    pg_params_free(params);
    if (rc != 0)
        return -1;
    *ret_rows = pg_rows(result);
    pg_result_free(result);
    return 0;
}

static int record(void *argument, struct pg *pg, int timeout_ms, struct error *err)
{
    struct webhook *webhook = argument;
    struct pg_params params = {0};
    int rows;
    pg_param_bytes(&params, slice_of(webhook->event_id));
    pg_param_bytes(&params, slice_of(webhook->type));
    pg_param_bytes(&params, slice_of(webhook->payment_id));
    pg_param_bytes(&params, slice_of(webhook->reference));
    pg_param_time(&params, webhook->created_s * INT64_C(1000000));
    if (run_two(pg, &put_statement, &params, timeout_ms, err, &rows) != 0)
        return -1;
    webhook->is_new = rows == 1;
    if (!webhook->is_new)
        return 0;
    params = (struct pg_params){0};
    pg_param_bytes(&params, slice_of(webhook->payment_id));
    pg_param_bytes(&params, slice_of(webhook->reference));
    return run_two(pg, &poke_statement, &params, timeout_ms, err, &rows);
}

static int work(struct service_call *call, struct pg *pg, struct error *err)
{
    struct webhook *webhook = CONTAINER_OF(call, struct webhook, call);
    if (pg_transaction(pg, record, webhook, TIMEOUT_MS, err) != 0)
        return -1;
    if (webhook->is_new) {
        metric_add(webhook->billing->metrics.webhooks, 0, 1);
        work_kick(webhook->billing->work);
    }
    buf_text(&call->body, webhook->is_new ? "{\"received\":true,\"new\":true}"
                                          : "{\"received\":true,\"new\":false}");
    return 0;
}

static void copy_text(const struct json_at *object, const char *name, char *to, size_t size)
{
    struct json_problem problem;
    struct slice text;
    to[0] = '\0';
    if (json_has(object, name) && json_text(object, name, 0, size - 1, &problem, &text) == 0)
        provider_text(to, size, text);
}

/* The intent that it is about: the object itself, or the one that a charge or a refund names. */
static void read_object(const struct json_at *object, struct webhook *webhook)
{
    struct json_problem problem;
    struct json_at metadata;
    char kind[64];
    copy_text(object, "object", kind, sizeof(kind));
    copy_text(object, strcmp(kind, "payment_intent") == 0 ? "id" : "payment_intent",
              webhook->reference, sizeof(webhook->reference));
    if (json_member(object, "metadata", &problem, &metadata) == 0)
        copy_text(&metadata, "payment_id", webhook->payment_id, sizeof(webhook->payment_id));
}

static int read_event(struct slice body, struct webhook *webhook, struct json_problem *problem)
{
    struct json *json;
    struct json_at data, object;
    if (json_parse(body, problem, &json) != 0)
        return -1;
    struct json_at root = json_root(json);
    struct slice id, type;
    int rc = json_text(&root, "id", 1, EVENT_ID_MAX, problem, &id) != 0 ||
             json_text(&root, "type", 1, TYPE_MAX, problem, &type) != 0 ||
             json_int(&root, "created", 0, INT32_MAX, problem, &webhook->created_s) != 0 ||
             json_member(&root, "data", problem, &data) != 0 ||
             json_member(&data, "object", problem, &object) != 0;
    if (rc == 0) {
        provider_text(webhook->event_id, sizeof(webhook->event_id), id);
        provider_text(webhook->type, sizeof(webhook->type), type);
        read_object(&object, webhook);
    }
    json_free(json);
    return rc == 0 ? 0 : -1;
}

static const char *refusal(const struct billing *billing, struct http_request *request)
{
    const struct billing_settings *settings = billing->settings;
    struct slice header;
    if (settings->stripe_webhook_secret[0] == '\0')
        return "Webhooks are not configured here.";
    if (http_header_count(request, "stripe-signature") != 1 ||
        !http_header(request, "stripe-signature", &header))
        return "There is not one Stripe-Signature.";
    return signature_refusal(header, http_body(request), slice_of(settings->stripe_webhook_secret),
                             clock_wall_us() / 1000000, settings->stripe_webhook_window_s);
}

void route_stripe_webhook(struct http_request *request, void *context)
{
    struct billing *billing = billing_of(context);
    struct webhook read = {0};
    struct json_problem problem;
    const char *why = refusal(billing, request);
    if (why != NULL) {
        problem_answer(request, &problem_bad_signature, why, NULL, 0);
        return;
    }
    if (read_event(http_body(request), &read, &problem) != 0) {
        struct problem_detail detail = {problem.pointer, problem.code, problem.message};
        problem_answer(request, &problem_invalid_json, problem.message, &detail, 1);
        return;
    }
    struct webhook *webhook = service_call_new(sizeof(*webhook), request, work);
    read.call = webhook->call;
    memcpy(&webhook->event_id, &read.event_id, sizeof(read) - offsetof(struct webhook, event_id));
    webhook->billing = billing;
    service_call_submit(&webhook->call, billing->runtime);
}

/* A person decides about a held checkout: the decision is a fact, and the checkout leaves the
 * queue, in one transaction. Owner: fraud. Thread: the worker's, but for work(), which is a pool
 * thread's.
 */
#include "fraud/review.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "eventstore/read.h"
#include "fraud/problems.h"
#include "fraud/state.h"
#include "fraud/verdict_json.h"
#include "http/auth.h"
#include "http/json_body.h"
#include "proto/fraud_codec.h"
#include "service/call.h"

enum { TIMEOUT_MS = 5000, TRIES_MAX = 3 };

struct review_call {
    struct service_call call;
    struct fraud *fraud;
    struct http_trace trace;
    enum fraud_decision decision;
    char *cart_id, *note, *reviewer;
    struct uuid command_id;
    struct facts facts;
    struct fraud_decoded decoded; /* the stream's last event */
    bool found;
    struct error *err; /* of reading */
};

static const struct pg_statement close_statement = {
    "fraud_review_close",
    "DELETE FROM fraud_checkouts WHERE cart_id = $1",
};

static void release(struct service_call *call)
{
    struct review_call *review = CONTAINER_OF(call, struct review_call, call);
    facts_free(&review->facts);
    fraud_decoded_free(&review->decoded);
    free(review->cart_id);
    free(review->note);
    free(review->reviewer);
}

/* ---- the body */

static bool refuse_body(struct http_request *request, const struct json_problem *problem)
{
    struct problem_detail detail = {problem->pointer, problem->code, problem->message};
    problem_answer(request, &problem_invalid_field, problem->message, &detail, 1);
    return false;
}

static int take_fields(const struct json_at *root, struct json_problem *problem,
                       enum fraud_decision *decision, struct slice *note)
{
    static const char *const names[] = {"decision", "note", NULL};
    struct slice word;
    if (json_only(root, names, problem) != 0 ||
        json_text(root, "decision", 0, SIZE_MAX, problem, &word) != 0)
        return -1;
    if (fraud_decision_parse(word, decision) != 0)
        return json_refuse(root, "decision", "format", "must be release or block", problem);
    if (!json_has(root, "note"))
        return 0;
    if (json_text(root, "note", 0, FRAUD_NOTE_MAX, problem, note) != 0)
        return -1;
    if (!utf8_printable(note->data, note->len))
        return json_refuse(root, "note", "format", "must not hold control characters", problem);
    return 0;
}

/* False: answered. *ret_note is the caller's. */
static bool take_body(struct http_request *request, enum fraud_decision *ret_decision,
                      char **ret_note)
{
    struct json_problem problem;
    struct json *json;
    struct slice note = {"", 0};
    if (!http_content_is_json(request)) {
        problem_answer(request, &problem_unsupported_media_type, NULL, NULL, 0);
        return false;
    }
    if (json_parse(http_body(request), &problem, &json) != 0) {
        struct problem_detail detail = {problem.pointer, problem.code, problem.message};
        problem_answer(request, &problem_invalid_json, problem.message, &detail, 1);
        return false;
    }
    struct json_at root = json_root(json);
    bool good =
        take_fields(&root, &problem, ret_decision, &note) == 0 || refuse_body(request, &problem);
    if (good)
        *ret_note = mem_strndup(note.data, note.len);
    json_free(json);
    return good;
}

/* ---- the decision */

static int take_last(void *argument, const struct event_record *record)
{
    struct review_call *review = argument;
    review->found = true;
    return fraud_event_decode(record->payload, &review->decoded, review->err);
}

static int read_last(struct review_call *review, struct pg *pg, int timeout_ms, struct error *err)
{
    struct stream_range range = {
        .stream_id = slice_of(review->cart_id), .limit = 1, .backwards = true};
    review->found = false;
    review->err = err;
    return read_stream(pg, &category_fraud, &range, take_last, review, timeout_ms, err);
}

static int append(struct review_call *review, struct pg *pg, int timeout_ms, struct error *err)
{
    const struct fraud_event *held = &review->decoded.event;
    struct uuid_source ids = {.left = 0};
    struct buf payload = {0};
    int64_t now_us = clock_wall_us();
    struct fraud_event event = {
        .cart_id = slice_of(review->cart_id),
        .version = held->version + 1,
        .event_id = uuid_v7(&ids, now_us),
        .occurred_at_us = now_us > held->occurred_at_us ? now_us : held->occurred_at_us,
        .actor = slice_of(review->reviewer),
        .causation_id = review->command_id,
        .order_id = held->order_id,
        .user_id = held->user_id,
        .type = FRAUD_EVENT_REVIEWED,
        .reviewed = {review->decision, slice_of(review->note)},
    };
    memcpy(event.correlation_id.bytes, review->trace.trace_id, sizeof(event.correlation_id.bytes));
    fraud_event_encode(&event, &payload);
    struct fact fact = {
        .stream_id = event.cart_id,
        .version = event.version,
        .event_id = event.event_id,
        .type = fraud_event_type_name(event.type),
        .payload = buf_slice(&payload),
        .actor = event.actor,
        .correlation_id = event.correlation_id,
        .causation_id = event.causation_id,
        .trace_flags = review->trace.flags,
        .recorded_at_us = event.occurred_at_us,
    };
    facts_clear(&review->facts);
    facts_add(&review->facts, &fact);
    review_json(&event, &review->call.body);
    buf_free(&payload);
    return facts_append(&review->facts, pg, timeout_ms, err);
}

static int close_row(const struct review_call *review, struct pg *pg, int timeout_ms,
                     struct error *err)
{
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_bytes(&params, slice_of(review->cart_id));
    int rc = pg_run(pg, &close_statement, &params, timeout_ms, err, &result);
    pg_params_free(&params);
    if (rc == 0)
        pg_result_free(result);
    return rc;
}

static void begin_answer(struct review_call *review)
{
    struct buf *body = &review->call.body;
    buf_clear(body);
    buf_char(body, '{');
    json_string_member(body, "cartId", slice_of(review->cart_id));
}

/* Decided already: the same again is answered as before, another decision is refused. */
static int repeat(struct review_call *review)
{
    const struct fraud_event *last = &review->decoded.event;
    if (last->reviewed.decision != review->decision)
        return service_call_refuse(&review->call, &problem_already_reviewed, NULL);
    review->call.replayed = true;
    review_json(last, &review->call.body);
    return 0;
}

static int decide(void *argument, struct pg *pg, int timeout_ms, struct error *err)
{
    struct review_call *review = argument;
    begin_answer(review);
    if (read_last(review, pg, timeout_ms, err) != 0)
        return -1;
    if (!review->found)
        return service_call_refuse(&review->call, &problem_verdict_not_found, NULL);
    if (review->decoded.event.type == FRAUD_EVENT_REVIEWED)
        return repeat(review);
    if (review->decoded.event.type != FRAUD_EVENT_HELD)
        return service_call_refuse(&review->call, &problem_not_held, NULL);
    int rc = close_row(review, pg, timeout_ms, err);
    return rc != 0 ? rc : append(review, pg, timeout_ms, err);
}

static int work(struct service_call *call, struct pg *pg, struct error *err)
{
    struct review_call *review = CONTAINER_OF(call, struct review_call, call);
    int rc = FACTS_STALE;
    for (int i = 0; i < TRIES_MAX && rc == FACTS_STALE; i++)
        rc = pg_transaction(pg, decide, review, TIMEOUT_MS, err);
    if (rc == FACTS_STALE)
        return error_set(err, ERROR_RETRIABLE, "others keep deciding about this checkout");
    if (rc != 0)
        return -1;
    facts_offer(&review->facts, effect_relay(review->fraud->effect));
    buf_char(&call->body, '}');
    return 0;
}

/* The local operator has no name. */
static char *reviewer_of(const struct http_request *request)
{
    const struct auth_identity *who = auth_of(request);
    if (who->kind != AUTH_USER)
        return mem_strdup("operator");
    return mem_strndup(who->subject.data, who->subject.len);
}

void route_review(struct http_request *request, void *context)
{
    struct fraud *fraud = fraud_of_state(context);
    struct slice cart_id = http_param(request, "cartId");
    struct uuid_source ids = {.left = 0};
    enum fraud_decision decision;
    char *note;
    if (!take_body(request, &decision, &note))
        return;
    struct review_call *review = service_call_new(sizeof(*review), request, work);
    review->call.release = release;
    review->fraud = fraud;
    review->facts.category = &category_fraud;
    review->trace = *http_trace_of(request);
    review->decision = decision;
    review->note = note;
    review->cart_id = mem_strndup(cart_id.data, cart_id.len);
    review->reviewer = reviewer_of(request);
    review->command_id = uuid_v7(&ids, clock_wall_us());
    service_call_submit(&review->call, fraud->runtime);
}

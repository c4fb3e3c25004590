/* A command on its way: from the parsed request over the committer's lane to the answer.
 * Owner: cart-api. Thread: the worker's, but for deciding, which is the lane's.
 */
#include "cart-api/command_call.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cart-api/answer.h"
#include "cart-api/fields.h"
#include "cart-api/problems.h"
#include "proto/cart_codec.h"

enum { ANSWER_SIZE = 512, WORKERS_MAX = 64 };

struct cart_call {
    struct http_deferred deferred;
    struct command command;
    struct app *app;
    int64_t started_us;
    bool rejected; /* never submitted: the queue was full */
    struct cart_command values;
    struct verdict verdict;
    /* then: a touched line and an item for each item, and the texts */
};

/* ---- the block */

static struct slice keep(char **at, struct slice text)
{
    struct slice kept = {*at, text.len};
    if (text.len > 0)
        memcpy(*at, text.data, text.len);
    *at += text.len;
    return kept;
}

static size_t text_bytes(const struct cart_command *values, const struct command_key *key)
{
    size_t bytes = values->cart_id.len + values->user_id.len + values->currency.len +
                   values->product_id.len + key->key.len;
    for (size_t i = 0; i < values->item_count; i++)
        bytes += values->items[i].product_id.len + values->items[i].product_name.len;
    return bytes;
}

static void keep_values(struct cart_call *call, const struct cart_command *values,
                        struct add_item *items, char **at)
{
    call->values = *values;
    call->values.cart_id = keep(at, values->cart_id);
    call->values.user_id = keep(at, values->user_id);
    call->values.currency = keep(at, values->currency);
    call->values.product_id = keep(at, values->product_id);
    call->values.items = items;
    for (size_t i = 0; i < values->item_count; i++) {
        items[i] = values->items[i];
        items[i].product_id = keep(at, values->items[i].product_id);
        items[i].product_name = keep(at, values->items[i].product_name);
    }
}

static struct cart_call *call_new(struct app *app, const struct cart_command *values,
                                  const struct command_key *key)
{
    size_t lines = values->item_count > 0 ? values->item_count : 1;
    struct cart_call *call =
        mem_alloc(sizeof(*call) + lines * sizeof(struct touched_line) +
                  values->item_count * sizeof(struct add_item) + text_bytes(values, key));
    *call = (struct cart_call){.app = app, .started_us = clock_monotonic_us()};
    struct touched_line *touched = (struct touched_line *)(void *)(call + 1);
    struct add_item *items = (struct add_item *)(void *)(touched + lines);
    char *at = (char *)(items + values->item_count);
    call->verdict.touched = touched;
    keep_values(call, values, items, &at);
    call->command.key = keep(&at, key->key);
    return call;
}

static void call_free(struct cart_call *call)
{
    buf_free(&call->command.body);
    free(call);
}

/* ---- on the lane */

static void append_events(struct cart_call *call, const struct cart *cart,
                          struct decision *decision)
{
    struct command *command = &call->command;
    int32_t version = cart->version;
    for (size_t i = 0; i < call->verdict.event_count; i++) {
        struct cart_event event = {
            .cart_id = call->values.cart_id,
            .version = version + 1 + (int32_t)i,
            .event_id = decision_event_id(decision),
            .occurred_at_us = decision_time_us(decision),
            .actor = command->actor,
            .correlation_id = command->correlation_id,
            .causation_id = command->id,
        };
        cart_decided_event(&call->values, &call->verdict, i, &event);
        buf_clear(&command->body); /* borrowed for the payload: the answer comes last */
        cart_event_encode(&event, &command->body);
        decision_event(decision, &event.event_id, cart_event_type_name(event.type),
                       buf_slice(&command->body));
    }
    buf_clear(&command->body);
}

static void decide(struct command *command, const void *state, struct decision *decision)
{
    struct cart_call *call = CONTAINER_OF(command, struct cart_call, command);
    const struct cart *cart = state;
    cart_decide(cart, &call->values, &call->app->limits, &call->verdict);
    command->refused = call->verdict.refusal != REFUSED_NOT;
    if (command->refused) {
        command->status = problem_of_refusal(call->verdict.refusal)->status;
        command->version = cart->version;
        return;
    }
    append_events(call, cart, decision);
    command->status = call->verdict.opens ? 201 : 200;
    command->version = cart->version;
    answer_render(cart, &call->values, &call->verdict, &command->body, &command->body_position);
}

void command_call_done(void *context, struct command *list)
{
    struct http_deferred *lists[WORKERS_MAX] = {NULL};
    (void)context;
    for (struct queue_node *node = &list->node, *next; node != NULL; node = next) {
        struct command *command = CONTAINER_OF(node, struct command, node);
        struct cart_call *call = CONTAINER_OF(command, struct cart_call, command);
        next = node->next;
        struct http_deferred **first = &lists[http_worker_index(call->deferred.worker)];
        call->deferred.node.next = *first != NULL ? &(*first)->node : NULL;
        *first = &call->deferred;
    }
    for (size_t i = 0; i < WORKERS_MAX; i++)
        http_post(lists[i]);
}

/* ---- the answer, on the worker */

/** Where in the body the refused value is. */
static void refusal_pointer(const struct cart_call *call, char *text, size_t size)
{
    const struct verdict *verdict = &call->verdict;
    bool common = strcmp(verdict->field, "currency") == 0;
    if (call->values.type == CART_ADD_ITEMS && !call->values.single && !common)
        snprintf(text, size, "/items/%zu/%s", verdict->item, verdict->field);
    else
        snprintf(text, size, "/%s", verdict->field);
}

static void answer_refusal(struct http_request *request, const struct cart_call *call)
{
    const struct verdict *verdict = &call->verdict;
    const struct problem *problem = problem_of_refusal(verdict->refusal);
    char pointer[64];
    struct problem_detail detail = {pointer, problem->code, verdict->because};
    if (verdict->field == NULL) {
        problem_answer(request, problem, verdict->because, NULL, 0);
        return;
    }
    refusal_pointer(call, pointer, sizeof(pointer));
    problem_answer(request, problem, verdict->because, &detail, 1);
}

static void answer_body(struct http_request *request, struct command *command)
{
    char etag[ETAG_TEXT_SIZE];
    if (command->body_position != SIZE_MAX)
        answer_place_position(&command->body, command->body_position, command->position);
    http_add_header(request, "etag", field_etag(command->version, etag));
    http_answer(request, command->status, "application/json", buf_slice(&command->body));
}

static void answer_failure(struct http_request *request, enum command_outcome outcome)
{
    static const struct {
        const struct problem *problem;
        const char *detail;
    } failures[] = {
        [COMMAND_KEY_REUSED] = {&problem_idempotency_key_reused,
                                "This Idempotency-Key was used for a request with another method, "
                                "path, If-Match or body."},
        [COMMAND_UNAVAILABLE] = {&problem_store_unavailable, "Nothing was done; try again."},
        [COMMAND_UNKNOWN] = {&problem_outcome_unknown,
                             "The command may or may not have been done; try again with the same "
                             "Idempotency-Key, or read the cart."},
        [COMMAND_CONTENDED] = {&problem_contended, "Nothing was done; try again."},
        [COMMAND_BROKEN] = {&problem_cart_unreadable,
                            "The stored events of this cart cannot be folded; nothing was done."},
    };
    CHECK((size_t)outcome < ARRAY_SIZE(failures) && failures[outcome].problem != NULL);
    problem_answer(request, failures[outcome].problem, failures[outcome].detail, NULL, 0);
}

static void answer(struct http_request *request, struct cart_call *call)
{
    struct command *command = &call->command;
    if (call->rejected) {
        problem_answer(request, &problem_overloaded, "Too many commands wait; try again.", NULL, 0);
        return;
    }
    switch (command->outcome) {
    case COMMAND_ANSWERED:
        if (command->refused)
            answer_refusal(request, call);
        else
            answer_body(request, command);
        return;
    case COMMAND_REPLAYED:
        http_add_header(request, "idempotent-replayed", slice_of("true"));
        answer_body(request, command);
        return;
    case COMMAND_KEY_REUSED:
    case COMMAND_UNAVAILABLE:
    case COMMAND_UNKNOWN:
    case COMMAND_CONTENDED:
    case COMMAND_BROKEN:
        answer_failure(request, command->outcome);
        return;
    }
    NOT_REACHED();
}

static enum command_result result_of(const struct cart_call *call)
{
    if (call->rejected)
        return RESULT_OVERLOADED;
    switch (call->command.outcome) {
    case COMMAND_ANSWERED:
        if (call->command.refused)
            return RESULT_REFUSED;
        return call->verdict.event_count > 0 ? RESULT_APPENDED : RESULT_UNCHANGED;
    case COMMAND_REPLAYED:
        return RESULT_REPLAYED;
    case COMMAND_KEY_REUSED:
        return RESULT_KEY_REUSED;
    case COMMAND_UNAVAILABLE:
        return RESULT_UNAVAILABLE;
    case COMMAND_UNKNOWN:
        return RESULT_UNKNOWN;
    case COMMAND_CONTENDED:
        return RESULT_CONTENDED;
    case COMMAND_BROKEN:
        return RESULT_BROKEN;
    }
    NOT_REACHED();
}

static void complete(struct http_deferred *deferred)
{
    struct cart_call *call = CONTAINER_OF(deferred, struct cart_call, deferred);
    const struct api_counters *counters = &call->app->counters;
    metric_add(counters->commands, result_of(call), 1);
    metric_observe_us(counters->command_duration, 0, clock_monotonic_us() - call->started_us);
    if (deferred->request != NULL)
        answer(deferred->request, call);
    call_free(call);
}

/* ---- the start */

static void prepare_command(struct cart_call *call, struct http_request *request,
                            const struct command_key *key)
{
    struct worker *worker = http_worker_local(http_request_worker(request));
    const struct http_trace *trace = http_trace_of(request);
    struct command *command = &call->command;
    command->stream_id = call->values.cart_id;
    command->principal = slice_of("anonymous"); /* until there is identity */
    if (command->key.len > 0)
        memcpy(command->fingerprint, key->fingerprint, sizeof(command->fingerprint));
    command->id = uuid_v7(&worker->ids, clock_wall_us());
    memcpy(command->correlation_id.bytes, trace->trace_id, sizeof(command->correlation_id.bytes));
    command->trace_flags = trace->flags;
    command->actor = call->values.user_id.len > 0 ? call->values.user_id : slice_of("anonymous");
    command->deadline_us =
        call->started_us + call->app->settings->command_timeout_ms * (int64_t)1000;
    command->decide = decide;
    command->body_position = SIZE_MAX;
    buf_reserve(&command->body, ANSWER_SIZE); /* here, so that it is freed where it was made */
}

void command_call_start(struct app *app, struct http_request *request,
                        const struct cart_command *values, const struct command_key *key)
{
    struct committer *committer = atomic_load_explicit(&app->committer, memory_order_acquire);
    if (committer == NULL) {
        metric_add(app->counters.commands, RESULT_UNAVAILABLE, 1);
        answer_failure(request, COMMAND_UNAVAILABLE);
        return;
    }
    struct cart_call *call = call_new(app, values, key);
    prepare_command(call, request, key);
    http_defer(request, &call->deferred, complete);
    if (committer_submit(committer, &call->command))
        return; /* from here on the lane has it */
    call->rejected = true;
    http_post(&call->deferred);
}

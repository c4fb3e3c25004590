/* A command on its way: from the parsed request over the committer's lane to the answer.
 * Owner: cart-api. Thread: the worker's, but for deciding, which is the lane's.
 */
#include "cart-api/command_call.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cart-api/answer.h"
#include "cart-api/command_internal.h"
#include "cart-api/idle_command.h"
#include "cart-api/problems.h"
#include "proto/cart_codec.h"

enum { ANSWER_SIZE = 512, WORKERS_MAX = 64 };

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
    size_t bytes = values->cart_id.len + values->user_id.len + values->principal.len +
                   values->actor.len + values->guest_token.len + values->guest_token_hash.len +
                   values->currency.len + values->product_id.len + values->from_cart_id.len +
                   values->from_guest_hash.len + values->device_id.len + values->payment_token.len +
                   values->contact.email.len + values->contact.phone.len +
                   values->contact.locale.len + key->key.len;
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
    call->values.principal = keep(at, values->principal);
    call->values.actor = keep(at, values->actor);
    call->values.guest_token = keep(at, values->guest_token);
    call->values.guest_token_hash = keep(at, values->guest_token_hash);
    call->values.currency = keep(at, values->currency);
    call->values.product_id = keep(at, values->product_id);
    call->values.from_cart_id = keep(at, values->from_cart_id);
    call->values.from_guest_hash = keep(at, values->from_guest_hash);
    call->values.device_id = keep(at, values->device_id);
    call->values.payment_token = keep(at, values->payment_token);
    call->values.contact.email = keep(at, values->contact.email);
    call->values.contact.phone = keep(at, values->contact.phone);
    call->values.contact.locale = keep(at, values->contact.locale);
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

/** The verdict's events, each on the stream that it belongs to: of a merge, the second is the other
 * stream's. */
static void append_events(struct cart_call *call, const struct cart *cart, const struct cart *from,
                          struct decision *decision)
{
    struct command *command = &call->command;
    for (size_t i = 0; i < call->verdict.event_count; i++) {
        bool other = from != NULL && i == 1;
        struct cart_event event = {
            .cart_id = other ? call->values.from_cart_id : call->values.cart_id,
            .version = (other ? from : cart)->version + 1,
            .event_id = decision_event_id(decision),
            .occurred_at_us = decision_time_us(decision),
            .actor = command->actor,
            .client_ip = slice_of(call->client_ip),
            .device_id = call->values.device_id,
            .correlation_id = command->correlation_id,
            .causation_id = command->id,
        };
        cart_decided_event(cart, &call->values, &call->verdict, i, &event);
        buf_clear(&command->body); /* borrowed for the payload: the answer comes last */
        cart_event_encode(&event, &command->body);
        (other ? decision_event_other : decision_event)(
            decision, &event.event_id, cart_event_type_name(event.type), buf_slice(&command->body));
    }
    buf_clear(&command->body);
}

static void render_answer(struct cart_call *call, const struct cart *cart)
{
    struct command *command = &call->command;
    const struct cart_command *values = &call->values;
    size_t *position = &command->body_position;
    command->status = call->verdict.opens ? 201 : 200;
    if (values->type == CART_CHECK_OUT) {
        command->status = 202;
        answer_render_order(values->cart_id, cart, &command->body, position);
    } else if (values->type == CART_MERGE) {
        command->status = 200;
        answer_render_merged(cart, values, &call->verdict, &command->body, position);
    } else if (values->type == CART_OPEN_EMPTY) {
        answer_render_opened(cart, values, &command->body, position);
    } else {
        answer_render(cart, values, &call->verdict, &command->body, position);
    }
}

static void decide(struct command *command, const void *state, struct decision *decision)
{
    struct cart_call *call = CONTAINER_OF(command, struct cart_call, command);
    const struct cart *cart = state;
    const struct cart *from = command->other_id.len > 0 ? decision_other(decision) : NULL;
    cart_decide(cart, from, &call->values, &call->app->limits, &call->verdict);
    command->refused = call->verdict.refusal != REFUSED_NOT;
    if (command->refused) {
        command->status = problem_of_refusal(call->verdict.refusal)->status;
        command->version = cart->version;
    } else {
        append_events(call, cart, from, decision);
        command->version = cart->version;
        render_answer(call, cart);
    }
    verdict_free(&call->verdict); /* here, where it was made */
}

void command_call_done(void *context, struct command *list)
{
    struct http_deferred *lists[WORKERS_MAX] = {NULL};
    (void)context;
    for (struct queue_node *node = &list->node, *next; node != NULL; node = next) {
        struct command *command = CONTAINER_OF(node, struct command, node);
        struct cart_call *call = CONTAINER_OF(command, struct cart_call, command);
        next = node->next;
        if (idle_command_is(command)) {
            idle_command_done(command);
            continue;
        }
        struct http_deferred **first = &lists[http_worker_index(call->deferred.worker)];
        call->deferred.node.next = *first != NULL ? &(*first)->node : NULL;
        *first = &call->deferred;
    }
    for (size_t i = 0; i < WORKERS_MAX; i++)
        http_post(lists[i]);
}

/* ---- the end, on the worker */

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
        command_answer(deferred->request, call);
    call_free(call);
}

/* ---- the start */

/** The order is named after its command: no other has this id. */
static void set_order_id(struct cart_call *call)
{
    const uint8_t *bytes = call->command.id.bytes;
    char *at = call->order_id + snprintf(call->order_id, sizeof(call->order_id), "ord_");
    for (size_t i = 0; i < sizeof(call->command.id.bytes); i++)
        at += snprintf(at, 3, "%02x", bytes[i]);
    call->values.order_id = slice_of(call->order_id);
}

static void prepare_command(struct cart_call *call, struct http_request *request,
                            const struct command_key *key)
{
    struct worker *worker = http_worker_local(http_request_worker(request));
    const struct http_trace *trace = http_trace_of(request);
    struct command *command = &call->command;
    struct ip address;
    command->stream_id = call->values.cart_id;
    command->other_id = call->values.from_cart_id;
    command->principal =
        call->values.principal.len > 0 ? call->values.principal : slice_of("anonymous");
    if (command->key.len > 0)
        memcpy(command->fingerprint, key->fingerprint, sizeof(command->fingerprint));
    command->id = uuid_v7(&worker->ids, clock_wall_us());
    if (call->values.type == CART_CHECK_OUT)
        set_order_id(call);
    if (http_client_address(request, &address))
        ip_format(&address, call->client_ip);
    memcpy(command->correlation_id.bytes, trace->trace_id, sizeof(command->correlation_id.bytes));
    command->trace_flags = trace->flags;
    command->actor = call->values.actor;
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
        command_answer_failure(request, COMMAND_UNAVAILABLE);
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

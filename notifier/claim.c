/* A claimed message: the row, what its events tell, and the statements around it.
 * Owner: notifier. Thread: a runner's.
 */
#include "notifier/claim.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "proto/fraud_event.h"

/* due_at is when the message is looked at next; while it is worked on that is the lease's end. */
const struct pg_statement claim_statement = {
    "notifications_claim",
    "WITH due AS (SELECT id, state FROM notifications "
    "WHERE state IN ('waiting', 'sending', 'maybe_sent') AND due_at <= clock_timestamp() "
    "ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED), "
    "claimed AS (UPDATE notifications n SET attempt = attempt + 1, "
    "due_at = clock_timestamp() + $1::integer * interval '1 ms' FROM due WHERE n.id = due.id "
    "RETURNING n.*, due.state AS was) "
    "SELECT c.id, c.attempt, c.tries, c.kind, c.channel, c.subject_id, c.user_id, c.cart_id, "
    "c.was <> 'waiting', c.occurred_at, c.recorded_at, "
    "(extract(epoch FROM clock_timestamp() - c.recorded_at) * 1000000)::bigint, "
    "c.marketing AND EXISTS (SELECT FROM notifier_orders b WHERE b.cart_id = c.cart_id), "
    "c.category, c.event, o.event, "
    "CASE c.channel WHEN 'sms' THEN p.marketing_sms ELSE p.marketing_email END, "
    "coalesce(p.locale, ''), coalesce(p.time_zone, '') "
    "FROM claimed c LEFT JOIN notifier_orders o ON o.order_id = c.order_id "
    "LEFT JOIN notifier_preferences p ON p.user_id = c.user_id",
};

static const struct pg_statement local_statement = {
    "notifications_local_times",
    "SELECT (extract(epoch FROM $1::timestamptz AT TIME ZONE $2) * 1000000)::bigint, "
    "(extract(epoch FROM clock_timestamp() AT TIME ZONE $2) * 1000000)::bigint",
};

static const struct pg_statement begin_statement = {
    "notifications_begin",
    "UPDATE notifications SET state = 'sending', changed_at = clock_timestamp() "
    "WHERE id = $1 AND attempt = $2 AND state IN ('waiting', 'sending', 'maybe_sent') "
    "RETURNING 1",
};

static const struct pg_statement user_statement = {
    "notifier_preferences_touch",
    "INSERT INTO notifier_preferences (user_id) VALUES ($1) ON CONFLICT (user_id) "
    "DO UPDATE SET user_id = excluded.user_id RETURNING token",
};

static const struct pg_statement count_statement = {
    "notifications_of_day",
    "SELECT count(*) FROM notifications WHERE user_id = $1 AND id <> $2 AND marketing "
    "AND (state IN ('sending', 'maybe_sent', 'sent') OR maybe_sent) "
    "AND changed_at > clock_timestamp() - interval '1 day'",
};

static const struct pg_statement finish_statement = {
    "notifications_finish",
    "UPDATE notifications SET state = $3, reason = $4, maybe_sent = maybe_sent OR $5::integer <> "
    "0, "
    "tries = tries + $6::integer, due_at = clock_timestamp() + $7::bigint * interval '1 us', "
    "changed_at = clock_timestamp() WHERE id = $1 AND attempt = $2",
};

void claim_memory_free(struct claim_memory *memory)
{
    cart_decoded_free(&memory->cart);
    payment_decoded_free(&memory->payment);
    free(memory->lines);
    *memory = (struct claim_memory){0};
}

/* ---- reading */

static void take_lines(const struct cart_checked_out *order, struct claim_memory *memory,
                       struct notice *notice)
{
    if (order->line_count > memory->line_capacity) {
        memory->line_capacity = order->line_count;
        memory->lines =
            mem_realloc(memory->lines, memory->line_capacity * sizeof(memory->lines[0]));
    }
    for (size_t i = 0; i < order->line_count; i++)
        memory->lines[i] = (struct notice_line){
            .name = order->lines[i].product_name,
            .quantity = order->lines[i].quantity,
            .price_minor = order->lines[i].price_minor,
            .total_minor = order->lines[i].line_total_minor,
        };
    notice->lines = memory->lines;
    notice->line_count = order->line_count;
}

/* The order: for itself, and for what is told about its payment and its review. */
static int take_order(struct slice bytes, struct claim_memory *memory, struct error *err,
                      struct claim *claim)
{
    if (cart_event_decode(bytes, &memory->cart, err) != 0)
        return error_prefix(err, "the recorded order");
    const struct cart_event *event = &memory->cart.event;
    if (event->type != CART_EVENT_CHECKED_OUT)
        return error_set(err, ERROR_PERMANENT, "the recorded order is none");
    const struct cart_checked_out *order = &event->checked_out;
    claim->contact_known = true;
    claim->contact = order->contact;
    claim->notice.order_id = order->order_id;
    claim->notice.amount_minor = order->total_minor;
    claim->notice.currency = order->currency;
    claim->notice.item_count = order->total_quantity;
    take_lines(order, memory, &claim->notice);
    return 0;
}

static int take_abandoned(struct slice bytes, struct claim_memory *memory, struct error *err,
                          struct claim *claim)
{
    if (cart_event_decode(bytes, &memory->cart, err) != 0)
        return error_prefix(err, "the recorded cart");
    const struct cart_abandoned *cart = &memory->cart.event.abandoned;
    if (memory->cart.event.type != CART_EVENT_ABANDONED)
        return error_set(err, ERROR_PERMANENT, "the recorded cart was not left alone");
    claim->contact_known = true;
    claim->contact = cart->contact;
    claim->notice.amount_minor = cart->total_minor;
    claim->notice.currency = cart->currency;
    claim->notice.item_count = cart->total_quantity;
    return 0;
}

/* A failed payment tells no amount: it is the order's. */
static int take_payment(struct slice bytes, struct claim_memory *memory, struct error *err,
                        struct claim *claim)
{
    if (payment_event_decode(bytes, &memory->payment, err) != 0)
        return error_prefix(err, "the recorded payment");
    const struct payment_event *event = &memory->payment.event;
    if (event->type == PAYMENT_EVENT_CAPTURED || event->type == PAYMENT_EVENT_REFUNDED) {
        claim->notice.amount_minor = event->money.amount_minor;
        claim->notice.currency = event->money.currency;
    }
    return 0;
}

static int take_events(const struct pg_result *row, struct claim_memory *memory, struct error *err,
                       struct claim *claim)
{
    struct slice category = pg_get_bytes(row, 0, 13), event = pg_get_bytes(row, 0, 14);
    if (claim->kind == KIND_CART_ABANDONED)
        return take_abandoned(event, memory, err, claim);
    if (claim->kind == KIND_ORDER_CONFIRMATION)
        return take_order(event, memory, err, claim);
    if (pg_is_null(row, 0, 15)) /* the order has not come by yet */
        return 0;
    if (take_order(pg_get_bytes(row, 0, 15), memory, err, claim) != 0)
        return -1;
    return slice_equal(category, slice_of("payment")) ? take_payment(event, memory, err, claim) : 0;
}

int claim_read(const struct pg_result *row, struct claim_memory *memory, struct error *err,
               struct claim *ret_claim)
{
    *ret_claim = (struct claim){
        .id = pg_get_int64(row, 0, 0),
        .attempt = pg_get_int32(row, 0, 1),
        .tries = pg_get_int32(row, 0, 2),
        .kind_name = pg_get_bytes(row, 0, 3),
        .subject_id = pg_get_bytes(row, 0, 5),
        .user_id = pg_get_bytes(row, 0, 6),
        .cart_id = pg_get_bytes(row, 0, 7),
        .unsure = pg_get_bool(row, 0, 8),
        .occurred_at_us = pg_get_time(row, 0, 9),
        .recorded_at_us = pg_get_time(row, 0, 10),
        .age_us = pg_get_int64(row, 0, 11),
        .bought = pg_get_bool(row, 0, 12),
        .said = !pg_is_null(row, 0, 16),
        .wished_locale = pg_get_bytes(row, 0, 17),
        .wished_zone = pg_get_bytes(row, 0, 18),
    };
    ret_claim->wanted = ret_claim->said && pg_get_bool(row, 0, 16);
    if (!kind_by_name(ret_claim->kind_name, &ret_claim->kind) ||
        !channel_by_name(pg_get_bytes(row, 0, 4), &ret_claim->channel))
        return error_set(err, ERROR_PERMANENT, "a kind of message that this release does not know");
    ret_claim->notice.kind = ret_claim->kind;
    return take_events(row, memory, err, ret_claim);
}

int claim_local_times(struct work_runner *runner, int64_t occurred_at_us, struct slice zone,
                      struct error *err, int64_t *ret_occurred_us, int64_t *ret_now_us)
{
    struct pg_result *result;
    pg_params_clear(&runner->params);
    pg_param_time(&runner->params, occurred_at_us);
    pg_param_bytes(&runner->params, zone);
    if (pg_run(runner->pg, &local_statement, &runner->params, CLAIM_TIMEOUT_MS, err, &result) !=
        0) {
        if (err->kind != ERROR_PERMANENT)
            return -1;
        *ret_occurred_us = occurred_at_us;
        *ret_now_us = clock_wall_us();
        return 0;
    }
    *ret_occurred_us = pg_get_int64(result, 0, 0);
    *ret_now_us = pg_get_int64(result, 0, 1);
    pg_result_free(result);
    return 0;
}

/* ---- writing */

static int begin(struct pg *pg, struct pg_params *params, const struct claim *claim, int timeout_ms,
                 struct error *err)
{
    struct pg_result *result;
    pg_params_clear(params);
    pg_param_int64(params, claim->id);
    pg_param_int32(params, claim->attempt);
    if (pg_run(pg, &begin_statement, params, timeout_ms, err, &result) != 0)
        return -1;
    int rows = pg_rows(result);
    pg_result_free(result);
    return rows;
}

int claim_begin(struct work_runner *runner, const struct claim *claim, struct error *err)
{
    return begin(runner->pg, &runner->params, claim, CLAIM_TIMEOUT_MS, err);
}

struct marketing {
    struct work_runner *runner;
    const struct claim *claim;
    int64_t per_day;
    int begun;
    bool capped;
    char *token;
};

/* The user's row is locked first: from here on others of the same user wait. */
static int lock_user(struct marketing *of, struct pg *pg, int timeout_ms, struct error *err)
{
    struct pg_result *result;
    pg_params_clear(&of->runner->params);
    pg_param_bytes(&of->runner->params, of->claim->user_id);
    if (pg_run(pg, &user_statement, &of->runner->params, timeout_ms, err, &result) != 0)
        return -1;
    struct slice token = pg_get_bytes(result, 0, 0);
    CHECK(token.len < TOKEN_SIZE);
    snprintf(of->token, TOKEN_SIZE, "%.*s", (int)token.len, token.data);
    pg_result_free(result);
    return 0;
}

static int begin_marketing(void *argument, struct pg *pg, int timeout_ms, struct error *err)
{
    struct marketing *of = argument;
    struct pg_result *result;
    if (lock_user(of, pg, timeout_ms, err) != 0)
        return -1;
    pg_params_clear(&of->runner->params);
    pg_param_bytes(&of->runner->params, of->claim->user_id);
    pg_param_int64(&of->runner->params, of->claim->id);
    if (pg_run(pg, &count_statement, &of->runner->params, timeout_ms, err, &result) != 0)
        return -1;
    of->capped = pg_get_int64(result, 0, 0) >= of->per_day;
    pg_result_free(result);
    if (of->capped)
        return 0;
    of->begun = begin(pg, &of->runner->params, of->claim, timeout_ms, err);
    return of->begun < 0 ? -1 : 0;
}

int claim_begin_marketing(struct work_runner *runner, const struct claim *claim, int64_t per_day,
                          struct error *err, bool *ret_capped, char token[TOKEN_SIZE])
{
    struct marketing of = {.runner = runner, .claim = claim, .per_day = per_day, .token = token};
    if (pg_transaction(runner->pg, begin_marketing, &of, CLAIM_TIMEOUT_MS, err) != 0)
        return -1;
    *ret_capped = of.capped;
    return of.begun;
}

int claim_finish(struct work_runner *runner, const struct claim *claim, const struct claim_end *end,
                 struct error *err)
{
    struct pg_result *result;
    struct pg_params *params = &runner->params;
    pg_params_clear(params);
    pg_param_int64(params, claim->id);
    pg_param_int32(params, claim->attempt);
    pg_param_bytes(params, slice_of(end->state));
    pg_param_bytes(params, slice_of(end->reason));
    pg_param_int32(params, end->maybe_sent);
    pg_param_int32(params, end->counts);
    pg_param_int64(params, end->wait_us);
    if (pg_run(runner->pg, &finish_statement, params, CLAIM_TIMEOUT_MS, err, &result) != 0)
        return -1;
    pg_result_free(result);
    return 0;
}

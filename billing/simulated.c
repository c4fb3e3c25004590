/* A provider that nobody pays: what a token does is declared here. Like a real one it keeps a
 * ledger under idempotency keys and knows nothing of billing's tables; it commits on its own.
 * Owner: billing. Thread: a runner's.
 */
#include <stdio.h>
#include <string.h>

#include "billing/provider.h"

enum { STATEMENT_TIMEOUT_MS = 5000, REFERENCE_SIZE = 128 };

enum behaviour { SUCCEEDS, DECLINES, TIMES_OUT, CAPTURES_LATE, CHARGES_MORE };

/* Any other token succeeds. */
static const struct {
    const char *token;
    enum behaviour behaviour;
} tokens[] = {
    {"tok_success", SUCCEEDS},      {"tok_decline", DECLINES},
    {"tok_timeout", TIMES_OUT},  /* charged, but the first answer does not arrive */
    {"tok_late", CAPTURES_LATE}, /* reserved; captured two seconds later */
    {"tok_mismatch", CHARGES_MORE},
};

static enum behaviour behaviour_of(struct slice token)
{
    for (size_t i = 0; i < ARRAY_SIZE(tokens); i++) {
        if (slice_equal(token, slice_of(tokens[i].token)))
            return tokens[i].behaviour;
    }
    return SUCCEEDS;
}

#define LEDGER_ROW                                                                                 \
    "reference, amount_minor, currency, captured_at <= clock_timestamp() AS captured, "

static const struct pg_statement move_statement = {
    "simulated_move",
    "WITH made AS (INSERT INTO simulated_ledger (idempotency_key, kind, reference, order_id, "
    "amount_minor, currency, captured_at) VALUES ($1, $2, $3, $4, $5, $6, "
    "clock_timestamp() + $7::integer * interval '1 ms') ON CONFLICT DO NOTHING RETURNING *) "
    "SELECT " LEDGER_ROW "true AS new FROM made UNION ALL "
    "SELECT " LEDGER_ROW "false FROM simulated_ledger WHERE idempotency_key = $1"};

static const struct pg_statement look_statement = {
    "simulated_look",
    "SELECT " LEDGER_ROW "EXISTS (SELECT FROM simulated_ledger r WHERE r.kind = 'refund' "
    "AND r.reference = l.reference) FROM simulated_ledger l WHERE idempotency_key = $1"};

static void take_row(const struct pg_result *row, struct provider_answer *answer)
{
    provider_text(answer->reference, sizeof(answer->reference), pg_get_bytes(row, 0, 0));
    answer->amount_minor = pg_get_int64(row, 0, 1);
    provider_text(answer->currency, sizeof(answer->currency), pg_get_bytes(row, 0, 2));
    answer->word = pg_get_bool(row, 0, 3) ? CHARGE_IS_CAPTURED : CHARGE_IS_AUTHORISED;
}

/* Money moves, once per key. *ret_new: by this call. */
static int move(struct pg *pg, struct slice key, const char *kind,
                const struct provider_order *order, struct slice reference, int late_ms,
                struct provider_answer *answer, bool *ret_new)
{
    struct pg_params params = {0};
    struct pg_result *row;
    struct error err;
    pg_param_bytes(&params, key);
    pg_param_bytes(&params, slice_of(kind));
    pg_param_bytes(&params, reference);
    pg_param_bytes(&params, order->order_id);
    pg_param_int64(&params, order->amount_minor);
    pg_param_bytes(&params, order->currency);
    pg_param_int32(&params, late_ms);
    int rc = pg_run(pg, &move_statement, &params, STATEMENT_TIMEOUT_MS, &err, &row);
    pg_params_free(&params);
    if (rc != 0) {
        provider_say(answer, err.kind == ERROR_UNKNOWN ? CHARGE_NO_ANSWER : CHARGE_NOT_SENT,
                     "unreachable", err.message);
        answer->trouble = true;
        return -1;
    }
    take_row(row, answer);
    *ret_new = pg_get_bool(row, 0, 4);
    pg_result_free(row);
    return 0;
}

static void charge(const struct billing_settings *settings, struct pg *pg,
                   const struct provider_order *order, struct provider_answer *answer)
{
    enum { LATE_MS = 2000 };
    enum behaviour behaviour = behaviour_of(order->token);
    struct provider_order what = *order;
    char reference[REFERENCE_SIZE];
    bool new;
    (void)settings;
    if (behaviour == DECLINES) {
        provider_say(answer, CHARGE_IS_DECLINED, "card_declined", "The card was declined.");
        return;
    }
    snprintf(reference, sizeof(reference), "sim_%.*s", (int)order->order_id.len,
             order->order_id.data);
    what.amount_minor += behaviour == CHARGES_MORE;
    if (move(pg, order->payment_id, "charge", &what, slice_of(reference),
             behaviour == CAPTURES_LATE ? LATE_MS : 0, answer, &new) != 0)
        return;
    if (behaviour == TIMES_OUT && new) {
        *answer = (struct provider_answer){0};
        provider_say(answer, CHARGE_NO_ANSWER, "timeout", "The simulated provider did not answer.");
    }
}

static void ask(const struct billing_settings *settings, struct pg *pg,
                const struct provider_order *order, struct provider_answer *answer)
{
    struct pg_params params = {0};
    struct pg_result *row;
    struct error err;
    (void)settings;
    pg_param_bytes(&params, order->payment_id);
    int rc = pg_run(pg, &look_statement, &params, STATEMENT_TIMEOUT_MS, &err, &row);
    pg_params_free(&params);
    if (rc != 0) {
        provider_say(answer, CHARGE_NOT_SENT, "unreachable", err.message);
        answer->trouble = true;
        return;
    }
    if (pg_rows(row) == 0) {
        provider_say(answer, CHARGE_IS_NOT_THERE, "not_charged", "There is no such charge.");
    } else {
        take_row(row, answer);
        if (pg_get_bool(row, 0, 4))
            answer->word = CHARGE_IS_REFUNDED;
    }
    pg_result_free(row);
}

static void refund(const struct billing_settings *settings, struct pg *pg,
                   const struct provider_order *order, struct provider_answer *answer)
{
    struct buf key = {0};
    bool new;
    (void)settings;
    buf_printf(&key, "%.*s-refund", (int)order->payment_id.len, order->payment_id.data);
    if (move(pg, buf_slice(&key), "refund", order, order->reference, 0, answer, &new) == 0)
        answer->word = CHARGE_IS_REFUNDED;
    buf_free(&key);
}

const struct provider provider_simulated = {
    .name = "simulated",
    .charge = charge,
    .ask = ask,
    .refund = refund,
};

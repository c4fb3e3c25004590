/* Due payments: the provider is called, its answer judged by the rules, the outcome written with
 * its event. A call is written down before it is made; one whose outcome was not written is asked
 * about. Owner: billing. Thread: the runners'.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "billing/billing.h"
#include "billing/refund.h"
#include "billing/verdict.h"

enum {
    STATEMENT_TIMEOUT_MS = 5000,
    LEASE_MARGIN_MS = 2000, /* beyond the longest call */
};

static const struct pg_statement claim_statement = {
    "payment_claim",
    "UPDATE payments SET due_at = clock_timestamp() + $1::integer * interval '1 ms', "
    "leased = true, poked = false, attempt = attempt + 1 "
    "WHERE payment_id = (SELECT payment_id FROM payments WHERE due_at <= clock_timestamp() "
    "ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING " PAYMENT_COLUMNS};

static const struct pg_statement sent_statement = {
    "payment_sent", "UPDATE payments SET sent_at = clock_timestamp() "
                    "WHERE payment_id = $1 AND attempt = $2 RETURNING sent_at"};

static const struct pg_statement postpone_statement = {
    "payment_postpone",
    "UPDATE payments SET due_at = clock_timestamp() + $3::integer * interval '1 ms', "
    "leased = false, attempt = attempt + 1 WHERE payment_id = $1 AND attempt = $2"};

/* A charge under way, from the claim to what is written of it. */
struct charging {
    struct billing *billing;
    struct work_runner *runner;
    struct payment claimed;
    bool late; /* the deadline is over */
    enum charge_input input;
    struct provider_answer answer;
    const struct charge_rule *rule; /* what the outcome was, for the alarm */
};

static struct pg_params *fence(struct charging *charging)
{
    struct pg_params *params = &charging->runner->params;
    pg_params_clear(params);
    pg_param_bytes(params, charging->claimed.payment_id);
    pg_param_int32(params, charging->claimed.attempt);
    return params;
}

/* 1: nobody has taken the payment over, and it is written down that the charge is sent now. */
static int write_down(struct charging *charging, struct error *err)
{
    struct pg_result *result;
    if (pg_run(charging->runner->pg, &sent_statement, fence(charging), STATEMENT_TIMEOUT_MS, err,
               &result) != 0)
        return -1;
    int ours = pg_rows(result);
    if (ours == 1)
        charging->claimed.sent_at_us = pg_get_time(result, 0, 0);
    pg_result_free(result);
    return ours;
}

static int postpone(struct charging *charging, int delay_ms, struct error *err)
{
    struct pg_params *params = fence(charging);
    struct pg_result *result;
    pg_param_int32(params, delay_ms);
    if (pg_run(charging->runner->pg, &postpone_statement, params, STATEMENT_TIMEOUT_MS, err,
               &result) != 0)
        return -1;
    pg_result_free(result);
    return 0;
}

/* ---- the provider */

static struct provider_order order_of(const struct payment *payment)
{
    return (struct provider_order){
        .payment_id = payment->payment_id,
        .order_id = payment->order_id,
        .cart_id = payment->cart_id,
        .token = payment->token,
        .reference = payment->reference,
        .amount_minor = payment->amount_minor,
        .currency = payment->currency,
    };
}

/* Nothing to pay needs no provider. */
static void pay_nothing(const struct payment *payment, struct provider_answer *answer)
{
    answer->word = CHARGE_IS_CAPTURED;
    answer->amount_minor = 0;
    provider_text(answer->currency, sizeof(answer->currency), payment->currency);
}

/* The provider's word, as the rules take it. */
static enum charge_input judge(const struct charging *charging)
{
    const struct payment *payment = &charging->claimed;
    const struct provider_answer *answer = &charging->answer;
    int64_t settled_us =
        payment->sent_at_us + charging->billing->settings->charge_settle_ms * INT64_C(1000);
    if ((answer->word == CHARGE_IS_AUTHORISED || answer->word == CHARGE_IS_CAPTURED) &&
        !charge_agrees(payment->amount_minor, payment->currency, answer->amount_minor,
                       slice_of(answer->currency)))
        return CHARGE_IS_OTHERWISE;
    if (answer->word != CHARGE_IS_NOT_THERE || !charging->late)
        return answer->word;
    /* A charge that was sent a moment ago may still be on its way. */
    return clock_wall_us() >= settled_us ? CHARGE_IS_NOT_THERE_LATE : CHARGE_NO_ANSWER;
}

static void call_provider(struct charging *charging, bool moves_money)
{
    struct billing *billing = charging->billing;
    const struct provider *provider = billing->provider;
    struct payment *payment = &charging->claimed;
    struct provider_order order = order_of(payment);
    struct pg *pg = charging->runner->pg;
    if (payment->amount_minor == 0)
        pay_nothing(payment, &charging->answer);
    else if (!moves_money)
        provider->ask(billing->settings, pg, &order, &charging->answer);
    else if (payment->state == CHARGE_REFUNDING)
        provider->refund(billing->settings, pg, &order, &charging->answer);
    else
        provider->charge(billing->settings, pg, &order, &charging->answer);
    pthread_mutex_lock(&billing->breaker_lock);
    breaker_tell(&billing->breaker, !charging->answer.trouble, clock_monotonic_us());
    metric_set(billing->metrics.breaker_open, 0, billing->breaker.opened_until_us != 0);
    pthread_mutex_unlock(&billing->breaker_lock);
    metric_add(billing->metrics.answers, charging->answer.word, 1);
    charging->input = judge(charging);
}

/* ---- the outcome */

/* The time for the verdict is over: fraud may have spoken all the same, and the consumer not have
 * come so far. The store knows. */
static int look_for_verdict(struct charging *charging, struct pg *pg, struct payment *payment,
                            struct payment_news *news, int timeout_ms, struct error *err)
{
    struct slice word;
    int found = verdict_in_store(pg, payment->cart_id, timeout_ms, err, &word);
    if (found < 0)
        return -1;
    if (found == 1) {
        charging->input = verdict_input(word);
        payment->verdict = word;
        *news = verdict_news(NULL);
    } else if (charging->input == CHARGE_NO_VERDICT_CHARGE) {
        payment->verdict = slice_of("none_in_time");
    }
    return 0;
}

/* The row as it is now: a verdict, a webhook or an admin may have changed it meanwhile. */
static int settle_payment(struct charging *charging, struct pg *pg, struct payment *payment,
                          int timeout_ms, struct error *err)
{
    struct billing *billing = charging->billing;
    struct work_runner *runner = charging->runner;
    struct payment_news news = {.answer = &charging->answer};
    struct buf by = {0}, reason = {0};
    uint32_t random;
    uuid_random(&runner->random, &random, sizeof(random));
    if ((charging->input == CHARGE_NO_VERDICT_HOLD ||
         charging->input == CHARGE_NO_VERDICT_CHARGE) &&
        look_for_verdict(charging, pg, payment, &news, timeout_ms, err) != 0)
        return -1;
    if (charging->input == CHARGE_IS_NOT_THERE_LATE)
        news.code = slice_of("deadline_exceeded");
    if (charging->input == CHARGE_IS_REFUNDED &&
        refund_words(pg, payment->payment_id, timeout_ms, err, &by, &reason) != 0)
        return -1;
    news.actor = buf_slice(&by);
    news.reason = buf_slice(&reason);
    charging->rule =
        payment_apply(payment, charging->input, &news, &runner->facts, &runner->random);
    buf_free(&by);
    buf_free(&reason);
    enum charge_action action = charging->rule != NULL ? charging->rule->action : CHARGE_DO_NOTHING;
    /* A webhook about a payment that has ended is followed until the provider has answered. */
    if (charging->rule == NULL &&
        (charging->input == CHARGE_NO_ANSWER || charging->input == CHARGE_NOT_SENT)) {
        action = CHARGE_DO_ASK;
        payment->tries++;
    }
    payment->due_at_us = billing_due_us(billing->settings, payment, action, random);
    return payment_save(pg, payment, timeout_ms, err);
}

static int settle(void *argument, struct pg *pg, int timeout_ms, struct error *err)
{
    struct charging *charging = argument;
    struct pg_result *row;
    struct payment payment;
    facts_clear(&charging->runner->facts);
    int found = payment_read(pg, PAYMENT_BY_ID_LOCKED, charging->claimed.payment_id, timeout_ms,
                             err, &row, &payment);
    if (found <= 0)
        return found;
    int rc = 0;
    if (payment.attempt == charging->claimed.attempt)
        rc = settle_payment(charging, pg, &payment, timeout_ms, err);
    pg_result_free(row);
    if (rc == 0)
        rc = facts_append(&charging->runner->facts, pg, timeout_ms, err);
    return rc;
}

static enum work_outcome write_outcome(struct charging *charging, struct error *err)
{
    struct billing *billing = charging->billing;
    struct work_runner *runner = charging->runner;
    if (!pg_usable(runner->pg)) {
        error_set(err, ERROR_RETRIABLE, "the store was lost during the provider's call");
        return WORK_FAILED;
    }
    int rc = pg_transaction(runner->pg, settle, charging, STATEMENT_TIMEOUT_MS, err);
    if (rc == FACTS_STALE)
        error_set(err, ERROR_PERMANENT,
                  "payment %.*s: its row and its events contradict each other",
                  (int)charging->claimed.payment_id.len, charging->claimed.payment_id.data);
    if (rc != 0)
        return WORK_FAILED;
    facts_offer(&runner->facts, effect_relay(billing->effect));
    if (charging->rule != NULL)
        charging->claimed.state = charging->rule->next;
    if (charging->rule != NULL && charging->rule->alarm)
        billing_alarm(billing, &charging->claimed, charging->rule->because);
    else if (charging->rule != NULL && charging->late && charging->rule->next == CHARGE_ASKING)
        billing_alarm(billing, &charging->claimed,
                      "the deadline is over and the provider has not said whether it has charged");
    return WORK_DONE;
}

/* ---- what to do about a state */

static bool is_late(const struct billing *billing, const struct payment *payment)
{
    return payment->charging_at_us != 0 &&
           clock_wall_us() >
               payment->charging_at_us + billing->settings->charge_deadline_ms * INT64_C(1000);
}

static enum work_outcome call_and_settle(struct charging *charging, bool moves_money,
                                         struct error *err)
{
    struct billing *billing = charging->billing;
    pthread_mutex_lock(&billing->breaker_lock);
    int wait_ms = breaker_ask(&billing->breaker, clock_monotonic_us());
    pthread_mutex_unlock(&billing->breaker_lock);
    if (wait_ms > 0)
        return postpone(charging, wait_ms, err) == 0 ? WORK_DONE : WORK_FAILED;
    if (charging->claimed.state == CHARGE_CHARGING && moves_money) {
        int ours = write_down(charging, err);
        if (ours != 1)
            return ours == 0 ? WORK_DONE : WORK_FAILED;
    }
    call_provider(charging, moves_money);
    return write_outcome(charging, err);
}

static enum work_outcome run(void *context, struct work_runner *runner,
                             const struct pg_result *claimed, struct error *err)
{
    struct charging charging = {.billing = context, .runner = runner};
    const struct payment *payment = &charging.claimed;
    if (payment_take(claimed, 0, err, &charging.claimed) != 0)
        return WORK_FAILED;
    charging.late = is_late(charging.billing, payment);
    switch (payment->state) {
    case CHARGE_AWAITING:
        charging.input = billing_charges_unjudged(charging.billing->settings)
                             ? CHARGE_NO_VERDICT_CHARGE
                             : CHARGE_NO_VERDICT_HOLD;
        return write_outcome(&charging, err);
    case CHARGE_CHARGING:
        /* sent_at: an earlier try ended without its outcome written. */
        return call_and_settle(&charging, !charging.late && payment->sent_at_us == 0, err);
    case CHARGE_REFUNDING:
        return call_and_settle(&charging, true, err);
    case CHARGE_HELD:
    case CHARGE_ASKING:
    case CHARGE_AUTHORISED:
    case CHARGE_CAPTURED:
    case CHARGE_REFUNDED:
    case CHARGE_FAILED:
    case CHARGE_MISMATCH:
        return call_and_settle(&charging, false, err);
    }
    NOT_REACHED();
}

struct work *billing_start_work(struct billing *billing)
{
    const struct billing_settings *settings = billing->settings;
    struct work_options options = {
        .name = "charges",
        .pg = service_pg_options(billing->runtime),
        .category = &category_payment,
        .runners = (int)settings->charge_runners,
        .poll_ms = (int)settings->charge_poll_ms,
        .lease_ms = (int)settings->charge_timeout_ms + LEASE_MARGIN_MS,
        .claim = &claim_statement,
        .run = run,
        .context = billing,
        .metrics = service_metrics(billing->runtime),
    };
    return work_start(&options);
}

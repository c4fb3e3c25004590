/* What billing takes from the stream: checkouts become payments, verdicts decide about them. Runs
 * in the transaction that moves the consumer's positions, so that each has its effect once. Owner:
 * billing. Thread: the service's.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/luhn.h"
#include "billing/billing.h"
#include "billing/verdict.h"
#include "eventstore/read.h"
#include "proto/cart_codec.h"
#include "proto/fraud_codec.h"
#include "proto/payment_codec.h"

enum { PAYMENT_ID_SIZE = PAYMENT_ID_MAX + 1 };

struct recording {
    struct billing *billing;
    struct pg *pg;
    int timeout_ms;
    struct error *err;
};

/* ---- verdicts */

static const struct charge_rule *apply_verdict(struct recording *recording, struct payment *payment,
                                               struct slice word, const struct uuid *cause)
{
    struct billing *billing = recording->billing;
    struct payment_news news = verdict_news(cause);
    uint32_t random;
    payment->verdict = word;
    const struct charge_rule *rule = payment_apply(payment, verdict_input(word), &news,
                                                   effect_facts(billing->effect), &billing->random);
    uuid_random(&billing->random, &random, sizeof(random));
    if (rule != NULL)
        payment->due_at_us = billing_due_us(billing->settings, payment, rule->action, random);
    if (rule != NULL && rule->alarm)
        billing_alarm(billing, payment, rule->because);
    return rule;
}

/* Where money may already be under way the row belongs to a runner: only the word is noted. */
static int note_word(struct recording *recording, const struct payment *payment, struct slice word)
{
    static const struct pg_statement statement = {
        "payment_verdict", "UPDATE payments SET verdict = $2 WHERE payment_id = $1"};
    struct pg_params params = {0};
    struct pg_result *result;
    const struct charge_rule *rule = charge_rule(payment->state, verdict_input(word));
    pg_param_bytes(&params, payment->payment_id);
    pg_param_bytes(&params, word);
    int rc =
        pg_run(recording->pg, &statement, &params, recording->timeout_ms, recording->err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return -1;
    pg_result_free(result);
    if (rule != NULL && rule->alarm)
        billing_alarm(recording->billing, payment, rule->because);
    return 0;
}

static int take_verdict(struct recording *recording, const struct note *note)
{
    struct billing *billing = recording->billing;
    struct pg_result *row;
    struct payment payment;
    if (fraud_event_decode(note->event.payload, billing->fraud, recording->err) != 0)
        return -1;
    const struct fraud_event *event = &billing->fraud->event;
    if (verdict_keep(recording->pg, event, recording->timeout_ms, recording->err) != 0)
        return -1;
    int found = payment_read(recording->pg, PAYMENT_BY_CART_LOCKED, event->cart_id,
                             recording->timeout_ms, recording->err, &row, &payment);
    if (found <= 0)
        return found;
    int rc;
    struct slice word = verdict_word(event);
    if (payment.state != CHARGE_AWAITING && payment.state != CHARGE_HELD) {
        rc = note_word(recording, &payment, word);
    } else if (apply_verdict(recording, &payment, word, &note->event.event_id) != NULL) {
        rc = payment_save(recording->pg, &payment, recording->timeout_ms, recording->err);
    } else {
        rc = note_word(recording, &payment, word);
    }
    pg_result_free(row);
    return rc;
}

/* ---- checkouts */

/* What is in the stream although the row is lost. */
struct lost {
    struct payment_decoded last;
    int32_t version;
    char reference_text[PROVIDER_REFERENCE_SIZE];
    struct error *err;
};

static int take_lost(void *argument, const struct event_record *record)
{
    struct lost *lost = argument;
    if (payment_event_decode(record->payload, &lost->last, lost->err) != 0)
        return 1;
    lost->version = record->version;
    switch (lost->last.event.type) {
    case PAYMENT_EVENT_AUTHORISED:
    case PAYMENT_EVENT_CAPTURED:
    case PAYMENT_EVENT_MISMATCHED:
    case PAYMENT_EVENT_REFUNDED:
        provider_text(lost->reference_text, sizeof(lost->reference_text),
                      lost->last.event.money.provider_reference);
        break;
    case PAYMENT_EVENT_REQUESTED:
    case PAYMENT_EVENT_FAILED:
    case PAYMENT_EVENT_UNKNOWN:
        break;
    }
    return 0;
}

/* A verdict may have come before its checkout. */
static int insert_waiting(struct recording *recording, struct payment *payment)
{
    const struct billing_settings *settings = recording->billing->settings;
    struct pg_result *row;
    struct slice word;
    payment->state = CHARGE_AWAITING;
    payment->due_at_us = clock_wall_us() + settings->verdict_timeout_ms * INT64_C(1000);
    int found = verdict_kept(recording->pg, payment->cart_id, recording->timeout_ms, recording->err,
                             &row, &word);
    if (found < 0)
        return -1;
    if (found == 1)
        apply_verdict(recording, payment, word, NULL);
    int rc = payment_insert(recording->pg, payment, recording->timeout_ms, recording->err);
    if (found == 1)
        pg_result_free(row);
    return rc;
}

static int insert_lost(struct recording *recording, const struct lost *lost,
                       struct payment *payment)
{
    payment->state = charge_state_after(lost->last.event.type);
    payment->version = lost->version;
    payment->updated_at_us = lost->last.event.occurred_at_us;
    /* A charge may have been sent that no fact tells: asked about before anything is charged. */
    payment->sent_at_us = clock_wall_us();
    payment->reference = slice_of(lost->reference_text);
    log_warning("payment restored from its events",
                LOG_TEXT("state", charge_state_name(payment->state)));
    if (payment->state == CHARGE_AWAITING)
        return insert_waiting(recording, payment);
    payment->charging_at_us = payment->sent_at_us;
    if (payment->state == CHARGE_ASKING || payment->state == CHARGE_AUTHORISED)
        payment->due_at_us = payment->sent_at_us;
    return payment_insert(recording->pg, payment, recording->timeout_ms, recording->err);
}

/* The facts say more than the missing row: 1 when the payment was there before. */
static int restore(struct recording *recording, struct payment *payment)
{
    struct lost lost = {.err = recording->err};
    struct stream_range range = {.stream_id = payment->payment_id, .limit = INT32_MAX};
    int rc = read_stream(recording->pg, &category_payment, &range, take_lost, &lost,
                         recording->timeout_ms, recording->err);
    if (rc == 0 && lost.version > 0)
        rc = insert_lost(recording, &lost, payment) == 0 ? 1 : -1;
    else if (rc != 0)
        rc = -1;
    payment_decoded_free(&lost.last);
    payment->reference = (struct slice){0}; /* it was lost's */
    return rc;
}

static int open_payment(struct recording *recording, struct payment *payment)
{
    struct billing *billing = recording->billing;
    payment_request(payment, effect_facts(billing->effect), &billing->random);
    return insert_waiting(recording, payment);
}

static struct payment payment_of(const struct billing *billing, const struct note *note,
                                 struct slice payment_id)
{
    const struct cart_event *event = &billing->cart->event;
    const struct cart_checked_out *body = &event->checked_out;
    bool is_card = luhn_holds_card_number(body->payment_token);
    return (struct payment){
        .payment_id = payment_id,
        .cart_id = event->cart_id,
        .order_id = body->order_id,
        .user_id = body->user_id,
        .currency = body->currency,
        /* A card's number has no business here: it goes no further, and is not charged. */
        .token = is_card ? slice_of("tok_decline") : body->payment_token,
        .provider = slice_of(billing->provider->name),
        .cart_version = event->version,
        .amount_minor = body->total_minor,
        .correlation_id = event->correlation_id,
        .causation_id = event->event_id,
        .trace_flags = note->event.trace_flags,
        .requested_at_us = event->occurred_at_us,
        .updated_at_us = event->occurred_at_us,
    };
}

/* 1 when the payment is another cart's: no cart of ours gives an order id away twice, so somebody
 * else wrote to the store. Charged once, and told. */
static int is_taken(struct recording *recording, struct slice payment_id)
{
    struct pg_result *row;
    struct payment other;
    int rc = payment_read(recording->pg, PAYMENT_BY_ID_LOCKED, payment_id, recording->timeout_ms,
                          recording->err, &row, &other);
    if (rc == 1) {
        billing_alarm(recording->billing, &other, "another cart was checked out as the same order");
        pg_result_free(row);
    }
    return rc;
}

static int take_checkout(struct recording *recording, const struct note *note)
{
    struct billing *billing = recording->billing;
    char id[PAYMENT_ID_SIZE];
    struct pg_result *row;
    struct payment payment;
    if (cart_event_decode(note->event.payload, billing->cart, recording->err) != 0)
        return -1;
    const struct cart_event *event = &billing->cart->event;
    int rc = payment_read(recording->pg, PAYMENT_BY_CART_LOCKED, event->cart_id,
                          recording->timeout_ms, recording->err, &row, &payment);
    if (rc == 1)
        pg_result_free(row); /* replayed: what is recorded stands */
    if (rc != 0)
        return rc == 1 ? 0 : -1;
    snprintf(id, sizeof(id), "pay_%.*s", (int)event->checked_out.order_id.len,
             event->checked_out.order_id.data);
    rc = is_taken(recording, slice_of(id));
    if (rc != 0)
        return rc == 1 ? 0 : -1;
    payment = payment_of(billing, note, slice_of(id));
    rc = restore(recording, &payment);
    if (rc != 0)
        return rc == 1 ? 0 : -1;
    if (!note->reaches_out) {
        metric_add(billing->metrics.historic, 0, 1);
        return 0;
    }
    return open_payment(recording, &payment);
}

int billing_write(void *state, struct pg *pg, int timeout_ms, struct error *err)
{
    struct billing *billing = billing_of(state);
    struct recording recording = {billing, pg, timeout_ms, err};
    for (size_t i = 0; i < billing->note_count; i++) {
        const struct note *note = &billing->notes[i];
        if ((note->category == &category_cart ? take_checkout : take_verdict)(&recording, note) !=
            0)
            return -1;
    }
    return 0;
}

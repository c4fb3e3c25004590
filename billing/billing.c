/* Billing as a service: its callbacks.
 * Owner: billing. Thread: the service's.
 */
#include "billing/billing.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "billing/routes.h"
#include "proto/cart_codec.h"
#include "proto/fraud_codec.h"
#include "proto/payment_codec.h"
#include "service/backoff.h"

enum { CONDITION_RELAY, TICK_MS = 1000 };

extern const struct migration_set billing_migrations;

static const char *const answer_words[CHARGE_INPUTS] = {
    [CHARGE_CLEARED] = "cleared",
    [CHARGE_SUSPECTED] = "suspected",
    [CHARGE_BLOCKED] = "blocked",
    [CHARGE_RELEASED] = "released",
    [CHARGE_NO_VERDICT_HOLD] = "no_verdict_hold",
    [CHARGE_NO_VERDICT_CHARGE] = "no_verdict_charge",
    [CHARGE_IS_AUTHORISED] = "authorised",
    [CHARGE_IS_CAPTURED] = "captured",
    [CHARGE_IS_OTHERWISE] = "mismatch",
    [CHARGE_IS_DECLINED] = "declined",
    [CHARGE_IS_NOT_THERE] = "not_there",
    [CHARGE_IS_NOT_THERE_LATE] = "not_there_late",
    [CHARGE_NO_ANSWER] = "no_answer",
    [CHARGE_NOT_SENT] = "not_sent",
    [CHARGE_IS_REFUNDED] = "refunded",
    [CHARGE_REFUND_DECLINED] = "refund_declined",
    [CHARGE_REFUND_ASKED] = "refund_asked",
};

static const struct metric_spec metric_rows[] = {
    {"cartwright_billing_answers_total", "What the provider has answered.", METRIC_COUNTER, "word",
     CHARGE_INPUTS, answer_words},
    {"cartwright_billing_alarms_total",
     "Payments that a person should look at; the log names them.", METRIC_COUNTER, NULL, 0, NULL},
    {"cartwright_billing_historic_total",
     "Checkouts from before effects_after: they are not charged.", METRIC_COUNTER, NULL, 0, NULL},
    {"cartwright_billing_breaker_open", "1 while the provider is left alone.", METRIC_GAUGE, NULL,
     0, NULL},
    {"cartwright_billing_webhooks_total", "Webhooks that were accepted, each once.", METRIC_COUNTER,
     NULL, 0, NULL},
};

struct billing *billing_of(void *state)
{
    struct billing *billing = state;
    CHECK(billing->magic == BILLING_MAGIC);
    return billing;
}

void billing_alarm(struct billing *billing, const struct payment *payment, const char *because)
{
    char id[PAYMENT_ID_MAX + 1];
    provider_text(id, sizeof(id), payment->payment_id);
    metric_add(billing->metrics.alarms, 0, 1);
    log_error("a payment needs a person", LOG_TEXT("paymentId", id),
              LOG_TEXT("status", charge_status(payment->state)), LOG_TEXT("because", because));
}

int64_t billing_due_us(const struct billing_settings *settings, const struct payment *payment,
                       enum charge_action action, uint32_t random)
{
    int64_t now_us = clock_wall_us();
    int delay_ms = 0;
    if (payment->poked)
        return now_us;
    switch (action) {
    case CHARGE_DO_NOTHING:
        return 0;
    case CHARGE_DO_CHARGE:
    case CHARGE_DO_REFUND:
    case CHARGE_DO_ASK:
        break;
    }
    if (payment->state == CHARGE_AUTHORISED)
        delay_ms = backoff_from_ms(1, (int)settings->capture_poll_ms,
                                   (int)settings->capture_poll_ms, random);
    else if (payment->tries > 0 || action == CHARGE_DO_ASK)
        delay_ms = backoff_from_ms(payment->tries + 1, (int)settings->charge_retry_first_ms,
                                   (int)settings->charge_retry_max_ms, random);
    return now_us + delay_ms * INT64_C(1000);
}

static void add_metrics(struct billing *billing, struct metrics *metrics)
{
    struct metric **const all[] = {&billing->metrics.answers, &billing->metrics.alarms,
                                   &billing->metrics.historic, &billing->metrics.breaker_open,
                                   &billing->metrics.webhooks};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        *all[i] = metrics_add(metrics, &metric_rows[i]);
}

static void close_billing(void *state)
{
    struct billing *billing = billing_of(state);
    work_stop(billing->work);
    effect_free(billing->effect);
    cart_decoded_free(billing->cart);
    fraud_decoded_free(billing->fraud);
    free(billing->cart);
    free(billing->fraud);
    free(billing->notes);
    pthread_mutex_destroy(&billing->breaker_lock);
    free(billing);
}

/* Whether a record of payment.events is one of ours; on the relay's thread. */
static int inspect_own(const struct event_record *record, struct error *err)
{
    struct payment_decoded decoded = {0};
    const struct payment_event *event = &decoded.event;
    int rc = payment_event_decode(record->payload, &decoded, err);
    if (rc == 0 &&
        (event->version != record->version || !slice_equal(event->payment_id, record->stream_id) ||
         !slice_equal(slice_of(payment_event_type_name(event->type)), record->type)))
        rc = error_set(err, ERROR_PERMANENT, "event: the payload is another event's");
    payment_decoded_free(&decoded);
    return rc;
}

static int open_billing(struct service_runtime *runtime, struct error *err, void **ret_state)
{
    const struct billing_settings *settings = service_settings(runtime);
    struct billing *billing = mem_calloc(1, sizeof(*billing));
    billing->magic = BILLING_MAGIC;
    billing->runtime = runtime;
    billing->settings = settings;
    billing->provider = provider_find(settings->provider);
    billing->breaker = (struct breaker){
        .failures_max = (int)settings->breaker_failures,
        .open_us = settings->breaker_open_ms * INT64_C(1000),
    };
    billing->cart = mem_calloc(1, sizeof(*billing->cart));
    billing->fraud = mem_calloc(1, sizeof(*billing->fraud));
    CHECK(pthread_mutex_init(&billing->breaker_lock, NULL) == 0);
    add_metrics(billing, service_metrics(runtime));
    struct effect_options options = {
        .runtime = runtime,
        .consumer = "billing",
        .category = &category_payment,
        .settings = &settings->effect,
        .inspect = inspect_own,
        .relay_condition = CONDITION_RELAY,
        .write = billing_write,
        .state = billing,
    };
    if (effect_new(&options, err, &billing->effect) != 0) {
        close_billing(billing);
        return -1;
    }
    billing->work = billing_start_work(billing);
    *ret_state = billing;
    return 0;
}

static enum service_outcome load_position(void *state, const struct category *category,
                                          int partition, struct error *err,
                                          struct service_position *ret_position)
{
    return effect_load_position(billing_of(state)->effect, category, partition, err, ret_position);
}

static int inspect(void *state, const struct category *category, const struct event_record *event,
                   struct error *err)
{
    struct billing *billing = billing_of(state);
    return category == &category_cart ? cart_event_decode(event->payload, billing->cart, err)
                                      : fraud_event_decode(event->payload, billing->fraud, err);
}

static enum service_outcome handle(void *state, const struct category *category,
                                   const struct event_record *event, struct error *err)
{
    struct billing *billing = billing_of(state);
    /* Nothing but checkouts of the carts; a malformed one of the others is not ours to judge. */
    if (category == &category_cart &&
        !slice_equal(event->type, slice_of(cart_event_type_name(CART_EVENT_CHECKED_OUT))))
        return SERVICE_HANDLED;
    if (inspect(state, category, event, err) != 0)
        return SERVICE_REJECT;
    if (category == &category_cart && billing->cart->event.type != CART_EVENT_CHECKED_OUT) {
        error_set(err, ERROR_PERMANENT, "event: the type is not that of the payload");
        return SERVICE_REJECT;
    }
    billing->notes = mem_grown(billing->notes, billing->note_count, &billing->note_capacity,
                               sizeof(billing->notes[0]));
    billing->notes[billing->note_count++] = (struct note){
        .event = *event,
        .category = category,
        .reaches_out =
            effect_reaches_out(billing->effect, category, event->partition, event->recorded_at_us),
    };
    return SERVICE_HANDLED;
}

static void discard(void *state)
{
    struct billing *billing = billing_of(state);
    billing->note_count = 0;
    effect_discard(billing->effect);
}

static enum service_outcome flush(void *state, const struct service_position *positions,
                                  size_t count, struct error *err)
{
    struct billing *billing = billing_of(state);
    enum service_outcome outcome = effect_flush(billing->effect, positions, count, err);
    if (outcome == SERVICE_HANDLED && billing->note_count > 0)
        work_kick(billing->work);
    if (outcome == SERVICE_HANDLED)
        billing->note_count = 0;
    return outcome;
}

static enum service_outcome tick(void *state, int *ret_again_ms)
{
    effect_tick(billing_of(state)->effect);
    *ret_again_ms = TICK_MS;
    return SERVICE_HANDLED;
}

const struct service billing_service = {
    .name = "billing",
    .summary = "charges what is checked out, once",
    .http_port = "5201",
    .categories = {&category_cart, &category_fraud},
    .collect_ms = 50,
    .settings = billing_setting_rows,
    .setting_count = BILLING_SETTING_COUNT,
    .settings_size = sizeof(struct billing_settings),
    .conditions = {"relay"},
    .schema = &billing_migrations,
    .routes = billing_routes,
    .route_count = BILLING_ROUTE_COUNT,
    .check = billing_settings_check,
    .open = open_billing,
    .load_position = load_position,
    .inspect = inspect,
    .handle = handle,
    .flush = flush,
    .discard = discard,
    .tick = tick,
    .close = close_billing,
};

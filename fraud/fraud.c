/* fraud's callbacks: every event is observed, every checkout noted for its verdict.
 * Owner: fraud. Thread: the service's.
 */
#include "fraud/fraud.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "fraud/rules_file.h"
#include "fraud/state.h"
#include "proto/fraud_codec.h"

enum { CONDITION_RELAY, STATEMENT_TIMEOUT_MS = 5000 };

extern const struct migration_set fraud_migrations;

static const char *const verdict_labels[] = {"cleared", "held", "blocked"};

static const struct metric_spec metric_rows[FRAUD_COUNTERS] = {
    [FRAUD_VERDICTS] = {"cartwright_fraud_verdicts_total", "Verdicts given.", METRIC_COUNTER,
                        "verdict", ARRAY_SIZE(verdict_labels), verdict_labels},
    [FRAUD_INCOMPLETE] = {"cartwright_fraud_incomplete_verdicts_total",
                          "Verdicts given after patience_ms, before all was observed.",
                          METRIC_COUNTER, NULL, 0, NULL},
    [FRAUD_WAITING] = {"cartwright_fraud_checkouts_waiting",
                       "Checkouts without a verdict, at most 1000.", METRIC_GAUGE, NULL, 0, NULL},
    [FRAUD_OBSERVATIONS] = {"cartwright_fraud_observations_total",
                            "Observations written for the rules.", METRIC_COUNTER, NULL, 0, NULL},
    [FRAUD_SWEPT] = {"cartwright_fraud_observations_swept_total",
                     "Observations removed because no rule looks at them any more.", METRIC_COUNTER,
                     NULL, 0, NULL},
    [FRAUD_RULES] = {"cartwright_fraud_rules", "Rules in use.", METRIC_GAUGE, NULL, 0, NULL},
};

struct fraud *fraud_of_state(void *state)
{
    struct fraud *self = state;
    CHECK(self->magic == FRAUD_MAGIC);
    return self;
}

/* ---- settings and rules */

static int check(const void *settings, struct error *err)
{
    const struct fraud_settings *own = settings;
    struct rules rules;
    if (effect_settings_check(&own->effect, err) != 0 ||
        rules_load(own->rules_file, err, &rules) != 0)
        return -1;
    rules_free(&rules);
    return 0;
}

static void use(struct fraud *self, const struct fraud_settings *settings, struct rules rules)
{
    rules_free(&self->rules);
    self->rules = rules;
    self->lateness_us = settings->lateness_ms * 1000;
    self->patience_ms = settings->patience_ms;
    metric_set(self->metrics[FRAUD_RULES], 0, (int64_t)rules.count);
}

static void reload(void *state, const void *settings)
{
    struct fraud *self = fraud_of_state(state);
    const struct fraud_settings *own = settings;
    struct rules rules;
    struct error err;
    if (rules_load(own->rules_file, &err, &rules) != 0) {
        log_error("rules not reloaded, the old ones stay", LOG_TEXT("why", err.message));
        return;
    }
    use(self, own, rules);
    log_info("rules reloaded", LOG_INT("rules", (int64_t)rules.count));
}

/* ---- events */

static int write(void *state, struct pg *pg, int timeout_ms, struct error *err)
{
    struct fraud *self = fraud_of_state(state);
    if (observer_write(&self->observer, pg, timeout_ms, err) != 0 ||
        (self->observer.row_count > 0 && marks_write(&self->marks, pg, self->positions,
                                                     self->position_count, timeout_ms, err) != 0))
        return -1;
    return checkouts_write(&self->checkouts, pg, timeout_ms, err);
}

/* Whether a record of fraud.events is one of ours; on the relay's thread. */
static int inspect_own(const struct event_record *record, struct error *err)
{
    struct fraud_decoded decoded = {0};
    const struct fraud_event *event = &decoded.event;
    int rc = fraud_event_decode(record->payload, &decoded, err);
    if (rc == 0 &&
        (event->version != record->version || !slice_equal(event->cart_id, record->stream_id) ||
         !slice_equal(slice_of(fraud_event_type_name(event->type)), record->type)))
        rc = error_set(err, ERROR_PERMANENT, "event: the payload is another event's");
    fraud_decoded_free(&decoded);
    return rc;
}

static int open_fraud(struct service_runtime *runtime, struct error *err, void **ret_state)
{
    const struct fraud_settings *settings = service_settings(runtime);
    struct fraud *self = mem_calloc(1, sizeof(*self));
    struct rules rules;
    struct effect_options options = {
        .runtime = runtime,
        .consumer = fraud_service.name,
        .category = &category_fraud,
        .settings = &settings->effect,
        .inspect = inspect_own,
        .relay_condition = CONDITION_RELAY,
        .write = write,
        .state = self,
    };
    self->magic = FRAUD_MAGIC;
    self->runtime = runtime;
    if (rules_load(settings->rules_file, err, &rules) != 0 ||
        effect_new(&options, err, &self->effect) != 0) {
        free(self);
        return -1;
    }
    for (size_t i = 0; i < FRAUD_COUNTERS; i++)
        self->metrics[i] = metrics_add(service_metrics(runtime), &metric_rows[i]);
    use(self, settings, rules);
    self->court.facts.category = &category_fraud;
    self->watermark = (struct watermark){.consumer = fraud_service.name,
                                         .categories = {&category_cart, &category_payment}};
    *ret_state = self;
    return 0;
}

static void close_fraud(void *state)
{
    struct fraud *self = fraud_of_state(state);
    effect_free(self->effect);
    rules_free(&self->rules);
    cart_decoded_free(&self->decoded);
    payment_decoded_free(&self->payment);
    sightings_free(&self->sightings);
    observer_free(&self->observer);
    checkouts_free(&self->checkouts);
    marks_free(&self->marks);
    watermark_free(&self->watermark);
    court_free(&self->court);
    free(self);
}

static enum service_outcome load_position(void *state, const struct category *category,
                                          int partition, struct error *err,
                                          struct service_position *ret_position)
{
    struct fraud *self = fraud_of_state(state);
    struct pg *pg;
    if (service_store(self->runtime, err, &pg) != 0 ||
        marks_load(&self->marks, pg, category, partition, STATEMENT_TIMEOUT_MS, err) != 0)
        return SERVICE_RETRY;
    return effect_load_position(self->effect, category, partition, err, ret_position);
}

/* What the record's envelope says has to be what its event says. */
static int agree(const struct event_record *record, struct slice id, int32_t version,
                 const char *type, struct error *err)
{
    if (slice_equal(record->stream_id, id) && record->version == version &&
        slice_equal(record->type, slice_of(type)))
        return 0;
    return error_set(err, ERROR_PERMANENT, "event: another one than its envelope says");
}

static int see_payment(struct fraud *self, const struct event_record *record, struct error *err)
{
    const struct payment_event *event = &self->payment.event;
    if (payment_event_decode(record->payload, &self->payment, err) != 0 ||
        agree(record, event->payment_id, event->version, payment_event_type_name(event->type),
              err) != 0)
        return -1;
    sightings_of_payment(event, &self->sightings);
    return 0;
}

static int see_cart(struct fraud *self, const struct event_record *record, struct error *err)
{
    const struct cart_event *event = &self->decoded.event;
    if (cart_event_decode(record->payload, &self->decoded, err) != 0 ||
        agree(record, event->cart_id, event->version, cart_event_type_name(event->type), err) != 0)
        return -1;
    sightings_of_cart(event, &self->sightings);
    return 0;
}

static int inspect(void *state, const struct category *category, const struct event_record *record,
                   struct error *err)
{
    struct fraud *self = fraud_of_state(state);
    return category == &category_payment ? see_payment(self, record, err)
                                         : see_cart(self, record, err);
}

static enum service_outcome handle(void *state, const struct category *category,
                                   const struct event_record *record, struct error *err)
{
    struct fraud *self = fraud_of_state(state);
    if (inspect(state, category, record, err) != 0)
        return SERVICE_REJECT;
    observer_take(&self->observer, &self->rules, &self->sightings,
                  marks_passed(&self->marks, category, record->partition, record->position));
    if (category == &category_cart && self->decoded.event.type == CART_EVENT_CHECKED_OUT)
        checkouts_add(&self->checkouts, record, &self->decoded.event);
    return SERVICE_HANDLED;
}

static void discard(void *state)
{
    struct fraud *self = fraud_of_state(state);
    effect_discard(self->effect);
    observer_clear(&self->observer);
    checkouts_clear(&self->checkouts);
}

static enum service_outcome flush(void *state, const struct service_position *positions,
                                  size_t count, struct error *err)
{
    struct fraud *self = fraud_of_state(state);
    self->positions = positions;
    self->position_count = count;
    enum service_outcome outcome = effect_flush(self->effect, positions, count, err);
    if (outcome != SERVICE_HANDLED)
        return outcome; /* discard follows */
    metric_add(self->metrics[FRAUD_OBSERVATIONS], 0, (int64_t)self->observer.row_count);
    if (self->observer.row_count > 0)
        marks_written(&self->marks, positions, count);
    self->waiting = self->waiting || self->checkouts.count > 0;
    observer_clear(&self->observer);
    checkouts_clear(&self->checkouts);
    return SERVICE_HANDLED;
}

static const struct setting settings[] = {
    {"rules_file", SETTING_TEXT, offsetof(struct fraud_settings, rules_file), "", 0, 0, NULL,
     "the rules (fraud/README.md); empty: those that are built in", false},
    {"lateness_ms", SETTING_INT, offsetof(struct fraud_settings, lateness_ms), "100", 0, 60000,
     NULL, "how much later than a checkout an earlier event may be recorded and still counts",
     false},
    {"patience_ms", SETTING_INT, offsetof(struct fraud_settings, patience_ms), "10000", 100,
     3600000, NULL, "after this a checkout is judged by what has been observed", false},
    EFFECT_SETTINGS(struct fraud_settings, effect),
};

static const struct service_verb verbs[] = {
    {.name = "--backtest",
     .help = "what the rules of this file would have said about the stored history",
     .arguments = "FILE [--since TIME] [--until TIME]",
     .run_with = backtest_run},
};

const struct service fraud_service = {
    .name = "fraud",
    .summary = "watches carts and payments, gives each checkout a verdict",
    .http_port = "5202",
    .categories = {&category_cart, &category_payment},
    .collect_ms = 50,
    .settings = settings,
    .setting_count = ARRAY_SIZE(settings),
    .settings_size = sizeof(struct fraud_settings),
    .verbs = verbs,
    .verb_count = ARRAY_SIZE(verbs),
    .conditions = {[CONDITION_RELAY] = "relay"},
    .schema = &fraud_migrations,
    .routes = fraud_routes,
    .route_count = FRAUD_ROUTES,
    .check = check,
    .open = open_fraud,
    .load_position = load_position,
    .inspect = inspect,
    .handle = handle,
    .flush = flush,
    .discard = discard,
    .tick = fraud_tick,
    .reload = reload,
    .close = close_fraud,
};

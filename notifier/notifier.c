/* The notifier's callbacks: events become recorded messages; sender.c sends them.
 * Owner: notifier. Thread: the service's.
 */
#include "notifier/notifier.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "notifier/outbox.h"
#include "notifier/routes.h"
#include "notifier/sender.h"
#include "proto/cart_codec.h"
#include "proto/fraud_codec.h"
#include "proto/payment_codec.h"
#include "service/effect.h"

#define NOTIFIER_MAGIC 0x6e6f7469u

enum { COUNT_EVERY_TICKS = 5, COUNT_TIMEOUT_MS = 2000 };

struct notifier {
    uint32_t magic;
    struct service_runtime *runtime;
    struct effect *effect;
    struct sender *sender;
    struct outbox outbox;
    struct cart_decoded cart;
    struct payment_decoded payment;
    struct fraud_decoded fraud;
    struct metric *counts;
    int ticks;
};

extern const struct migration_set notifier_migrations;

enum { COUNT_WAITING, COUNT_MAYBE, COUNT_DEAD, COUNT_STATES };
static const char *const count_names[COUNT_STATES] = {"waiting", "maybe_sent", "dead"};
static const struct metric_spec counts_row = {"cartwright_notifications",
                                              "Messages that are not sent, by state.",
                                              METRIC_GAUGE,
                                              "state",
                                              COUNT_STATES,
                                              count_names};

static const struct pg_statement counts_statement = {
    "notifications_counts",
    "SELECT count(*) FILTER (WHERE state IN ('waiting', 'sending')), "
    "count(*) FILTER (WHERE state = 'maybe_sent'), count(*) FILTER (WHERE state = 'dead') "
    "FROM notifications WHERE state IN ('waiting', 'sending', 'maybe_sent') OR state = 'dead'",
};

static struct notifier *of_state(void *state)
{
    struct notifier *self = state;
    CHECK(self->magic == NOTIFIER_MAGIC);
    return self;
}

struct service_runtime *notifier_runtime(void *context)
{
    return of_state(context)->runtime;
}

void notifier_kick(void *context)
{
    sender_kick(of_state(context)->sender);
}

static int write_outbox(void *state, struct pg *pg, int timeout_ms, struct error *err)
{
    return outbox_write(&of_state(state)->outbox, pg, timeout_ms, err);
}

static void close_notifier(void *state)
{
    struct notifier *self = of_state(state);
    sender_stop(self->sender);
    effect_free(self->effect);
    outbox_free(&self->outbox);
    cart_decoded_free(&self->cart);
    payment_decoded_free(&self->payment);
    fraud_decoded_free(&self->fraud);
    free(self);
}

static int open_notifier(struct service_runtime *runtime, struct error *err, void **ret_state)
{
    const struct notifier_settings *settings = service_settings(runtime);
    struct notifier *self = mem_calloc(1, sizeof(*self));
    struct pg_options pg = service_pg_options(runtime);
    self->magic = NOTIFIER_MAGIC;
    self->runtime = runtime;
    self->counts = metrics_add(service_metrics(runtime), &counts_row);
    const struct effect_options effect = {
        .runtime = runtime,
        .consumer = notifier_service.name,
        .settings = &settings->effect,
        .write = write_outbox,
        .state = self,
    };
    if (effect_new(&effect, err, &self->effect) != 0 ||
        sender_start(settings, &pg, service_metrics(runtime), err, &self->sender) != 0) {
        close_notifier(self);
        return -1;
    }
    *ret_state = self;
    return 0;
}

static enum service_outcome load_position(void *state, const struct category *category,
                                          int partition, struct error *err,
                                          struct service_position *ret_position)
{
    return effect_load_position(of_state(state)->effect, category, partition, err, ret_position);
}

/* Decodes by category; *ret_told is what there is to tell, if anything. */
static int judge(struct notifier *self, const struct category *category,
                 const struct event_record *event, struct error *err, struct told *ret_told,
                 bool *ret_tells, struct slice *ret_cart_id)
{
    int rc;
    *ret_tells = false;
    if (category == &category_cart) {
        rc = cart_event_decode(event->payload, &self->cart, err);
        if (rc == 0)
            *ret_tells = notice_of_cart(&self->cart.event, ret_told);
        *ret_cart_id = self->cart.event.cart_id;
    } else if (category == &category_payment) {
        rc = payment_event_decode(event->payload, &self->payment, err);
        if (rc == 0)
            *ret_tells = notice_of_payment(&self->payment.event, ret_told);
        *ret_cart_id = self->payment.event.cart_id;
    } else {
        rc = fraud_event_decode(event->payload, &self->fraud, err);
        if (rc == 0)
            *ret_tells = notice_of_fraud(&self->fraud.event, ret_told);
        *ret_cart_id = self->fraud.event.cart_id;
    }
    return rc;
}

static int inspect(void *state, const struct category *category, const struct event_record *event,
                   struct error *err)
{
    struct told told;
    struct slice cart_id;
    bool tells;
    return judge(of_state(state), category, event, err, &told, &tells, &cart_id);
}

static enum service_outcome handle(void *state, const struct category *category,
                                   const struct event_record *event, struct error *err)
{
    struct notifier *self = of_state(state);
    struct told told;
    struct slice cart_id;
    bool tells;
    if (judge(self, category, event, err, &told, &tells, &cart_id) != 0)
        return SERVICE_REJECT;
    if (!tells)
        return SERVICE_HANDLED;
    if (told.kind == KIND_ORDER_CONFIRMATION)
        outbox_add_order(&self->outbox, told.order_id, cart_id, event->payload);
    if (effect_reaches_out(self->effect, category, event->partition, event->recorded_at_us))
        outbox_add_message(&self->outbox, &told, cart_id, category->name, event->payload);
    return SERVICE_HANDLED;
}

static enum service_outcome flush(void *state, const struct service_position *positions,
                                  size_t count, struct error *err)
{
    struct notifier *self = of_state(state);
    enum service_outcome outcome = effect_flush(self->effect, positions, count, err);
    if (outcome == SERVICE_HANDLED && self->outbox.message_count > 0)
        sender_kick(self->sender);
    if (outcome == SERVICE_HANDLED)
        outbox_clear(&self->outbox);
    return outcome;
}

static void discard(void *state)
{
    struct notifier *self = of_state(state);
    effect_discard(self->effect);
    outbox_clear(&self->outbox);
}

static void count_states(struct notifier *self)
{
    struct error err;
    struct pg *pg;
    struct pg_result *result;
    if (service_store(self->runtime, &err, &pg) != 0)
        return; /* the skeleton says so */
    if (pg_run(pg, &counts_statement, NULL, COUNT_TIMEOUT_MS, &err, &result) != 0) {
        service_trouble(self->runtime, "counting messages", &err);
        return;
    }
    for (unsigned i = 0; i < COUNT_STATES; i++)
        metric_set(self->counts, i, pg_get_int64(result, 0, (int)i));
    pg_result_free(result);
}

static enum service_outcome tick(void *state, int *ret_again_ms)
{
    struct notifier *self = of_state(state);
    (void)ret_again_ms;
    effect_tick(self->effect);
    if (self->ticks++ % COUNT_EVERY_TICKS == 0)
        count_states(self);
    return SERVICE_HANDLED;
}

/* The settings were judged with their templates, so only a folder that has changed since can fail.
 */
static void reload(void *state, const void *settings)
{
    struct notifier *self = of_state(state);
    const struct notifier_settings *fresh = settings;
    struct error err;
    if (sender_reload(self->sender, fresh->templates_dir, &err) != 0)
        log_error("templates not reloaded, the old ones stay", LOG_TEXT("why", err.message));
}

const struct service notifier_service = {
    .name = "notifier",
    .summary = "tells shoppers about their orders, payments and carts, by e-mail and SMS",
    .http_port = "5203",
    .categories = {&category_cart, &category_payment, &category_fraud},
    .collect_ms = 50,
    .settings = notifier_setting_rows,
    .setting_count = NOTIFIER_SETTING_COUNT,
    .settings_size = sizeof(struct notifier_settings),
    .schema = &notifier_migrations,
    .routes = notifier_routes,
    .route_count = NOTIFIER_ROUTE_COUNT,
    .check = notifier_settings_check,
    .open = open_notifier,
    .load_position = load_position,
    .inspect = inspect,
    .handle = handle,
    .flush = flush,
    .discard = discard,
    .tick = tick,
    .reload = reload,
    .close = close_notifier,
};

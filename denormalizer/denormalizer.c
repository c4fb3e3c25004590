/* The denormalizer's callbacks: cache in front, Redis behind, the event store for what neither has.
 * Owner: denormalizer. Thread: the service's.
 */
#include "denormalizer/denormalizer.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cart/cart_claim.h"
#include "denormalizer/cart_loader.h"
#include "denormalizer/project.h"
#include "denormalizer/rebuild.h"
#include "denormalizer/repair.h"
#include "denormalizer/view_store.h"

enum { PUT_ROUNDS_MAX = 3, TICK_MS = 1000, REPAIR_RETRY_MS = 200 };
enum { CONDITION_REDIS };

#define DENORMALIZER_MAGIC 0x64656e6fu

struct denormalizer {
    uint32_t magic;
    struct service_runtime *runtime;
    struct cart_cache cache;
    struct view_store views;
    struct cart_decoded decoded;
    struct repair repair;
    int64_t *believed;       /* per partition: the position that Redis has; -1: not asked yet */
    struct error load_error; /* why carts of this batch are not loaded */
    struct cart_loader loader;
    char *verdicts;
    size_t verdict_capacity;
    bool writes_fail; /* the last flush did not get through */
    int64_t look_us;  /* when Redis is asked next whether all is there */
    struct metric *written, *repairing, *cache_bytes;
};

static struct denormalizer *of_state(void *state)
{
    struct denormalizer *self = state;
    CHECK(self->magic == DENORMALIZER_MAGIC);
    return self;
}

static const struct metric_spec metric_rows[] = {
    {"cartwright_views_written_total", "Views written to Redis.", METRIC_COUNTER, NULL, 0, NULL},
    {"cartwright_views_store_folds_total",
     "Carts folded from the event store because Redis did not have their state.", METRIC_COUNTER,
     NULL, 0, NULL},
    {"cartwright_views_repairing", "1 while views are made anew from the event store.",
     METRIC_GAUGE, NULL, 0, NULL},
    {"cartwright_views_cache_bytes", "Bytes of carts kept in memory.", METRIC_GAUGE, NULL, 0, NULL},
};

static int check(const void *settings, struct error *err)
{
    const struct denormalizer_settings *own = settings;
    struct redis_address ignored;
    return redis_address_parse(own->redis_connection_string, err, &ignored);
}

static int open_denormalizer(struct service_runtime *runtime, struct error *err, void **ret_state)
{
    const struct denormalizer_settings *settings = service_settings(runtime);
    struct denormalizer *self = mem_calloc(1, sizeof(*self));
    struct metrics *metrics = service_metrics(runtime);
    self->magic = DENORMALIZER_MAGIC;
    self->runtime = runtime;
    self->cache.bytes_max = (size_t)settings->cache_bytes;
    if (view_store_init(&self->views, settings->redis_connection_string, err) != 0) {
        free(self);
        return -1;
    }
    self->believed = mem_alloc((size_t)category_cart.partitions * sizeof(self->believed[0]));
    for (int i = 0; i < category_cart.partitions; i++)
        self->believed[i] = -1;
    self->written = metrics_add(metrics, &metric_rows[0]);
    self->loader = (struct cart_loader){
        .runtime = runtime,
        .cache = &self->cache,
        .views = &self->views,
        .store_folds = metrics_add(metrics, &metric_rows[1]),
    };
    self->repairing = metrics_add(metrics, &metric_rows[2]);
    self->cache_bytes = metrics_add(metrics, &metric_rows[3]);
    *ret_state = self;
    return 0;
}

static void close_denormalizer(void *state)
{
    struct denormalizer *self = of_state(state);
    cart_cache_free(&self->cache);
    view_store_free(&self->views);
    cart_decoded_free(&self->decoded);
    repair_free(&self->repair);
    free(self->believed);
    cart_loader_free(&self->loader);
    free(self->verdicts);
    free(self);
}

/* Redis, with what its state means for /readyz: one that answers but refuses our writes is not
 * ready. */
static int use_redis(struct denormalizer *self, struct error *err)
{
    struct error why;
    int rc = view_connection_use(&self->views.link, &why);
    if (rc != 0)
        *err = why;
    if (rc != 0 || !self->writes_fail)
        service_condition(self->runtime, CONDITION_REDIS, rc == 0, rc == 0 ? "" : why.message);
    return rc;
}

static void note_write(struct denormalizer *self, bool ok, const struct error *err)
{
    self->writes_fail = !ok;
    service_condition(self->runtime, CONDITION_REDIS, ok, ok ? "" : err->message);
}

static enum service_outcome load_position(void *state, const struct category *category,
                                          int partition, struct error *err,
                                          struct service_position *ret_position)
{
    struct denormalizer *self = of_state(state);
    struct view_position *there = mem_alloc((size_t)category->partitions * sizeof(there[0]));
    int rc = use_redis(self, err);
    if (rc == 0)
        rc = view_positions_read(&self->views.link, category->partitions, err, there);
    if (rc == 0 && there[partition].position < 0) {
        repair_want(&self->repair, partition);
        rc =
            error_set(err, ERROR_RETRIABLE, "waiting for views that are made from the event store");
    }
    if (rc == 0) {
        /* Others may have written while the partition was not ours. */
        cart_cache_clear(&self->cache);
        ret_position->position = self->believed[partition] = there[partition].position;
        ret_position->offset = there[partition].offset;
    }
    free(there);
    return rc == 0 ? SERVICE_HANDLED : SERVICE_RETRY;
}

static struct cart_claim claim_of(const struct event_record *event)
{
    return (struct cart_claim){event->stream_id, event->type, event->payload, event->version};
}

static int inspect(void *state, const struct category *category, const struct event_record *event,
                   struct error *err)
{
    struct denormalizer *self = of_state(state);
    struct cart_claim claim = claim_of(event);
    (void)category;
    return cart_claim_decode(&claim, &self->decoded, err);
}

static void prefetch(void *state, const struct category *category,
                     const struct event_record *const *events, size_t count)
{
    struct denormalizer *self = of_state(state);
    (void)category;
    self->load_error = (struct error){.kind = ERROR_RETRIABLE, .message = "cart not loaded"};
    for (size_t i = 0; i < count; i++) {
        if (events[i]->stream_id.len > CART_ID_MAX)
            continue; /* handle refuses it */
        struct cached_cart *cached = cart_cache_get(&self->cache, events[i]->stream_id);
        if (!cached->loaded && !cached->wanted)
            cart_loader_want(&self->loader, cached, events[i]->version);
    }
    int rc = 0;
    if (self->loader.wanted_count > 0)
        rc = use_redis(self, &self->load_error) == 0
                 ? cart_loader_load(&self->loader, &self->load_error)
                 : -1;
    cart_loader_reset(&self->loader, rc != 0);
}

/* ---- handling */

/* The cart lacks events before this one: another process wrote them, or a view was lost by itself.
 */
static enum service_outcome catch_up(struct denormalizer *self, struct cached_cart *cached,
                                     int32_t version, struct error *err)
{
    if (cart_loader_fold(&self->loader, &cached, 1, err) != 0)
        return SERVICE_RETRY;
    if (project_fit(&cached->cart, version) != PROJECT_AHEAD)
        return SERVICE_HANDLED;
    error_set(err, ERROR_PERMANENT,
              "event: version %d, but the event store can be folded to %d only", version,
              cached->cart.version);
    return SERVICE_REJECT;
}

static enum service_outcome handle(void *state, const struct category *category,
                                   const struct event_record *event, struct error *err)
{
    struct denormalizer *self = of_state(state);
    if (inspect(state, category, event, err) != 0)
        return SERVICE_REJECT;
    struct cached_cart *cached = cart_cache_find(&self->cache, event->stream_id);
    if (cached == NULL || !cached->loaded) {
        *err = self->load_error;
        return SERVICE_RETRY;
    }
    if (project_fit(&cached->cart, event->version) == PROJECT_AHEAD) {
        enum service_outcome outcome = catch_up(self, cached, event->version, err);
        if (outcome != SERVICE_HANDLED)
            return outcome;
    }
    if (project_fit(&cached->cart, event->version) == PROJECT_OLD)
        return SERVICE_HANDLED;
    if (cart_evolve(&cached->cart, &self->decoded.event, err) != 0)
        return SERVICE_REJECT;
    cart_cache_mark(&self->cache, cached);
    return SERVICE_HANDLED;
}

/* ---- flushing */

static void forget_all(struct denormalizer *self)
{
    cart_cache_clear(&self->cache);
    for (int i = 0; i < category_cart.partitions; i++)
        self->believed[i] = -1;
}

/* Moves the carts that a rebuild replaced to the front and folds them from the store, on the
 * rebuild's token; the others are written. */
static int refold(struct denormalizer *self, struct cached_cart **carts, size_t *count,
                  const char *verdicts, struct error *err)
{
    size_t again = 0;
    for (size_t i = 0; i < *count; i++) {
        if (verdicts[i] == '!')
            carts[again++] = carts[i];
        else
            metric_add(self->written, 0, verdicts[i] == '+');
    }
    *count = again;
    if (again == 0)
        return 0;
    if (view_store_load(&self->views, carts, again, err) != 0)
        return -1;
    return cart_loader_fold(&self->loader, carts, again, err);
}

static enum view_put put(struct denormalizer *self, const struct view_position *positions,
                         size_t position_count, struct error *err)
{
    size_t count = self->cache.dirty_count;
    struct cached_cart **carts = mem_alloc(count * sizeof(struct cached_cart *));
    enum view_put result = VIEW_PUT_REBUILT;
    if (count > self->verdict_capacity) {
        self->verdict_capacity = count;
        self->verdicts = mem_realloc(self->verdicts, count);
    }
    if (count > 0)
        memcpy(carts, self->cache.dirty, count * sizeof(struct cached_cart *));
    error_set(err, ERROR_RETRIABLE, "a rebuild keeps replacing these carts");
    for (int round = 0; round < PUT_ROUNDS_MAX && result == VIEW_PUT_REBUILT; round++) {
        result = view_store_put(&self->views, carts, count, positions, position_count,
                                self->verdicts, err);
        if ((result == VIEW_PUT_DONE || result == VIEW_PUT_REBUILT) &&
            refold(self, carts, &count, self->verdicts, err) != 0)
            result = VIEW_PUT_FAILED;
    }
    free(carts);
    return result;
}

static enum service_outcome flush(void *state, const struct service_position *positions,
                                  size_t count, struct error *err)
{
    struct denormalizer *self = of_state(state);
    if (use_redis(self, err) != 0)
        return SERVICE_RETRY;
    struct view_position *moves = mem_alloc(count * sizeof(moves[0]));
    for (size_t i = 0; i < count; i++) {
        int partition = positions[i].partition;
        moves[i] = (struct view_position){partition, self->believed[partition],
                                          positions[i].position, positions[i].offset};
    }
    enum view_put result = put(self, moves, count, err);
    free(moves);
    if (result == VIEW_PUT_LOST) {
        forget_all(self);
        return SERVICE_RELOAD;
    }
    note_write(self, result == VIEW_PUT_DONE, err);
    if (result != VIEW_PUT_DONE)
        return SERVICE_RETRY;
    for (size_t i = 0; i < count; i++)
        self->believed[positions[i].partition] = positions[i].position;
    cart_cache_written(&self->cache);
    cart_cache_trim(&self->cache);
    metric_set(self->cache_bytes, 0, (int64_t)self->cache.bytes);
    return SERVICE_HANDLED;
}

static void discard(void *state)
{
    struct denormalizer *self = of_state(state);
    cart_cache_drop_dirty(&self->cache);
    cart_cache_trim(&self->cache);
}

/* ---- now and then */

/* A FLUSHALL, or a restart from an older file, leaves no other trace than this. */
static bool lost_positions(struct denormalizer *self)
{
    struct view_position *there = mem_alloc((size_t)category_cart.partitions * sizeof(there[0]));
    struct error err;
    bool lost = false;
    if (use_redis(self, &err) == 0 &&
        view_positions_read(&self->views.link, category_cart.partitions, &err, there) == 0) {
        for (int i = 0; i < category_cart.partitions; i++)
            lost = lost || there[i].position < self->believed[i];
    }
    free(there);
    return lost;
}

static enum service_outcome tick(void *state, int *ret_again_ms)
{
    struct denormalizer *self = of_state(state);
    struct error err;
    struct pg *pg;
    int64_t now_us = clock_monotonic_us();
    if (now_us >= self->look_us) {
        self->look_us = now_us + TICK_MS * INT64_C(1000);
        if (lost_positions(self)) {
            forget_all(self);
            return SERVICE_RELOAD;
        }
    }
    int more = 0;
    if (self->repair.running || self->repair.any_wanted) {
        more = use_redis(self, &err) == 0 && service_store(self->runtime, &err, &pg) == 0
                   ? repair_step(&self->repair, pg, &self->views, &err)
                   : -1;
        if (more < 0) {
            self->repair.resume = self->repair.running;
            service_trouble(self->runtime, "repairing views", &err);
        }
    }
    metric_set(self->repairing, 0, self->repair.running || self->repair.any_wanted);
    *ret_again_ms = more > 0 ? 0 : more < 0 ? REPAIR_RETRY_MS : TICK_MS;
    return SERVICE_HANDLED;
}

static const struct setting settings[] = {
    {"redis_connection_string", SETTING_TEXT,
     offsetof(struct denormalizer_settings, redis_connection_string), NULL, 0, 0,
     "REDIS_CONNECTION_STRING", "where the views are: host:port", false},
    {"cache_bytes", SETTING_INT, offsetof(struct denormalizer_settings, cache_bytes), "16777216", 0,
     INT64_C(1) << 40, NULL, "memory for carts that are folded on without asking Redis", false},
};

static const struct service_verb verbs[] = {
    {.name = "--rebuild",
     .help = "makes all views anew from the event store, beside a running denormalizer",
     .run = rebuild_run},
};

const struct service denormalizer_service = {
    .name = "denormalizer",
    .summary = "folds each cart's events into its view in Redis",
    .http_port = "5204",
    .categories = {&category_cart},
    .settings = settings,
    .setting_count = ARRAY_SIZE(settings),
    .settings_size = sizeof(struct denormalizer_settings),
    .verbs = verbs,
    .verb_count = ARRAY_SIZE(verbs),
    .conditions = {[CONDITION_REDIS] = "redis"},
    .check = check,
    .open = open_denormalizer,
    .load_position = load_position,
    .inspect = inspect,
    .prefetch = prefetch,
    .handle = handle,
    .flush = flush,
    .discard = discard,
    .tick = tick,
    .close = close_denormalizer,
};

/* The service's one thread: a turn for each feed, periodic work between them.
 * Owner: lib/service. Thread: the service's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "eventstore/read.h"
#include "service/intake.h"
#include "service/runtime.h"
#include "service/settings.h"
#include "service/turn.h"

enum {
    IDLE_WAIT_MS = 50,     /* a record ends the wait at once */
    IDLE_WAIT_SEVERAL = 5, /* feeds are asked in turn */
    TICK_MS = 1000,
    START_TICK_MS = 20, /* while it is not ready for the first time */
    START_MS = 10000,   /* but no longer than that: then something is away */
    HEADS_TIMEOUT_MS = 1000,
};

void runtime_trouble(struct service_runtime *runtime, const char *what, const struct error *err)
{
    /* The beginning tells troubles apart; further on are counts and times that always differ. */
    char key[96];
    snprintf(key, sizeof(key), "%s: %.48s", what, err->message);
    if (log_limit_passes(&runtime->troubles, key, clock_monotonic_us()))
        log_warning("will be tried again", LOG_TEXT("what", what), LOG_TEXT("why", err->message));
}

void runtime_reload(struct service_runtime *runtime)
{
    counters_add(&runtime->counters, CONSUMER_RELOADS, 1);
    for (size_t i = 0; i < runtime->feed_count; i++)
        feed_hold_all(&runtime->feeds[i]);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int wait_ms(const struct service_runtime *runtime, const struct feed *feed)
{
    int most = runtime->feed_count > 1 ? IDLE_WAIT_SEVERAL : IDLE_WAIT_MS;
    if (runtime->batch.count > 0)
        return 0;
    int left = clock_left_ms(earlier(feed_next_wake_us(feed), runtime->tick_us));
    return left < most ? left : most;
}

/* Whether everything that the topic had at the last fetch was taken. */
static bool at_end(const struct partition *partition)
{
    int64_t low, high;
    if (!kafka_consumer_last_watermarks(partition->feed->consumer, partition->number, &low, &high))
        return false;
    return (partition->offset >= 0 ? partition->offset : low) >= high;
}

/* Nothing came: a partition whose tail is in doubt looks into the store. */
static void probe(struct feed *feed)
{
    int64_t now_us = clock_monotonic_us();
    for (int i = 0; i < feed->category->partitions; i++) {
        struct partition *partition = &feed->partitions[i];
        if (!partition->assigned || partition->paused || partition->probe_us == 0 ||
            now_us < partition->probe_us || !at_end(partition))
            continue;
        partition->probe_us = 0;
        partition_fill(partition, INT64_MAX, false);
    }
}

static void turn(struct feed *feed)
{
    struct service_runtime *runtime = feed->runtime;
    feed_open(feed);
    if (feed->consumer == NULL) {
        struct timespec pause = {0, IDLE_WAIT_MS * 1000000L};
        nanosleep(&pause, NULL);
        return;
    }
    intake_begin(feed);
    feed_wake(feed);
    intake_topic(feed, wait_ms(runtime, feed));
    if (runtime->batch.count > 0)
        turn_handle(feed);
    else
        probe(feed);
    batch_clear(&runtime->batch);
    feed_commit(feed, clock_monotonic_us());
}

static void compare_heads(struct feed *feed, struct pg *pg)
{
    struct service_runtime *runtime = feed->runtime;
    int64_t *heads = mem_alloc((size_t)feed->category->partitions * sizeof(heads[0]));
    struct error err;
    if (read_heads(pg, feed->category, HEADS_TIMEOUT_MS, &err, heads) != 0) {
        runtime_trouble(runtime, "reading the event store", &err);
        free(heads);
        return;
    }
    for (int i = 0; i < feed->category->partitions; i++) {
        struct partition *partition = &feed->partitions[i];
        if (!partition->assigned || partition->mode == PARTITION_HELD)
            continue;
        int64_t lag = heads[i] - partition->position;
        counters_set(&runtime->counters, CONSUMER_STORE_LAG, partition->series, lag > 0 ? lag : 0);
        if (lag < 0 && !partition->stopped)
            partition_stop(partition, "the store ends before the applied position");
    }
    free(heads);
}

/* About each second: is everything there that we need, and how far behind are we. */
static void watch(struct service_runtime *runtime)
{
    struct pg *pg;
    struct error err = {.message = ""};
    bool ok = store_use(&runtime->store, &err, &pg) == 0;
    health_set(&runtime->health, runtime->condition_postgres, ok, err.message);
    if (!ok && runtime->store.refused) {
        log_error(err.message);
        runtime->refused = true;
        return;
    }
    if (!ok)
        runtime_trouble(runtime, "PostgreSQL", &err);
    for (size_t i = 0; i < runtime->feed_count; i++) {
        if (ok && pg_usable(pg))
            compare_heads(&runtime->feeds[i], pg);
        feed_publish(&runtime->feeds[i]);
    }
}

static int tick_ms(struct service_runtime *runtime, int64_t now_us)
{
    if (now_us >= runtime->starting_us || health_good(&runtime->health))
        runtime->starting_us = 0;
    return runtime->starting_us > 0 ? START_TICK_MS : TICK_MS;
}

static void tick(struct service_runtime *runtime)
{
    int64_t now_us = clock_monotonic_us();
    int every_ms = tick_ms(runtime, now_us);
    if (now_us >= runtime->watch_us) {
        watch(runtime);
        runtime->watch_us = clock_monotonic_us() + every_ms * INT64_C(1000);
    }
    if (now_us < runtime->tick_us)
        return;
    int again_ms = every_ms;
    if (runtime->service->tick != NULL &&
        runtime->service->tick(runtime->state, &again_ms) == SERVICE_RELOAD)
        runtime_reload(runtime);
    runtime->tick_us = earlier(clock_monotonic_us() + again_ms * INT64_C(1000), runtime->watch_us);
}

/* SIGHUP: what can change while running changes; a bad file changes nothing. */
static void reload_settings(struct service_runtime *runtime)
{
    struct error err;
    void *values;
    if (settings_load(runtime->service, &runtime->table, runtime->config_file, &err, &values) !=
        0) {
        log_error("settings not reloaded, the old ones stay", LOG_TEXT("why", err.message));
        return;
    }
    enum log_level level;
    CHECK(log_level_parse(((struct service_settings *)values)->log_level, &level) == 0);
    log_set_level(level);
    auth_reload(runtime->auth);
    if (runtime->service->reload != NULL)
        runtime->service->reload(runtime->state, values);
    settings_free(&runtime->table, values);
    log_info("settings reloaded");
}

void loop_run(struct service_runtime *runtime)
{
    runtime->starting_us = clock_monotonic_us() + START_MS * INT64_C(1000);
    while (!atomic_load(&runtime->signals.drain) && !runtime->refused) {
        if (atomic_exchange(&runtime->signals.reload, false))
            reload_settings(runtime);
        tick(runtime);
        for (size_t i = 0; i < runtime->feed_count && !runtime->refused; i++)
            turn(&runtime->feeds[i]);
    }
}

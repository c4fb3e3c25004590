/* A feed: one category's topic as this service reads it, and where each partition is.
 * Owner: lib/service. Thread: the service's.
 */
#include "service/feed.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "service/backoff.h"
#include "service/runtime.h"

enum {
    KAFKA_TIMEOUT_MS = 2000,
    COMMIT_EVERY_MS = 200,
    TROUBLE_WITHIN_MS = 3000,
    REOPEN_MAX_MS = 5000,
    FETCH_WAIT_MS = 100,       /* without collecting: a record ends the wait */
    COLLECT_BYTES = 1 << 20,   /* more than that is handed over at once */
    SESSION_TIMEOUT_MS = 6000, /* how long the partitions of a killed process wait for another */
    PREFETCH_BYTES = 4 * 1024 * 1024,
};

void feed_init(struct feed *feed, struct service_runtime *runtime, const struct category *category,
               unsigned first_series)
{
    *feed = (struct feed){.runtime = runtime, .category = category};
    feed->partitions = mem_calloc((size_t)category->partitions, sizeof(feed->partitions[0]));
    for (int i = 0; i < category->partitions; i++)
        feed->partitions[i] =
            (struct partition){.feed = feed, .number = i, .series = first_series + (unsigned)i};
    feed->letters = (struct dead_letters){
        .service = runtime->service->name,
        .bootstrap_servers = runtime->common->kafka_bootstrap_servers,
        .category = category,
        .value_max = DEAD_LETTER_VALUE_MAX,
    };
}

static void on_assigned(void *context, struct kafka_start *starts, size_t count)
{
    struct feed *feed = context;
    feed->joined = true;
    for (size_t i = 0; i < count; i++) {
        starts[i].offset = KAFKA_OFFSET_HOLD;
        if (starts[i].partition >= feed->category->partitions) {
            log_error("the topic has more partitions than the store; they are not read",
                      LOG_TEXT("topic", feed->category->topic),
                      LOG_INT("partition", starts[i].partition));
            continue;
        }
        struct partition *partition = &feed->partitions[starts[i].partition];
        *partition = (struct partition){
            .feed = feed,
            .number = partition->number,
            .series = partition->series,
            .assigned = true,
            .epoch = partition->epoch + 1,
            .paused = true,
            .offset = KAFKA_OFFSET_BEGINNING,
            .next_offset = KAFKA_OFFSET_BEGINNING,
            .committed = -1,
        };
    }
    log_info("partitions assigned", LOG_TEXT("topic", feed->category->topic),
             LOG_INT("count", (int64_t)count));
}

/* Collects what is applied and not committed; how many. HELD: the position is in doubt. */
static size_t uncommitted(const struct feed *feed, struct kafka_start *offsets)
{
    size_t count = 0;
    for (int i = 0; i < feed->category->partitions; i++) {
        const struct partition *partition = &feed->partitions[i];
        if (partition->assigned && partition->mode != PARTITION_HELD && partition->offset >= 0 &&
            partition->offset != partition->committed)
            offsets[count++] = (struct kafka_start){i, partition->offset};
    }
    return count;
}

static void commit_all(struct feed *feed, bool wait)
{
    struct kafka_start *offsets =
        mem_alloc((size_t)feed->category->partitions * sizeof(offsets[0]));
    size_t count = uncommitted(feed, offsets);
    struct error err;
    int rc = 0;
    if (count > 0)
        rc = wait ? kafka_consumer_commit(feed->consumer, offsets, count, KAFKA_TIMEOUT_MS, &err)
                  : kafka_consumer_commit_async(feed->consumer, offsets, count, &err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        feed->partitions[offsets[i].partition].committed = offsets[i].offset;
    /* Only a hint is lost: the position decides where to go on. */
    if (rc != 0)
        runtime_trouble(feed->runtime, "committing offsets", &err);
    free(offsets);
}

static void on_revoked(void *context, const int *partitions, size_t count, bool lost)
{
    struct feed *feed = context;
    if (!lost)
        commit_all(feed, true);
    for (size_t i = 0; i < count; i++) {
        if (partitions[i] >= feed->category->partitions)
            continue;
        struct partition *partition = &feed->partitions[partitions[i]];
        partition->assigned = false;
        counters_set(&feed->runtime->counters, CONSUMER_LAG, partition->series, 0);
        counters_set(&feed->runtime->counters, CONSUMER_STORE_LAG, partition->series, 0);
        counters_set(&feed->runtime->counters, CONSUMER_STOPPED, partition->series, 0);
    }
    log_info(lost ? "partitions lost" : "partitions revoked",
             LOG_TEXT("topic", feed->category->topic), LOG_INT("count", (int64_t)count));
}

/* A group for each topic: a rebalance of one does not stop the others. The first category's is the
 * one that was configured. */
static void group_of(const struct feed *feed, struct buf *out)
{
    buf_text(out, feed->runtime->common->kafka_group_id);
    if (feed->category != feed->runtime->service->categories[0])
        buf_printf(out, ".%s", feed->category->name);
}

void feed_open(struct feed *feed)
{
    const struct service_settings *settings = feed->runtime->common;
    if (feed->consumer != NULL || clock_monotonic_us() < feed->reopen_us)
        return;
    struct buf group = {0};
    int collect_ms = feed->runtime->service->collect_ms;
    group_of(feed, &group);
    struct kafka_consumer_options options = {
        .bootstrap_servers = settings->kafka_bootstrap_servers,
        .client_id = feed->runtime->service->name,
        .topic = feed->category->topic,
        .group_id = buf_cstr(&group),
        .instance_id = settings->kafka_instance_id[0] != '\0' ? settings->kafka_instance_id : NULL,
        .session_timeout_ms = SESSION_TIMEOUT_MS,
        .prefetch_bytes = PREFETCH_BYTES,
        .fetch_wait_ms = collect_ms > 0 ? collect_ms : FETCH_WAIT_MS,
        .fetch_min_bytes = collect_ms > 0 ? COLLECT_BYTES : 1,
        .assigned = on_assigned,
        .revoked = on_revoked,
        .context = feed,
    };
    struct error err;
    if (kafka_consumer_open(&options, &err, &feed->consumer) != 0)
        feed_reopen_later(feed, &err);
    buf_free(&group);
}

bool feed_close(struct feed *feed, int timeout_ms)
{
    bool closed = true;
    if (feed->consumer != NULL)
        closed = kafka_consumer_close(feed->consumer, timeout_ms);
    feed->consumer = NULL;
    feed->joined = false;
    for (int i = 0; i < feed->category->partitions; i++)
        feed->partitions[i].assigned = false;
    return closed;
}

void feed_free(struct feed *feed)
{
    dead_letters_close(&feed->letters);
    free(feed->partitions);
    feed->partitions = NULL;
}

void feed_reopen_later(struct feed *feed, const struct error *why)
{
    int64_t now_us = clock_monotonic_us();
    runtime_trouble(feed->runtime, "Kafka consumer, opening it anew", why);
    batch_clear(&feed->runtime->batch); /* its messages belong to the consumer */
    feed_close(feed, KAFKA_TIMEOUT_MS);
    feed->reopen_attempt++;
    feed->reopen_us =
        now_us + backoff_ms(feed->reopen_attempt, REOPEN_MAX_MS, (uint32_t)now_us) * INT64_C(1000);
}

void feed_hold_all(struct feed *feed)
{
    for (int i = 0; i < feed->category->partitions; i++) {
        struct partition *partition = &feed->partitions[i];
        if (!partition->assigned)
            continue;
        partition->mode = PARTITION_HELD;
        partition_wait(partition, 0);
    }
}

void feed_commit(struct feed *feed, int64_t now_us)
{
    if (feed->consumer == NULL || now_us < feed->commit_us)
        return;
    feed->commit_us = now_us + COMMIT_EVERY_MS * INT64_C(1000);
    commit_all(feed, false);
}

void feed_publish(struct feed *feed)
{
    struct counters *counters = &feed->runtime->counters;
    struct error err = {.message = "not a member of the consumer group yet"};
    for (int i = 0; feed->consumer != NULL && i < feed->category->partitions; i++) {
        struct partition *partition = &feed->partitions[i];
        int64_t low, high;
        if (!partition->assigned || !kafka_consumer_last_watermarks(feed->consumer, i, &low, &high))
            continue;
        int64_t at = partition->offset >= 0 ? partition->offset : low;
        counters_set(counters, CONSUMER_LAG, partition->series, high > at ? high - at : 0);
    }
    bool ok = feed->consumer != NULL && feed->joined &&
              !kafka_consumer_trouble(feed->consumer, TROUBLE_WITHIN_MS, &err);
    health_set(&feed->runtime->health, feed->runtime->condition_kafka, ok, err.message);
    if (ok)
        feed->reopen_attempt = 0;
    else if (feed->consumer != NULL &&
             kafka_consumer_trouble(feed->consumer, TROUBLE_WITHIN_MS, &err))
        runtime_trouble(feed->runtime, "Kafka", &err);
}

/* A partition's way between its modes: see the picture in feed.h.
 * Owner: lib/service. Thread: the service's.
 */
#include "base/clock.h"
#include "base/log.h"
#include "service/backoff.h"
#include "service/feed.h"
#include "service/intake.h"
#include "service/runtime.h"

enum { SEEK_TIMEOUT_MS = 300, COMMITTED_TIMEOUT_MS = 2000 };

void partition_wait(struct partition *partition, int delay_ms)
{
    struct error err;
    partition->wake_us = clock_monotonic_us() + delay_ms * INT64_C(1000);
    if (partition->paused)
        return;
    partition->paused = true;
    /* Were it not paused after all, its records would be dropped until it seeks back. */
    if (kafka_consumer_pause(partition->feed->consumer, partition->number, &err) != 0)
        runtime_trouble(partition->feed->runtime, "pausing a partition", &err);
}

void partition_retry(struct partition *partition)
{
    struct service_runtime *runtime = partition->feed->runtime;
    partition->attempt++;
    counters_add(&runtime->counters, CONSUMER_RETRIES, 1);
    partition_wait(partition,
                   backoff_ms(partition->attempt, (int)runtime->common->retry_max_ms,
                              (uint32_t)clock_monotonic_us() + partition->series * 7919));
}

void partition_fill(struct partition *partition, int64_t upto, bool required)
{
    partition->mode = PARTITION_FILLING;
    partition->fill_upto = upto;
    partition->fill_required = required;
    partition_wait(partition, 0);
}

static void set_stopped(struct partition *partition, bool stopped)
{
    partition->stopped = stopped;
    counters_set(&partition->feed->runtime->counters, CONSUMER_STOPPED, partition->series, stopped);
}

/* The one state that only an operator can end: nothing is skipped, nothing is guessed. */
void partition_stop(struct partition *partition, const char *why)
{
    if (partition->mode != PARTITION_FILLING)
        partition_fill(partition, partition->position + 1, true);
    if (!partition->stopped)
        log_error("partition stopped: topic and event store contradict each other; was the store "
                  "restored from a backup, or the topic written by somebody else?",
                  LOG_TEXT("topic", partition->feed->category->topic),
                  LOG_INT("partition", partition->number), LOG_INT("have", partition->position),
                  LOG_INT("want", partition->fill_upto), LOG_TEXT("why", why));
    set_stopped(partition, true);
    partition_wait(partition, FEED_STOPPED_RECHECK_MS);
}

/* Back to the topic. */
static void go_live(struct partition *partition)
{
    struct kafka_consumer *consumer = partition->feed->consumer;
    struct error err;
    partition->mode = PARTITION_LIVE;
    if (kafka_consumer_seek(consumer, partition->number, partition->offset, SEEK_TIMEOUT_MS,
                            &err) != 0 ||
        kafka_consumer_resume(consumer, partition->number, &err) != 0) {
        runtime_trouble(partition->feed->runtime, "going on with a partition", &err);
        partition_retry(partition);
        return;
    }
    partition->paused = false;
}

/* Without a hint of the effect the group's offset is one: it never passes the applied position. */
static int find_offset(struct partition *partition, int64_t hint, struct error *err)
{
    if (hint >= 0) {
        partition->offset = hint;
        return 0;
    }
    if (partition->offset >= 0)
        return 0; /* known from before a reload, when the position was not higher than now */
    struct kafka_start committed = {partition->number, KAFKA_OFFSET_COMMITTED};
    if (kafka_consumer_committed(partition->feed->consumer, &committed, 1, COMMITTED_TIMEOUT_MS,
                                 err) != 0)
        return -1;
    partition->offset = committed.offset >= 0 ? committed.offset : KAFKA_OFFSET_BEGINNING;
    return 0;
}

static void load(struct partition *partition)
{
    struct service_runtime *runtime = partition->feed->runtime;
    struct service_position at = {partition->feed->category, partition->number, 0, -1};
    struct error err;
    if (runtime->service->load_position(runtime->state, at.category, at.partition, &err, &at) !=
            SERVICE_HANDLED ||
        find_offset(partition, at.offset, &err) != 0) {
        runtime_trouble(runtime, "loading a position", &err);
        partition_retry(partition);
        runtime->tick_us = 0; /* the service may have work to do before it can tell */
        return;
    }
    partition->position = partition->cursor = partition->next_position = at.position;
    partition->next_offset = partition->offset;
    partition->last_position = 0;
    partition->attempt = 0;
    set_stopped(partition, false);
    partition->probe_us = clock_monotonic_us() + FEED_PROBE_AFTER_ASSIGN_MS * INT64_C(1000);
    counters_set(&runtime->counters, CONSUMER_POSITION, partition->series, at.position);
    log_debug("partition starts", LOG_TEXT("topic", at.category->topic),
              LOG_INT("partition", at.partition), LOG_INT("position", at.position),
              LOG_INT("offset", partition->offset));
    go_live(partition);
}

static void fill(struct partition *partition)
{
    struct service_runtime *runtime = partition->feed->runtime;
    struct error err;
    if (partition->position >= partition->fill_upto) {
        go_live(partition);
        return;
    }
    int rc = intake_store(partition, &err);
    if (rc > 0) {
        set_stopped(partition, false);
        partition->wake_us = 0;
    } else if (rc == 0 && !partition->fill_required) {
        go_live(partition);
    } else if (rc == 0) {
        partition_stop(partition, "the topic is ahead of the store");
    } else if (err.kind == ERROR_PERMANENT) {
        partition_stop(partition, err.message);
    } else {
        runtime_trouble(runtime, "reading the event store", &err);
        partition_retry(partition);
    }
}

void feed_wake(struct feed *feed)
{
    int64_t now_us = clock_monotonic_us();
    for (int i = 0; feed->consumer != NULL && i < feed->category->partitions; i++) {
        struct partition *partition = &feed->partitions[i];
        if (!partition->assigned || !partition->paused || now_us < partition->wake_us)
            continue;
        /* Pages of the store share the batch with the others' records. */
        bool room = feed->runtime->batch.count < (size_t)feed->runtime->common->batch_max &&
                    feed->runtime->batch.bytes < BATCH_BYTES_MAX;
        switch (partition->mode) {
        case PARTITION_HELD:
            load(partition);
            break;
        case PARTITION_LIVE:
            go_live(partition);
            break;
        case PARTITION_FILLING:
            if (room)
                fill(partition);
            break;
        }
    }
}

int64_t feed_next_wake_us(const struct feed *feed)
{
    int64_t next_us = INT64_MAX;
    for (int i = 0; i < feed->category->partitions; i++) {
        const struct partition *partition = &feed->partitions[i];
        if (partition->assigned && partition->paused && partition->wake_us < next_us)
            next_us = partition->wake_us;
    }
    return next_us;
}

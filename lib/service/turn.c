/* One batch through the service: prefetch, handle, dead letters, flush, and only then the
 * positions. Owner: lib/service. Thread: the service's.
 */
#include "service/turn.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "service/runtime.h"

/* A rebalance while the batch was collected may have taken the partition away. */
static bool is_ours(const struct item *item)
{
    return item->partition->assigned && item->partition->epoch == item->epoch;
}

static void prefetch(struct feed *feed)
{
    struct service_runtime *runtime = feed->runtime;
    struct batch *batch = &runtime->batch;
    size_t count = 0;
    if (runtime->service->prefetch == NULL)
        return;
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->items[i].kind == ITEM_EVENT && is_ours(&batch->items[i]))
            batch->events[count++] = &batch->items[i].event;
    }
    if (count > 0)
        runtime->service->prefetch(runtime->state, feed->category, batch->events, count);
}

static void pass(struct item *item)
{
    if (!item->from_store)
        item->partition->next_offset = item->message.offset + 1;
}

/* The letter is queued; confirmed before anything of this batch is believed. */
static int reject(struct feed *feed, struct item *item, const char *reason, struct error *err)
{
    struct partition *partition = item->partition;
    struct dead_letter letter = {
        .message = item->from_store ? NULL : &item->message,
        .event = item->has_event ? &item->event : NULL,
        .reason = reason,
    };
    if (dead_letter_send(&feed->letters, &letter, err) != 0)
        return -1;
    partition->has_letter = true;
    pass(item);
    if (item->from_store) {
        /* The truth itself cannot be handled: it is set aside, and the partition moves on. */
        partition->next_position = item->event.position;
    } else if (item->kind == ITEM_EVENT) {
        /* It claimed to be the next one: the store says what that really is. */
        partition->refill_upto = item->event.position;
        partition->halted = true;
    } else {
        partition->probe_us = 1; /* it may have stood in the place of an event: look when idle */
    }
    /* The letters say it one by one; a flood of them is one story here. */
    if (log_limit_passes(&feed->runtime->rejections, reason, clock_monotonic_us()))
        log_error("record rejected, sent to the dead letter topic",
                  LOG_TEXT("topic", feed->category->topic), LOG_INT("partition", partition->number),
                  LOG_INT("offset", item->from_store ? -1 : item->message.offset),
                  LOG_TEXT("reason", reason));
    return 0;
}

/* A redelivered event has the id that it had. Two valid events with one position: one of them is
 * not from the store, and bytes do not tell which. Only the last event is remembered, which is
 * where a forged one meets the real one. */
static void compare_duplicate(struct feed *feed, const struct item *item)
{
    const struct partition *partition = item->partition;
    char applied[UUID_TEXT_SIZE], came[UUID_TEXT_SIZE];
    counters_add(&feed->runtime->counters, CONSUMER_DUPLICATES, 1);
    if (item->event.position != partition->last_position ||
        uuid_equal(&item->event.event_id, &partition->last_event_id))
        return;
    counters_add(&feed->runtime->counters, CONSUMER_CONFLICTS, 1);
    uuid_format(&partition->last_event_id, applied);
    uuid_format(&item->event.event_id, came);
    if (log_limit_passes(&feed->runtime->rejections, "conflict", clock_monotonic_us()))
        log_error("two events with one position: somebody else writes to the topic, and what was "
                  "made of it may be wrong; the event store knows the real one",
                  LOG_TEXT("topic", feed->category->topic), LOG_INT("partition", partition->number),
                  LOG_INT("position", item->event.position), LOG_TEXT("applied", applied),
                  LOG_TEXT("came", came), LOG_INT("offset", item->message.offset));
}

/* One item; -1 when its letter cannot be sent. */
static int handle(struct feed *feed, struct item *item, struct error *err)
{
    struct service_runtime *runtime = feed->runtime;
    struct partition *partition = item->partition;
    struct error why;
    partition->touched = true;
    switch (item->kind) {
    case ITEM_DUPLICATE:
        compare_duplicate(feed, item);
        pass(item);
        return 0;
    case ITEM_MALFORMED:
        return reject(feed, item, item->reason, err);
    case ITEM_EVENT:
        break;
    }
    switch (runtime->service->handle(runtime->state, feed->category, &item->event, &why)) {
    case SERVICE_HANDLED:
        partition->next_position = partition->last_position = item->event.position;
        partition->last_event_id = item->event.event_id;
        partition->probe_us = 0; /* positions are contiguous up to here */
        pass(item);
        return 0;
    case SERVICE_REJECT:
        return reject(feed, item, why.message, err);
    case SERVICE_RETRY:
        runtime_trouble(runtime, "handling an event", &why);
        partition->halted = true;
        partition_retry(partition);
        return 0;
    case SERVICE_RELOAD:
        break;
    }
    NOT_REACHED();
}

/* The batch did not happen: every partition it touched goes back to where it was. */
static void take_back(struct feed *feed, bool only_letters_failed)
{
    feed->runtime->service->discard(feed->runtime->state);
    for (int i = 0; i < feed->category->partitions; i++) {
        struct partition *partition = &feed->partitions[i];
        if (!partition->assigned || !partition->touched)
            continue;
        if (partition->halted && partition->refill_upto == 0)
            continue; /* waits already */
        if (only_letters_failed && !partition->has_letter)
            partition_wait(partition, 0);
        else
            partition_retry(partition);
    }
}

static size_t moved(const struct feed *feed, struct service_position *positions)
{
    size_t count = 0;
    for (int i = 0; i < feed->category->partitions; i++) {
        const struct partition *partition = &feed->partitions[i];
        if (partition->assigned && partition->touched &&
            partition->next_position > partition->position)
            positions[count++] = (struct service_position){
                feed->category, i, partition->next_position,
                partition->next_offset >= 0 ? partition->next_offset : -1};
    }
    return count;
}

static enum service_outcome flush(struct feed *feed, struct error *err)
{
    struct service_runtime *runtime = feed->runtime;
    struct service_position *positions =
        mem_alloc((size_t)feed->category->partitions * sizeof(positions[0]));
    size_t count = moved(feed, positions);
    enum service_outcome outcome = SERVICE_HANDLED;
    if (count > 0) {
        int64_t begin_us = clock_monotonic_us();
        outcome = runtime->service->flush(runtime->state, positions, count, err);
        metric_observe_us(runtime->counters.flush_duration, 0, clock_monotonic_us() - begin_us);
    }
    free(positions);
    return outcome;
}

static void advance(struct feed *feed)
{
    struct counters *counters = &feed->runtime->counters;
    for (int i = 0; i < feed->category->partitions; i++) {
        struct partition *partition = &feed->partitions[i];
        if (!partition->assigned || !partition->touched)
            continue;
        if (partition->next_position > partition->position) {
            counters_add(counters, CONSUMER_HANDLED,
                         partition->next_position - partition->position);
            partition->attempt = partition->halted ? 1 : 0;
            partition->position = partition->next_position;
            counters_set(counters, CONSUMER_POSITION, partition->series, partition->position);
        }
        partition->offset = partition->next_offset;
        if (partition->refill_upto > 0)
            partition_fill(partition, partition->refill_upto, false);
    }
}

static void count_stored(struct service_runtime *runtime)
{
    int64_t count = 0;
    for (size_t i = 0; i < runtime->batch.count; i++)
        count += runtime->batch.items[i].from_store;
    if (count > 0)
        counters_add(&runtime->counters, CONSUMER_FROM_STORE, count);
}

void turn_handle(struct feed *feed)
{
    struct service_runtime *runtime = feed->runtime;
    struct batch *batch = &runtime->batch;
    struct error err;
    int rc = 0;
    prefetch(feed);
    for (size_t i = 0; rc == 0 && i < batch->count; i++) {
        struct item *item = &batch->items[i];
        if (is_ours(item) && !item->partition->halted)
            rc = handle(feed, item, &err);
    }
    int letters = feed->letters.sent;
    if (rc == 0)
        rc = dead_letters_confirm(&feed->letters, &err);
    else
        dead_letters_close(&feed->letters);
    if (rc != 0) {
        runtime_trouble(runtime, "dead letters", &err);
        take_back(feed, true);
        return;
    }
    counters_add(&runtime->counters, CONSUMER_REJECTED, letters);
    switch (flush(feed, &err)) {
    case SERVICE_HANDLED:
        count_stored(runtime);
        advance(feed);
        return;
    case SERVICE_RELOAD:
        runtime_trouble(runtime, "the effect is not where it was, loading positions anew", &err);
        runtime->service->discard(runtime->state);
        runtime_reload(runtime);
        return;
    case SERVICE_RETRY:
        runtime_trouble(runtime, "flush", &err);
        take_back(feed, false);
        return;
    case SERVICE_REJECT:
        break;
    }
    NOT_REACHED();
}

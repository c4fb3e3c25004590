/* Into the batch: each record or stored event is judged by its bytes and its position.
 * Owner: lib/service. Thread: the service's.
 */
#include "service/intake.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "eventstore/read.h"
#include "eventstore/record_headers.h"
#include "service/position.h"
#include "service/runtime.h"

enum {
    PAGE_EVENTS = 1000,
    FETCH_NOW_EVENTS = 500, /* fewer are not worth a question */
    FETCH_NOW_MS = 1000,
};

void intake_begin(struct feed *feed)
{
    for (int i = 0; i < feed->category->partitions; i++) {
        struct partition *partition = &feed->partitions[i];
        partition->cursor = partition->next_position = partition->position;
        partition->next_offset = partition->offset;
        partition->touched = partition->halted = partition->has_letter = false;
        partition->refill_upto = 0;
    }
}

/* Whether the record is an event of this partition at all. */
static int read_event(struct partition *partition, struct item *item, struct error *err)
{
    const struct category *category = partition->feed->category;
    if (record_read(category, &partition->feed->types, &item->message, err, &item->event) != 0)
        return -1;
    item->has_event = true;
    if (hash_partition(item->event.stream_id.data, item->event.stream_id.len,
                       category->partitions) != partition->number)
        return error_set(err, ERROR_PERMANENT, "the key belongs to another partition");
    return 0;
}

static void found_gap(struct partition *partition, const struct item *item)
{
    struct service_runtime *runtime = partition->feed->runtime;
    counters_add(&runtime->counters, CONSUMER_GAPS, 1);
    log_error("gap in the topic: what is missing is read from the store",
              LOG_TEXT("topic", partition->feed->category->topic),
              LOG_INT("partition", partition->number), LOG_INT("offset", item->message.offset),
              LOG_INT("have", partition->cursor), LOG_INT("got", item->event.position));
    partition_fill(partition, item->event.position - 1, true);
}

/* Judges the item, whose message is set. False: it does not stay in the batch. */
static bool judge(struct partition *partition, struct item *item)
{
    struct service_runtime *runtime = partition->feed->runtime;
    struct error err;
    int rc = read_event(partition, item, &err);
    enum position_verdict verdict = POSITION_NEXT;
    if (rc == 0) {
        verdict = position_check(partition->cursor, item->event.position);
        /* What does not follow is not worth an alarm unless it is an event indeed. */
        if (verdict != POSITION_NEXT)
            rc = runtime->service->inspect(runtime->state, partition->feed->category, &item->event,
                                           &err);
    }
    if (rc != 0) {
        item->kind = ITEM_MALFORMED;
        item->reason = item->owned = mem_strdup(err.message);
        return true;
    }
    switch (verdict) {
    case POSITION_NEXT:
        item->kind = ITEM_EVENT;
        partition->cursor++;
        return true;
    case POSITION_DUPLICATE:
        item->kind = ITEM_DUPLICATE;
        return true;
    case POSITION_GAP:
        found_gap(partition, item);
        return false;
    }
    NOT_REACHED();
}

static void take_record(struct feed *feed, struct kafka_message *message)
{
    struct batch *batch = &feed->runtime->batch;
    struct partition *partition =
        message->partition >= 0 && message->partition < feed->category->partitions
            ? &feed->partitions[message->partition]
            : NULL;
    /* A waiting partition seeks back when it goes on: what still comes from before is not missed.
     */
    if (partition == NULL || !partition->assigned || partition->paused) {
        kafka_message_free(message);
        return;
    }
    struct item *item = batch_add(batch, partition);
    item->message = *message;
    batch->bytes += message->value.len + message->key.len;
    if (!judge(partition, item)) {
        kafka_message_free(&item->message);
        batch->count--;
    }
}

static void start_over(struct feed *feed, const struct kafka_message *at)
{
    if (at->partition < 0 || at->partition >= feed->category->partitions)
        return;
    struct partition *partition = &feed->partitions[at->partition];
    log_warning("the topic does not have our offset; reading it from its beginning, the position "
                "decides what is new",
                LOG_TEXT("topic", feed->category->topic), LOG_INT("partition", at->partition),
                LOG_INT("offset", at->offset), LOG_INT("position", partition->position));
    partition->offset = partition->next_offset = KAFKA_OFFSET_BEGINNING;
    partition_wait(partition, 0);
}

/* While a large batch is handled, more should be on its way. */
static void fetch_more(struct feed *feed)
{
    const struct batch *batch = &feed->runtime->batch;
    if (batch->count >= FETCH_NOW_EVENTS || batch->bytes >= BATCH_BYTES_MAX)
        kafka_consumer_fetch_now(feed->consumer, FETCH_NOW_MS);
}

void intake_topic(struct feed *feed, int timeout_ms)
{
    struct service_runtime *runtime = feed->runtime;
    struct batch *batch = &runtime->batch;
    while (batch->count < (size_t)runtime->common->batch_max && batch->bytes < BATCH_BYTES_MAX) {
        struct kafka_message message = {0};
        struct error err;
        switch (kafka_consumer_poll(feed->consumer, timeout_ms, &err, &message)) {
        case KAFKA_POLL_MESSAGE:
            take_record(feed, &message);
            timeout_ms = 0;
            continue;
        case KAFKA_POLL_OUT_OF_RANGE:
            start_over(feed, &message);
            return;
        case KAFKA_POLL_ERROR:
            if (err.kind == ERROR_PERMANENT)
                feed_reopen_later(feed, &err);
            else
                runtime_trouble(runtime, "Kafka consumer", &err);
            return;
        case KAFKA_POLL_NOTHING:
            fetch_more(feed);
            return;
        case KAFKA_POLL_END:
            return;
        }
    }
    fetch_more(feed);
}

struct page {
    struct partition *partition;
    int count;
};

static int take_stored(void *argument, const struct event_record *event)
{
    struct page *page = argument;
    struct partition *partition = page->partition;
    if (position_check(partition->cursor, event->position) != POSITION_NEXT)
        return 1;
    batch_add_stored(&partition->feed->runtime->batch, partition, event);
    partition->cursor++;
    page->count++;
    return 0;
}

int intake_store(struct partition *partition, struct error *err)
{
    struct service_runtime *runtime = partition->feed->runtime;
    struct page page = {.partition = partition};
    struct pg *pg;
    if (store_use(&runtime->store, err, &pg) != 0)
        return -1;
    int64_t limit = partition->fill_upto - partition->cursor;
    if (limit > PAGE_EVENTS)
        limit = PAGE_EVENTS;
    int rc = read_partition(pg, partition->feed->category, partition->number, partition->cursor,
                            (int)limit, take_stored, &page, STORE_TIMEOUT_MS, err);
    if (rc == 1)
        return error_set(err, ERROR_PERMANENT, "the store has no position %ld but later ones",
                         partition->cursor + 1);
    return rc != 0 ? -1 : page.count > 0;
}

/* From memory or the store to the producer; what was delivered; starting over.
 * Owner: lib/eventstore. Thread: the relay's.
 *
 *   delivered          sent                     head
 *   ────┼───────────────┼────────────────────────┼──▶ position
 *       │ in flight     │ read from the store, or in the inbox
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "eventstore/relay_internal.h"

enum {
    IN_FLIGHT_MAX = 32768,
    IN_FLIGHT_KILOBYTES = 65536,
    PAGE_EVENTS = 2000,
    PAGE_BYTES = 4 << 20,
    STALLED_MS = 30000, /* in flight and nothing delivered for that long: start over */
    CLOSE_MS = 2000,
};

static void on_delivered(void *context, void *opaque, int partition, int64_t offset,
                         const struct error *err)
{
    struct relay *relay = context;
    struct relay_partition *p = &relay->partitions[partition];
    int64_t position = (int64_t)(intptr_t)opaque;
    if (relay->broken)
        return;
    if (err != NULL) {
        relay->broken = true;
        relay->broken_why = *err;
    } else if (position != p->delivered + 1 || offset <= p->offset) {
        /* The order of a partition's reports is the order of sending, and a log only grows. Else it
         * is another log: the topic was made anew under us. */
        relay->broken = true;
        error_set(&relay->broken_why, ERROR_RETRIABLE,
                  "partition %d: position %" PRId64 " at offset %" PRId64 " after %" PRId64
                  " at %" PRId64,
                  partition, position, offset, p->delivered, p->offset);
    } else {
        p->delivered = position;
        p->offset = offset;
        relay->delivered_now++;
    }
}

int relay_open_producer(struct relay *relay, struct error *err)
{
    const struct kafka_producer_options options = {
        .bootstrap_servers = relay->bootstrap_servers,
        .client_id = relay->client_id,
        .topic = relay->category->topic,
        .linger_ms = 1,
        /* A record that timed out alone would let those behind it through: it never does, and a
         * producer without progress is replaced as a whole. */
        .message_timeout_ms = 0,
        .queue_messages = IN_FLIGHT_MAX,
        .queue_kilobytes = IN_FLIGHT_KILOBYTES,
        .delivered = on_delivered,
        .context = relay,
    };
    relay->broken = relay->full = false;
    relay->progress_us = clock_monotonic_us();
    return kafka_producer_open(&options, err, &relay->producer);
}

void relay_start_over(struct relay *relay, const char *why)
{
    if (relay->producer == NULL)
        return;
    if (!kafka_producer_close(relay->producer, CLOSE_MS))
        log_warning("a Kafka producer does not end; it is left behind",
                    LOG_TEXT("topic", relay->category->topic));
    relay->producer = NULL;
    relay->broken = false;
    relay_drop_tail(relay);
    for (int i = 0; i < relay->category->partitions; i++) {
        struct relay_partition *p = &relay->partitions[i];
        if (p->state == RELAY_PUBLISHING)
            p->state = RELAY_RESUMING;
    }
    relay->resets_in_row++;
    relay->resume_due_us =
        clock_monotonic_us() + (int64_t)relay_backoff_ms(relay, relay->resets_in_row) * 1000;
    metric_add(relay->metrics.resets, 0, 1);
    log_warning("relay starts over", LOG_TEXT("topic", relay->category->topic),
                LOG_TEXT("error", why));
}

void relay_take_deliveries(struct relay *relay)
{
    if (relay->producer == NULL)
        return;
    relay->delivered_now = 0;
    while (kafka_producer_poll(relay->producer, 0) > 0)
        ;
    if (relay->delivered_now > 0) {
        metric_add(relay->metrics.published, 0, relay->delivered_now);
        relay->progress_us = clock_monotonic_us();
        relay->resets_in_row = 0;
    }
    int in_flight = kafka_producer_in_flight(relay->producer);
    if (relay->delivered_now > 0 || in_flight == 0)
        relay->full = false;
    if (in_flight == 0)
        relay->progress_us = clock_monotonic_us();
    if (!relay->broken && kafka_producer_fatal(relay->producer, &relay->broken_why))
        relay->broken = true;
    if (relay->broken)
        relay_start_over(relay, relay->broken_why.message);
    else if (kafka_producer_outages(relay->producer) > 0)
        /* What comes back may be another broker with another log: look at its tail first. */
        relay_start_over(relay, "all brokers are out of reach");
    else if (clock_monotonic_us() - relay->progress_us > (int64_t)STALLED_MS * 1000)
        relay_start_over(relay, "nothing is delivered");
}

/* 0: sent, 1: the producer is full, -1: the partition was stopped or the producer is broken. */
static int send_event(struct relay *relay, const struct event_record *event)
{
    struct relay_partition *p = &relay->partitions[event->partition];
    struct kafka_record record = record_write(&relay->headers, relay->category, event);
    struct error err;
    CHECK(event->position == p->sent + 1);
    /* The position travels as the pointer: no memory per event.
     * NOLINTNEXTLINE(performance-no-int-to-ptr) */
    record.opaque = (void *)(intptr_t)event->position;
    if (kafka_producer_send(relay->producer, &record, &err) == 0) {
        p->sent = event->position;
        return 0;
    }
    if (err.kind == ERROR_RETRIABLE) {
        relay->full = true;
        return 1;
    }
    relay->broken = true;
    relay->broken_why = err;
    return -1;
}

static bool has_room(const struct relay *relay, int events)
{
    return relay->producer != NULL && !relay->broken && !relay->full &&
           kafka_producer_in_flight(relay->producer) + events <= IN_FLIGHT_MAX;
}

static void drop_current(struct relay *relay)
{
    free(relay->current);
    relay->current = NULL;
}

/* Sends what follows directly on what was sent. Anything else is behind us, or the store has it.
 * False: the producer is full, the rest stays. */
static bool send_current(struct relay *relay, int *sent)
{
    struct appended *batch = relay->current;
    while (relay->current_index < batch->count) {
        const struct event_record *event = &batch->events[relay->current_index];
        struct relay_partition *p = &relay->partitions[event->partition];
        if (event->position > p->head)
            p->head = event->position;
        if (p->state == RELAY_PUBLISHING && event->position == p->sent + 1) {
            if (!has_room(relay, 1) || send_event(relay, event) != 0)
                return false;
            (*sent)++;
        }
        relay->current_index++;
    }
    drop_current(relay);
    return true;
}

void relay_publish_offered(struct relay *relay)
{
    int64_t now_us = clock_monotonic_us();
    int sent = 0;
    /* The broker pays per request, of the relay and of each consumer: under load offers are
     * collected for a moment. A quiet shop does not wait. */
    if (now_us < relay->pace.due_us)
        return;
    for (;;) {
        if (relay->current == NULL) {
            struct queue_node *node = queue_take(&relay->inbox, 1, 0);
            if (node == NULL)
                break;
            relay->current = CONTAINER_OF(node, struct appended, node);
            relay->current_index = 0;
            atomic_fetch_sub(&relay->inbox_events, (int64_t)relay->current->count);
            atomic_fetch_sub(&relay->inbox_bytes, relay_appended_bytes(relay->current));
        }
        if (!send_current(relay, &sent))
            break;
    }
    relay_pace_note(&relay->pace, now_us, sent);
}

static int send_stored(void *argument, const struct event_record *event)
{
    struct relay *relay = argument;
    struct relay_partition *p = &relay->partitions[event->partition];
    if (event->position != p->sent + 1) {
        relay_raise_alarm(relay, event->partition, RELAY_HOLE, p->sent, event->position);
        return 1;
    }
    relay->page_bytes += (int64_t)event->payload.len;
    return send_event(relay, event) == 0 ? 0 : 1;
}

static bool wants_page(const struct relay *relay, const struct relay_partition *p)
{
    return p->state == RELAY_PUBLISHING && p->sent < p->head && has_room(relay, PAGE_EVENTS);
}

bool relay_has_backlog(const struct relay *relay)
{
    if (atomic_load(&relay->ask_store))
        return true;
    for (int i = 0; i < relay->category->partitions; i++) {
        if (wants_page(relay, &relay->partitions[i]))
            return true;
    }
    return false;
}

/* Events may be large: the next page is cut to what this one weighed. */
static void read_page(struct relay *relay, int partition)
{
    struct relay_partition *p = &relay->partitions[partition];
    struct error err;
    int64_t before = p->sent;
    int limit = relay->page_events > 0 ? relay->page_events : PAGE_EVENTS;
    relay->page_bytes = 0;
    if (read_partition(relay->pg, relay->category, partition, before, limit, send_stored, relay,
                       relay->statement_ms, &err) < 0)
        relay_store_failed(relay, &err);
    if (p->sent == before)
        return;
    int64_t each = relay->page_bytes / (p->sent - before) + 1;
    int64_t fitting = PAGE_BYTES / each;
    relay->page_events = fitting > PAGE_EVENTS ? PAGE_EVENTS : (int)fitting + 1;
}

static void ask_heads(struct relay *relay)
{
    int64_t heads[ARRAY_SIZE(relay->tail_partitions)];
    struct error err;
    atomic_store(&relay->ask_store, false);
    relay->poll_due_us = clock_monotonic_us() + (int64_t)relay->poll_ms * 1000;
    if (read_heads(relay->pg, relay->category, relay->statement_ms, &err, heads) != 0) {
        relay_store_failed(relay, &err);
        return;
    }
    for (int i = 0; i < relay->category->partitions; i++) {
        if (heads[i] > relay->partitions[i].head)
            relay->partitions[i].head = heads[i];
    }
}

void relay_publish_stored(struct relay *relay)
{
    if (relay->pg == NULL || !relay->leading || clock_monotonic_us() < relay->pg_retry_us)
        return;
    if (atomic_load(&relay->ask_store) || clock_monotonic_us() >= relay->poll_due_us)
        ask_heads(relay);
    for (int i = 0; i < relay->category->partitions && relay->pg != NULL; i++) {
        if (!wants_page(relay, &relay->partitions[i]))
            continue;
        read_page(relay, i);
        relay_take_deliveries(relay);
    }
}

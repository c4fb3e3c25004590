/* The relay: publishes each partition's events to Kafka in position order, at least once.
 * Owner: lib/eventstore. Thread: relay_offer from any thread, the rest from one; runs a thread of
 * its own.
 */
#ifndef CARTWRIGHT_EVENTSTORE_RELAY_H
#define CARTWRIGHT_EVENTSTORE_RELAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/metrics.h"
#include "eventstore/category.h"
#include "eventstore/event_record.h"
#include "io/pg.h"

struct relay;

struct relay_options {
    const struct category *category;
    /* Whether a record of the topic whose headers are an event's also has an event's payload; -1:
     * somebody else wrote it. NULL: the headers are enough. On the relay's thread. */
    int (*inspect)(const struct event_record *event, struct error *err);
    struct pg_options pg;
    const char *kafka_bootstrap_servers;
    int lease_ttl_ms; /* a leader that is silent that long is replaced */
    int poll_ms;      /* how often the store is asked when nobody says that there is news */
    struct metrics *metrics;
};

/** Starts the thread; servers may be away, it keeps trying. */
int relay_start(const struct relay_options *options, struct error *err,
                struct relay **ret_relay) WARN_UNUSED;

/** Publishes nothing new, waits briefly for what is in flight, gives up the leases, joins, frees.
 */
void relay_stop(struct relay *relay);

/** Events just committed by this process; takes ownership. Dropped when the queue is full or this
 * process does not lead the partition: the store has them. Never blocks. */
void relay_offer(struct relay *relay, struct appended *appended);

/** Whether the relay can do its work; else a reason for /readyz. Kafka being away is not a reason
 * to refuse commands: only an alarm (topic ahead of or different from the store) makes it false. */
bool relay_healthy(struct relay *relay, char *why, size_t size);

#endif

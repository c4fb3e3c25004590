/* Writes records to one topic, idempotent and pipelined.
 * Owner: lib/io. Thread: all calls from one thread; delivered runs inside kafka_producer_poll and
 * kafka_producer_flush on that thread.
 */
#ifndef CARTWRIGHT_IO_KAFKA_PRODUCER_H
#define CARTWRIGHT_IO_KAFKA_PRODUCER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "io/kafka_message.h"

struct kafka_producer;

struct kafka_producer_options {
    const char *bootstrap_servers;
    const char *client_id;
    const char *topic;
    int linger_ms; /* how long a record waits for company; 0: 1 */
    /* Not acknowledged for that long: delivery fails. 0: never. Where order matters: never, because
     * the records behind one that timed out are sent; watch the progress and purge instead. */
    int message_timeout_ms;
    int queue_messages;  /* bounds on what is in flight; 0: 100000 */
    int queue_kilobytes; /* 0: 65536 */

    /* What became of a record. err NULL: it is in the log at offset, on all in-sync replicas; else
     * it may be there or not. Once a delivery of a partition has failed, later records of it may
     * have been written without it: purge, close, look at the topic's tail. May be NULL. */
    void (*delivered)(void *context, void *opaque, int partition, int64_t offset,
                      const struct error *err);
    void *context;
};

/** Makes the client. Does not wait for a broker: fails only for bad options. */
int kafka_producer_open(const struct kafka_producer_options *options, struct error *err,
                        struct kafka_producer **ret_producer) WARN_UNUSED;

enum { KAFKA_PARTITION_BY_KEY = -1 }; /* as Kafka's Java clients place keys: murmur2 */

struct kafka_record {
    int partition;
    int64_t timestamp_ms; /* 0: now */
    struct slice key, value;
    const struct kafka_header *headers;
    size_t header_count;
    void *opaque; /* comes back in delivered */
};

/** Queues a copy of the record. 0, or -1: retriable when the queue is full (poll, then again),
 * permanent when this record can never be sent (too large) or the producer is fatal. delivered is
 * called for a record exactly if this returned 0 and the producer was polled to the end. */
int kafka_producer_send(struct kafka_producer *producer, const struct kafka_record *record,
                        struct error *err) WARN_UNUSED;

/** Runs delivered for what has an outcome, waits at most timeout_ms for the first; how many. */
int kafka_producer_poll(struct kafka_producer *producer, int timeout_ms);

/** Records whose delivered has not run yet, and other news that waits for kafka_producer_poll. */
int kafka_producer_in_flight(const struct kafka_producer *producer);

/** An fd that becomes readable when kafka_producer_poll has work to do; read it empty first, then
 * poll until it returns 0. Belongs to the producer. */
int kafka_producer_fd(const struct kafka_producer *producer);

/** Whether the producer can never send again (see PITFALLS of idempotence: close and open anew). */
bool kafka_producer_fatal(const struct kafka_producer *producer, struct error *err);

/** How often all brokers were out of reach at once, as noticed by kafka_producer_poll. Whoever
 * answers next may hold another log than the one that was written to. */
int kafka_producer_outages(const struct kafka_producer *producer);

/** Sends without lingering and waits until nothing is in flight; -1 with a retriable error after
 * timeout_ms. */
int kafka_producer_flush(struct kafka_producer *producer, int timeout_ms,
                         struct error *err) WARN_UNUSED;

/** Drops what is queued or in flight; each record's delivered runs with an error at the next poll.
 */
void kafka_producer_purge(struct kafka_producer *producer);

/** Frees without waiting for records in flight (flush first); delivered does not run any more.
 * Returns after timeout_ms in any case; false: the client hangs and is left to a thread of its own.
 */
bool kafka_producer_close(struct kafka_producer *producer, int timeout_ms);

#endif

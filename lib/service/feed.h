/* A feed: one category's topic as this service reads it, and where each partition is.
 * Owner: lib/service. Thread: the service's.
 *
 * A partition is in one of three modes:
 *
 *            load_position knows          a gap, or the tail is in doubt
 *   HELD ------------------------> LIVE --------------------------------> FILLING
 *    ^  ^                           |  ^                                    |  |
 *    |  +------- RELOAD ------------+  +---- all of the range handled ------+  |
 *    +---------- RELOAD -------------------------------------------------------+
 *
 * LIVE takes records from the topic, FILLING takes events from the store. A partition that waits
 * (its back-off runs, or it is not LIVE) is paused in Kafka and keeps no records: it seeks back to
 * `offset` when it goes on. So memory is bounded by one batch however long the trouble lasts.
 */
#ifndef CARTWRIGHT_SERVICE_FEED_H
#define CARTWRIGHT_SERVICE_FEED_H

#include "eventstore/record_headers.h"
#include "io/kafka_consumer.h"
#include "service/dead_letter.h"
#include "service/service.h"

enum partition_mode { PARTITION_HELD, PARTITION_LIVE, PARTITION_FILLING };

struct partition {
    struct feed *feed;
    int number;
    unsigned series; /* in the metrics */
    bool assigned;
    uint32_t epoch; /* counts assignments: what was collected before is not ours any more */
    enum partition_mode mode;
    bool paused;        /* in Kafka, by us */
    int64_t wake_us;    /* when paused: not before */
    int attempt;        /* failures in a row */
    int64_t position;   /* applied; every event up to it has its effect */
    int64_t offset;     /* of the next record, or KAFKA_OFFSET_BEGINNING */
    int64_t committed;  /* the group's offset, as we wrote it; -1: not written */
    int64_t fill_upto;  /* FILLING: last position to take from the store; INT64_MAX: its end */
    bool fill_required; /* the store must have it: the topic had something later */
    int64_t probe_us;   /* look once whether the store has more, when idle after this; 0: no */
    bool stopped;       /* topic and store contradict each other */

    /* The event that was handled last; position 0: unknown. */
    int64_t last_position;
    struct uuid last_event_id;

    /* of the batch that is being collected and handled */
    int64_t cursor; /* position after all of the batch */
    int64_t next_position, next_offset;
    bool touched, halted, has_letter;
    int64_t refill_upto; /* a rejected event's position: see what the store has there; 0: none */
};

struct feed {
    struct service_runtime *runtime;
    const struct category *category;
    struct partition *partitions;
    struct kafka_consumer *consumer; /* NULL while it is closed */
    struct dead_letters letters;
    struct record_types types;
    bool joined;
    int reopen_attempt;
    int64_t reopen_us, commit_us;
};

enum { FEED_STOPPED_RECHECK_MS = 10000, FEED_PROBE_AFTER_ASSIGN_MS = 2000 };

void feed_init(struct feed *feed, struct service_runtime *runtime, const struct category *category,
               unsigned first_series);

/** Opens the consumer when it is closed and its back-off is over. */
void feed_open(struct feed *feed);

/** Leaves the group after a last synchronous commit. false: the Kafka client hangs. */
bool feed_close(struct feed *feed, int timeout_ms);
void feed_free(struct feed *feed);

/** The consumer refused to go on: closed, opened anew after a while. */
void feed_reopen_later(struct feed *feed, const struct error *why);

/** Lets partitions whose time has come go on; those that are FILLING may add to the batch. */
void feed_wake(struct feed *feed);

/** When the next waiting partition's time comes; INT64_MAX: none waits. */
int64_t feed_next_wake_us(const struct feed *feed);

/** Pauses the partition until delay_ms from now. */
void partition_wait(struct partition *partition, int delay_ms);

/** The same after a failure: counts it and takes the back-off's delay. */
void partition_retry(struct partition *partition);

/** From here on the store is asked for everything above the position, up to upto. */
void partition_fill(struct partition *partition, int64_t upto, bool required);

/** Topic or effect and the store contradict each other: an alarm, and nothing is handled until they
 * do not any more. Looks again every FEED_STOPPED_RECHECK_MS. */
void partition_stop(struct partition *partition, const char *why);

/** Everything is asked anew from load_position. */
void feed_hold_all(struct feed *feed);

/** Commits the applied offsets now and then; publishes lag. */
void feed_commit(struct feed *feed, int64_t now_us);
void feed_publish(struct feed *feed);

#endif

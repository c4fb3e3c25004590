/* What the relay's files share; nobody else includes it.
 * Owner: lib/eventstore. Thread: the relay's, but for what is atomic.
 *
 *   relay.c          start, stop, the loop, offers from other threads
 *   relay_lead.c     leases: which partitions are ours
 *   relay_resume.c   from the topic's tail to a partition that publishes, or an alarm
 *   relay_publish.c  from memory or the store to the producer; what was delivered; starting over
 *   relay_pace.c     how often the inbox is looked at
 *   relay_wake.c     LISTEN and NOTIFY, on a thread of its own
 */
#ifndef CARTWRIGHT_EVENTSTORE_RELAY_INTERNAL_H
#define CARTWRIGHT_EVENTSTORE_RELAY_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/queue.h"
#include "base/uuid.h"
#include "eventstore/lease.h"
#include "eventstore/read.h"
#include "eventstore/record_headers.h"
#include "eventstore/relay.h"
#include "eventstore/relay_pace.h"
#include "eventstore/relay_tail.h"
#include "eventstore/relay_wake.h"
#include "io/kafka_producer.h"

/*              lease gained            tail read and verified
 *   FOLLOWING ─────────────▶ RESUMING ────────────────────────▶ PUBLISHING
 *       ▲                     ▲   │ ▲                               │
 *       │ lease lost          │   └─┼──────▶ ALARMED                │
 *       └── from any state    │     └──────── now and then          │
 *                             └─────────────────────────────────────┘ any delivery error
 */
enum relay_state { RELAY_FOLLOWING, RELAY_RESUMING, RELAY_PUBLISHING, RELAY_ALARMED };

enum relay_alarm { RELAY_NO_ALARM, RELAY_AHEAD, RELAY_DIFFERS, RELAY_HEADLESS, RELAY_HOLE };

struct relay_partition {
    enum relay_state state;
    int64_t epoch;
    int64_t cursor;    /* what the lease's row has */
    int64_t sent;      /* given to the producer up to here */
    int64_t delivered; /* in the topic up to here, without a gap */
    int64_t head;      /* the store has at least this */
    int64_t offset;    /* of the last record that is known to be in the topic; -1: none */
    int64_t audited;   /* delivered, when the tail that is being read was begun */
    int64_t recheck_us;
    bool in_tail;      /* the tail that is being read will tell of it */
    _Atomic bool led;  /* for relay_offer */
    _Atomic int alarm; /* enum relay_alarm; for relay_healthy */
};

enum { RELAY_PARTITIONS_MAX = 1024, RELAY_GAUGES = 4 };

struct relay_metrics {
    struct metric *lag, *position, *leader, *alarm, *published, *resets;
};

struct relay {
    const struct category *category;
    int (*inspect)(const struct event_record *event, struct error *err);
    struct pg_options pg_options;
    char *connection_string, *application_name, *bootstrap_servers, *client_id;
    int lease_ttl_ms, poll_ms, statement_ms;
    struct uuid owner;
    struct relay_metrics metrics;
    struct metric_spec gauge_specs[RELAY_GAUGES];
    pthread_t thread;
    struct relay_wake *wake;

    /* From other threads. */
    atomic_bool stopping;
    atomic_bool ask_store; /* the store may have news that nobody handed over */
    atomic_bool woken;     /* a byte is in wake_fd already */
    int wake_fd;
    struct queue inbox;
    _Atomic int64_t inbox_events, inbox_bytes;

    /* The store. pg is NULL while it is away. */
    struct pg *pg;
    int64_t pg_retry_us;
    int pg_failures;

    /* Leases. */
    bool leading;           /* holds at least one */
    int64_t lease_due_us;   /* when to claim next */
    int64_t lease_until_us; /* the leases are ours at least so long, by our own clock */
    int64_t cursor_due_us, poll_due_us;

    /* The topic. */
    struct kafka_producer *producer;
    struct relay_tail *tail;
    int tail_partitions[RELAY_PARTITIONS_MAX];
    size_t tail_count;
    int64_t resume_due_us, audit_due_us, progress_us;
    int resets_in_row;
    int page_events; /* how many events a page of the store has */
    int64_t page_bytes;
    bool full;   /* the producer took no more; until something is delivered */
    bool broken; /* a delivery failed: start over before anything else */
    struct error broken_why;
    bool store_trouble, topic_trouble; /* said in the log, and not yet over */
    struct appended *current;          /* from the inbox, sent up to current_index */
    size_t current_index;
    int64_t delivered_now; /* since the last look */
    struct relay_pace pace;
    uint64_t jitter;
    struct record_headers headers;
    struct relay_partition *partitions;
};

/** Wakes the loop; from any thread. */
void relay_poke(struct relay *relay);

/** Milliseconds to wait after failures in a row: doubling from 50, at most 2,000, half of it
 * random. */
int relay_backoff_ms(struct relay *relay, int failures);

/** Notes that the store failed: logs the first time, closes an unusable connection, delays the
 * next. */
void relay_store_failed(struct relay *relay, const struct error *err);

/** What a batch takes in memory, about. */
int64_t relay_appended_bytes(const struct appended *batch);

/** ---- relay_lead.c */
/** Opens the connection and claims when due; what is lost or can no longer be proven ends here. */
void relay_lead(struct relay *relay);
/** Stores how far each partition is, when something moved. */
void relay_store_cursor(struct relay *relay);

/** ---- relay_resume.c */
void relay_resume(struct relay *relay);
/** Forgets the tail that is being read. */
void relay_drop_tail(struct relay *relay);
const char *relay_alarm_name(enum relay_alarm alarm);
void relay_raise_alarm(struct relay *relay, int partition, enum relay_alarm alarm, int64_t topic,
                       int64_t store);

/** ---- relay_publish.c */
void relay_publish_offered(struct relay *relay);
void relay_publish_stored(struct relay *relay);
/** Whether the store has events that could be sent now. */
bool relay_has_backlog(const struct relay *relay);
int relay_open_producer(struct relay *relay, struct error *err) WARN_UNUSED;
/** Runs the delivery reports that are there; starts over when one failed or none comes. */
void relay_take_deliveries(struct relay *relay);
/** Purges, destroys the producer; partitions that published resume from the topic's tail. */
void relay_start_over(struct relay *relay, const char *why);

#endif

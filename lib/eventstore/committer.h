/* The group committer: commands are decided one after another in memory and their events appended
 * in one statement per batch. Each lane is one thread with one connection and the streams of its
 * partitions.
 * Owner: lib/eventstore. Thread: committer_submit from any; callbacks run on lane threads.
 */
#ifndef CARTWRIGHT_EVENTSTORE_COMMITTER_H
#define CARTWRIGHT_EVENTSTORE_COMMITTER_H

#include "base/error.h"
#include "base/metrics.h"
#include "base/queue.h"
#include "eventstore/category.h"
#include "eventstore/event_record.h"
#include "io/pg.h"

struct committer;
struct decision;
struct command;

/** What the committer knows of the streams' state: nothing but this. */
struct aggregate {
    void *(*create)(void); /* the state of a stream without events; version 0 */
    void (*free)(void *state);
    int32_t (*version)(const void *state);
    size_t (*memory)(const void *state);         /* bytes, for the cache's bound */
    int64_t (*updated_at_us)(const void *state); /* of the last event; 0 at version 0 */
    int (*evolve)(void *state, const struct event_record *event, struct error *err);
    void (*snapshot)(const void *state, struct slice stream_id, struct buf *out);
    /* Into a state fresh from create; non-zero: refused, it must still be as created. */
    int (*restore)(void *state, struct slice stream_id, struct slice payload);
};

enum command_outcome {
    COMMAND_ANSWERED,   /* decided and verified against the store: status and body are the answer */
    COMMAND_REPLAYED,   /* its key was recorded with the same fingerprint: the recorded answer */
    COMMAND_KEY_REUSED, /* its key was recorded with another fingerprint */
    COMMAND_UNAVAILABLE, /* the store could not be reached: nothing was done */
    COMMAND_UNKNOWN,     /* the store was lost while it committed: done or not */
    COMMAND_CONTENDED,   /* other processes kept changing the stream */
    COMMAND_BROKEN,      /* the stream's stored events cannot be folded */
};

/** A command and, later, its outcome. Embedded in the caller's struct; everything that slices point
 * to lives until done() is called. */
struct command {
    struct queue_node node;
    struct slice stream_id;
    /* A second stream that the command reads and may append to: both in one transaction, whatever
     * partitions and lanes they belong to. len 0: none. Never the same as stream_id. */
    struct slice other_id;
    /* Idempotency-Key; key.len 0: none. */
    struct slice principal, key;
    uint8_t fingerprint[32];
    struct uuid id; /* UUIDv7; the causation id of its events */
    struct uuid correlation_id;
    uint8_t trace_flags;
    struct slice actor;
    int64_t deadline_us; /* monotonic; a command not begun by then is COMMAND_UNAVAILABLE */

    /** Decides on the state: calls decision_event for each event (state must be evolved by them:
     * the committer does that through aggregate.evolve as each is added), sets status and fills
     * body. Called again, with body cleared and body_position reset, when the state was stale. Runs
     * on the lane's thread; pure but for the command's own memory. A refusal is a status with no
     * event and `refused` set: it is verified against the store but never recorded under the key.
     */
    void (*decide)(struct command *command, const void *state, struct decision *decision);

    enum command_outcome outcome;
    int status;
    bool refused;
    struct buf body; /* owned by the command's owner, who frees it */
    size_t
        body_position; /* offset in body where the digits of position belong; SIZE_MAX: nowhere */
    int32_t version;   /* of the stream, after the command; set by decide */
    int64_t position;  /* of the stream's last event known to the answer, see decide */
    int partition, other_partition;
    int attempts;
};

/** The time to put into the command's events: the lane's wall clock, at least the stream's last. */
int64_t decision_time_us(const struct decision *decision);
/** A new event id. */
struct uuid decision_event_id(struct decision *decision);
/** Appends an event with the next version of the stream; type must be static, payload is copied.
 * The state is evolved before it returns. */
void decision_event(struct decision *decision, const struct uuid *event_id, const char *type,
                    struct slice payload);

/** The state of the command's other stream. */
const void *decision_other(const struct decision *decision);
/** As decision_event, for the other stream. */
void decision_event_other(struct decision *decision, const struct uuid *event_id, const char *type,
                          struct slice payload);

struct committer_options {
    const struct category *category;
    const struct aggregate *aggregate;
    struct pg_options pg;
    int lanes;
    size_t queue_capacity; /* commands waiting per lane; beyond: refused at submit */
    int batch_max;         /* commands in one statement */
    size_t cache_bytes;    /* of all lanes together */
    int snapshot_interval; /* events between snapshots of a stream; 0: never */
    int commit_timeout_ms; /* how long an interrupted commit is tried again before it is unknown */
    struct metrics *metrics;
    /* Called on a lane's thread with commands whose outcome is known, linked by node.next. */
    void (*done)(void *context, struct command *list);
    /* Called on a lane's thread after each commit; takes ownership. May be NULL. */
    void (*appended)(void *context, struct appended *appended);
    void *context;
};

/** Checks the store (schema version, durability settings), starts the lanes. -1 with a one-line
 * error that says what to do; a retriable one when the server is away. */
int committer_start(const struct committer_options *options, struct error *err,
                    struct committer **ret_committer) WARN_UNUSED;

/** Hands over a command; false when the lane's queue is full or closed (the caller keeps it). */
bool committer_submit(struct committer *committer, struct command *command) WARN_UNUSED;

/** Refuses new commands, finishes what was submitted, joins the lanes, frees. */
void committer_stop(struct committer *committer);

/** Whether every lane is connected. */
bool committer_connected(const struct committer *committer);

#endif

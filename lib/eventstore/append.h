/* Appending a batch: one statement that inserts it at once (docs/decisions/0022), or one that
 * locks, verifies, places and inserts (0001). Owner: lib/eventstore; used by the lanes. Thread: the
 * connection's.
 */
#ifndef CARTWRIGHT_EVENTSTORE_APPEND_H
#define CARTWRIGHT_EVENTSTORE_APPEND_H

#include "base/error.h"
#include "eventstore/category.h"
#include "eventstore/event_record.h"
#include "io/pg.h"

/** How a batch was appended. REFUSED: directly first, which the store did not let happen. */
enum append_way { APPEND_DIRECT, APPEND_VERIFIED, APPEND_REFUSED };
enum append_result { STREAM_APPENDED, STREAM_STALE, STREAM_KEY_FOUND };

/** A stream that the batch was decided on. All events of its unit are appended, or none. */
struct append_stream {
    struct slice stream_id;
    size_t unit; /* streams with the same one stand or fall together; at first its own index */
    int partition;
    int32_t expected_version; /* before the batch */
    bool has_events;
    bool seen; /* its expected version was read or written in this session */
    struct uuid first_event;
    bool excluded; /* by the caller: takes no part in the batch */
    enum append_result result;
};

struct append_event {
    size_t stream;  /* index into streams */
    size_t payload; /* offset in payloads; the record's own slice is set after all are there */
    struct event_record record; /* position is a result */
};

/** An Idempotency-Key to look up and, if record, to store with its answer. */
struct append_key {
    size_t stream;
    struct slice principal, key;
    const uint8_t *fingerprint; /* 32 bytes */
    bool record;
    int status;
    int32_t version;
    struct slice head, tail; /* the body around the digits of the position; tail.data NULL: none */
    bool found;              /* results from here on */
    bool found_same;         /* with the same fingerprint */
    int found_status;
    int32_t found_version;
    struct slice found_body; /* into batch->found */
};

/** What a connection has seen of the store. A batch that builds on nothing else needs not be
 * verified before it is inserted. */
struct append_session {
    int64_t *known_positions; /* per partition: one that it has reached, 0: none known; append_run
                               * raises them */
    int64_t server_us;        /* when the server was started; 0: everything is verified */
    int verify_left;          /* so many batches are verified: somebody else appends too */
};

void append_session_init(struct append_session *session, const struct category *category);
void append_session_free(struct append_session *session);
/** With each new connection: forgets what was seen. -1 as pg_run; then everything is verified. */
int append_session_begin(struct append_session *session, struct pg *pg,
                         const struct category *category, int timeout_ms,
                         struct error *err) WARN_UNUSED;

/** Zero-initialise; the arrays grow and are reused. */
struct append_batch {
    struct append_stream *streams;
    size_t stream_count, stream_capacity;
    struct append_event *events;
    size_t event_count, event_capacity;
    struct append_key *keys;
    size_t key_count, key_capacity;
    struct buf payloads;
    struct pg_params params;
    struct pg_result *found;        /* keeps the found bodies */
    struct append_session *session; /* the caller's */
    enum append_way way;            /* of the last append_run */
};

void append_batch_clear(struct append_batch *batch);
void append_batch_free(struct append_batch *batch);
/** New zeroed elements; pointers into the arrays are valid until the next one. */
struct append_stream *append_batch_stream(struct append_batch *batch);
struct append_event *append_batch_event(struct append_batch *batch);
struct append_key *append_batch_key(struct append_batch *batch);
/** Makes one unit of two streams' units: what was decided on one depends on the other. */
void append_batch_join(struct append_batch *batch, size_t a, size_t b);
/** Takes the stream's unit out of the batch. */
void append_batch_exclude(struct append_batch *batch, size_t stream);

/** Runs the batch: inserts it when all of its streams were seen in this session and no keys have to
 * be looked up; when that is refused or not possible, verifies. 0: every result is set, everything
 * of STREAM_APPENDED streams is durable. -1 as pg_run: with an unknown error the same batch may be
 * run again on a new connection, what was committed is then recognised by its event ids. */
int append_run(struct pg *pg, const struct category *category, struct append_batch *batch,
               int timeout_ms, struct error *err) WARN_UNUSED;

/** A copy of the events that the last append_run has appended, for relay_offer, in one block that
 * is freed with free(); NULL when there is none. */
struct appended *append_batch_appended(const struct append_batch *batch);

#endif

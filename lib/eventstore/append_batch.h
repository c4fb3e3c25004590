/* A batch while it is made up, and what came of it.
 * Owner: lib/eventstore; used by the lanes. Thread: the connection's.
 */
#ifndef CARTWRIGHT_EVENTSTORE_APPEND_BATCH_H
#define CARTWRIGHT_EVENTSTORE_APPEND_BATCH_H

#include "eventstore/append_session.h"
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
    size_t events_before; /* the batch's events when it was decided */
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

/** Zero-initialise; the arrays grow and are reused. */
struct append_batch {
    struct append_stream *streams;
    size_t stream_count, stream_capacity;
    struct append_event *events;
    size_t event_count, event_capacity;
    struct append_key *keys;
    size_t key_count, key_capacity;
    struct buf payloads; /* of all events */
    struct buf body;     /* of the answer that is being put */
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

/** A copy of the events that the last append_run has appended, for relay_offer, in one block that
 * is freed with free(); NULL when there is none. */
struct appended *append_batch_appended(const struct append_batch *batch);

#endif

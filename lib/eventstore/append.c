/* Appending a batch: directly where the session has seen what it builds on, else by the one call
 * that locks, verifies, places and inserts. Owner: lib/eventstore. Thread: the connection's.
 */
#include "eventstore/append.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "eventstore/append_internal.h"

/* After somebody else has appended; then a direct one is tried. */
enum { VERIFY_BATCHES = 64 };

static void put_streams(struct append_batch *batch, struct pg_params *params)
{
    const struct append_stream *s = batch->streams;
    size_t n = batch->stream_count;
    PG_PARAM_ARRAY(params, PG_TEXT, n, !s[i].excluded, pg_array_bytes(params, s[i].stream_id));
    PG_PARAM_ARRAY(params, PG_INT4, n, !s[i].excluded,
                   pg_array_int32(params, s[i].expected_version));
    PG_PARAM_ARRAY(params, PG_INT4, n, !s[i].excluded, pg_array_int32(params, (int32_t)s[i].unit));
    PG_PARAM_ARRAY(params, PG_UUID, n, !s[i].excluded,
                   s[i].has_events ? pg_array_uuid(params, &s[i].first_event)
                                   : pg_array_null(params));
}

static void put_keys(struct append_batch *batch, struct pg_params *params, int64_t now_us)
{
    const struct append_key *k = batch->keys;
    size_t n = batch->key_count;
    PG_PARAM_ARRAY(params, PG_INT4, n, append_takes_part(batch, k[i].stream),
                   pg_array_int32(params, (int32_t)batch->streams[k[i].stream].unit));
    append_put_keys(batch, params);
    PG_PARAM_ARRAY(params, PG_BYTEA, n, append_takes_part(batch, k[i].stream),
                   pg_array_bytes(params, k[i].head));
    PG_PARAM_ARRAY(params, PG_BYTEA, n, append_takes_part(batch, k[i].stream),
                   k[i].tail.data != NULL ? pg_array_bytes(params, k[i].tail)
                                          : pg_array_null(params));
    PG_PARAM_ARRAY(params, PG_TIMESTAMPTZ, n, append_takes_part(batch, k[i].stream),
                   pg_array_time(params, now_us));
}

/* Gives all streams of the units that have streams with this result the same one. */
static void spread(struct append_batch *batch, enum append_result result)
{
    for (size_t i = 0; i < batch->stream_count; i++) {
        if (batch->streams[i].result != result)
            continue;
        for (size_t j = 0; j < batch->stream_count; j++) {
            if (batch->streams[j].unit == batch->streams[i].unit)
                batch->streams[j].result = result;
        }
    }
}

/* Streams that were not as expected, less those whose events are there from an earlier try. */
static void take_stale(const struct pg_result *result, struct append_batch *batch)
{
    struct pg_array stale = pg_get_array(result, 0, 1);
    struct pg_array done = pg_get_array(result, 0, 3);
    size_t ordinal = 0, next_stale = 0;
    if (stale.count == 0)
        return;
    next_stale = (size_t)pg_array_next_int(&stale);
    for (size_t i = 0; i < batch->stream_count; i++) {
        if (!append_takes_part(batch, i) || ++ordinal != next_stale)
            continue;
        batch->streams[i].result = STREAM_STALE;
        next_stale = stale.count > 0 ? (size_t)pg_array_next_int(&stale) : 0;
    }
    spread(batch, STREAM_STALE);
    while (done.count > 0) {
        size_t unit = (size_t)pg_array_next_int(&done);
        for (size_t i = 0; i < batch->stream_count; i++) {
            if (batch->streams[i].unit == unit)
                batch->streams[i].result = STREAM_APPENDED;
        }
    }
}

static void take_found_keys(struct pg_result *result, struct append_batch *batch)
{
    struct pg_array found = pg_get_array(result, 0, 6);
    struct pg_array fingerprints = pg_get_array(result, 0, 7);
    struct pg_array statuses = pg_get_array(result, 0, 8);
    struct pg_array versions = pg_get_array(result, 0, 9);
    struct pg_array bodies = pg_get_array(result, 0, 10);
    while (found.count > 0) {
        size_t wanted = (size_t)pg_array_next_int(&found), ordinal = 0;
        for (size_t i = 0; i < batch->key_count; i++) {
            struct append_key *key = &batch->keys[i];
            if (!append_takes_part(batch, key->stream) || ++ordinal != wanted)
                continue;
            struct slice fingerprint = pg_array_next(&fingerprints);
            key->found = true;
            key->found_same =
                fingerprint.len == APPEND_FINGERPRINT_BYTES &&
                memcmp(fingerprint.data, key->fingerprint, APPEND_FINGERPRINT_BYTES) == 0;
            key->found_status = (int)pg_array_next_int(&statuses);
            key->found_version = (int32_t)pg_array_next_int(&versions);
            key->found_body = pg_array_next(&bodies);
            if (batch->streams[key->stream].result != STREAM_STALE)
                batch->streams[key->stream].result = STREAM_KEY_FOUND;
            break;
        }
    }
    spread(batch, STREAM_KEY_FOUND);
}

/* Whoever else appends makes direct appends fail: for some batches none is tried. */
static void note_heads(struct append_session *session, const int16_t *partitions, int count,
                       struct pg_array heads)
{
    bool others = false;
    for (int i = 0; i < count; i++) {
        int64_t known = session->known_positions[partitions[i]];
        others = others || (pg_array_next_int(&heads) != known && known > 0);
    }
    if (others)
        session->verify_left = VERIFY_BATCHES;
    else if (session->verify_left > 0)
        session->verify_left--;
}

/* Positions as cart_append gives them: per partition, in the order of the events. */
static void take_positions(const struct pg_result *result, struct append_batch *batch,
                           const int16_t *partitions, int partition_count)
{
    int64_t next[APPEND_PARTITIONS_MAX];
    struct pg_array heads = pg_get_array(result, 0, 0);
    struct pg_array done_events = pg_get_array(result, 0, 4);
    struct pg_array done_positions = pg_get_array(result, 0, 5);
    for (int i = 0; i < partition_count; i++)
        next[partitions[i]] = pg_array_next_int(&heads) + 1;
    size_t ordinal = 0;
    size_t done = done_events.count > 0 ? (size_t)pg_array_next_int(&done_events) : 0;
    for (size_t i = 0; i < batch->event_count; i++) {
        struct append_event *event = &batch->events[i];
        if (!append_takes_part(batch, event->stream))
            continue;
        if (++ordinal == done) {
            event->record.position = pg_array_next_int(&done_positions);
            done = done_events.count > 0 ? (size_t)pg_array_next_int(&done_events) : 0;
        } else if (batch->streams[event->stream].result == STREAM_APPENDED) {
            event->record.position = next[event->record.partition]++;
        }
    }
    note_heads(batch->session, partitions, partition_count, pg_get_array(result, 0, 0));
    for (int i = 0; i < partition_count; i++)
        batch->session->known_positions[partitions[i]] = next[partitions[i]] - 1;
}

static int run_verified(struct pg *pg, const struct category *category, struct append_batch *batch,
                        int timeout_ms, struct error *err)
{
    int16_t partitions[APPEND_PARTITIONS_MAX];
    struct pg_params *params = &batch->params;
    struct pg_result *result;
    int count = append_partitions(batch, category, partitions);
    int64_t now_us = batch->event_count > 0 ? batch->events[0].record.recorded_at_us : 1;
    pg_params_clear(params);
    append_put_partitions(params, partitions, count);
    PG_PARAM_ARRAY(params, PG_INT8, (size_t)count, true,
                   pg_array_int64(params, batch->session->known_positions[partitions[i]]));
    put_streams(batch, params);
    const struct append_event *e = batch->events;
    PG_PARAM_ARRAY(params, PG_INT4, batch->event_count, append_takes_part(batch, e[i].stream),
                   pg_array_int32(params, (int32_t)batch->streams[e[i].stream].unit));
    append_put_columns(batch, params);
    put_keys(batch, params, now_us);
    if (pg_run(pg, &category->statements->append, params, timeout_ms, err, &result) != 0)
        return -1;
    for (size_t i = 0; i < batch->stream_count; i++)
        batch->streams[i].result = STREAM_APPENDED;
    take_stale(result, batch);
    take_found_keys(result, batch);
    take_positions(result, batch, partitions, count);
    pg_result_free(batch->found);
    batch->found = result;
    return 0;
}

int append_run(struct pg *pg, const struct category *category, struct append_batch *batch,
               int timeout_ms, struct error *err)
{
    for (size_t i = 0; i < batch->event_count; i++)
        batch->events[i].record.payload.data = batch->payloads.data + batch->events[i].payload;
    batch->way = APPEND_DIRECT;
    switch (append_directly(pg, category, batch, timeout_ms, err)) {
    case DIRECT_APPENDED:
        return 0;
    case DIRECT_FAILED:
        return -1;
    case DIRECT_NOT_POSSIBLE:
        batch->way = APPEND_VERIFIED;
        break;
    case DIRECT_REFUSED:
        batch->way = APPEND_REFUSED;
        break;
    }
    return run_verified(pg, category, batch, timeout_ms, err);
}

/* Appending a batch: one statement that locks, verifies, places and inserts.
 * Owner: lib/eventstore. Thread: the connection's.
 */
#include "eventstore/append.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { PARTITIONS_MAX = 1024, FINGERPRINT_BYTES = 32, FIRST_CAPACITY = 64 };

void append_batch_clear(struct append_batch *batch)
{
    batch->stream_count = batch->event_count = batch->key_count = 0;
    buf_clear(&batch->payloads);
    pg_params_clear(&batch->params);
    pg_result_free(batch->found);
    batch->found = NULL;
}

void append_batch_free(struct append_batch *batch)
{
    append_batch_clear(batch);
    free(batch->streams);
    free(batch->events);
    free(batch->keys);
    buf_free(&batch->payloads);
    pg_params_free(&batch->params);
    *batch = (struct append_batch){0};
}

/* Makes room for one more element of an array and returns the array. */
static void *grown(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity > 0 ? *capacity * 2 : FIRST_CAPACITY;
    return mem_realloc(array, *capacity * size);
}

struct append_stream *append_batch_stream(struct append_batch *batch)
{
    batch->streams = grown(batch->streams, batch->stream_count, &batch->stream_capacity,
                           sizeof(batch->streams[0]));
    struct append_stream *stream = &batch->streams[batch->stream_count++];
    *stream = (struct append_stream){.unit = batch->stream_count - 1};
    return stream;
}

void append_batch_join(struct append_batch *batch, size_t a, size_t b)
{
    size_t kept = batch->streams[a].unit, gone = batch->streams[b].unit;
    for (size_t i = 0; i < batch->stream_count; i++) {
        if (batch->streams[i].unit == gone)
            batch->streams[i].unit = kept;
    }
}

void append_batch_exclude(struct append_batch *batch, size_t stream)
{
    size_t unit = batch->streams[stream].unit;
    for (size_t i = 0; i < batch->stream_count; i++) {
        if (batch->streams[i].unit == unit)
            batch->streams[i].excluded = true;
    }
}

struct append_event *append_batch_event(struct append_batch *batch)
{
    batch->events =
        grown(batch->events, batch->event_count, &batch->event_capacity, sizeof(batch->events[0]));
    struct append_event *event = &batch->events[batch->event_count++];
    *event = (struct append_event){0};
    return event;
}

struct append_key *append_batch_key(struct append_batch *batch)
{
    batch->keys =
        grown(batch->keys, batch->key_count, &batch->key_capacity, sizeof(batch->keys[0]));
    struct append_key *key = &batch->keys[batch->key_count++];
    *key = (struct append_key){0};
    return key;
}

static bool takes_part(const struct append_batch *batch, size_t stream)
{
    return !batch->streams[stream].excluded;
}

/* Distinct partitions that get events, ascending: the order that keeps two writers from waiting for
 * each other. Returns how many. */
static int lock_partitions(const struct append_batch *batch, const struct category *category,
                           int16_t *partitions)
{
    bool wanted[PARTITIONS_MAX] = {false};
    int count = 0;
    CHECK(category->partitions <= PARTITIONS_MAX);
    for (size_t i = 0; i < batch->stream_count; i++) {
        if (takes_part(batch, i) && batch->streams[i].has_events)
            wanted[batch->streams[i].partition] = true;
    }
    for (int p = 0; p < category->partitions; p++) {
        if (wanted[p])
            partitions[count++] = (int16_t)p;
    }
    return count;
}

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

static void put_events(struct append_batch *batch, struct pg_params *params)
{
    const struct append_event *e = batch->events;
    size_t n = batch->event_count;
#define EVENT_ARRAY(type, put) PG_PARAM_ARRAY(params, type, n, takes_part(batch, e[i].stream), put)
    EVENT_ARRAY(PG_INT4, pg_array_int32(params, (int32_t)batch->streams[e[i].stream].unit));
    EVENT_ARRAY(PG_INT2, pg_array_int16(params, (int16_t)e[i].record.partition));
    EVENT_ARRAY(PG_TEXT, pg_array_bytes(params, e[i].record.stream_id));
    EVENT_ARRAY(PG_INT4, pg_array_int32(params, e[i].record.version));
    EVENT_ARRAY(PG_UUID, pg_array_uuid(params, &e[i].record.event_id));
    EVENT_ARRAY(PG_TEXT, pg_array_bytes(params, e[i].record.type));
    EVENT_ARRAY(PG_BYTEA, pg_array_bytes(params, e[i].record.payload));
    EVENT_ARRAY(PG_TEXT, pg_array_bytes(params, e[i].record.actor));
    EVENT_ARRAY(PG_UUID, pg_array_uuid(params, &e[i].record.correlation_id));
    EVENT_ARRAY(PG_UUID, pg_array_uuid(params, &e[i].record.causation_id));
    EVENT_ARRAY(PG_INT2, pg_array_int16(params, e[i].record.trace_flags));
    EVENT_ARRAY(PG_TIMESTAMPTZ, pg_array_time(params, e[i].record.recorded_at_us));
#undef EVENT_ARRAY
}

static void put_keys(struct append_batch *batch, struct pg_params *params, int64_t now_us)
{
    const struct append_key *k = batch->keys;
    size_t n = batch->key_count;
#define KEY_ARRAY(type, put) PG_PARAM_ARRAY(params, type, n, takes_part(batch, k[i].stream), put)
    KEY_ARRAY(PG_INT4, pg_array_int32(params, (int32_t)batch->streams[k[i].stream].unit));
    KEY_ARRAY(PG_TEXT, pg_array_bytes(params, batch->streams[k[i].stream].stream_id));
    KEY_ARRAY(PG_TEXT, pg_array_bytes(params, k[i].principal));
    KEY_ARRAY(PG_TEXT, pg_array_bytes(params, k[i].key));
    KEY_ARRAY(PG_BYTEA, pg_array_bytes(params, (struct slice){(const char *)k[i].fingerprint,
                                                              FINGERPRINT_BYTES}));
    KEY_ARRAY(PG_INT2,
              k[i].record ? pg_array_int16(params, (int16_t)k[i].status) : pg_array_null(params));
    KEY_ARRAY(PG_INT4, pg_array_int32(params, k[i].version));
    KEY_ARRAY(PG_BYTEA, pg_array_bytes(params, k[i].head));
    KEY_ARRAY(PG_BYTEA,
              k[i].tail.data != NULL ? pg_array_bytes(params, k[i].tail) : pg_array_null(params));
    KEY_ARRAY(PG_TIMESTAMPTZ, pg_array_time(params, now_us));
#undef KEY_ARRAY
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
        if (!takes_part(batch, i) || ++ordinal != next_stale)
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
            if (!takes_part(batch, key->stream) || ++ordinal != wanted)
                continue;
            struct slice fingerprint = pg_array_next(&fingerprints);
            key->found = true;
            key->found_same = fingerprint.len == FINGERPRINT_BYTES &&
                              memcmp(fingerprint.data, key->fingerprint, FINGERPRINT_BYTES) == 0;
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

/* Positions as cart_append gives them: per partition, in the order of the events. */
static void take_positions(const struct pg_result *result, struct append_batch *batch,
                           const int16_t *partitions, int partition_count)
{
    int64_t next[PARTITIONS_MAX];
    struct pg_array heads = pg_get_array(result, 0, 0);
    struct pg_array done_events = pg_get_array(result, 0, 4);
    struct pg_array done_positions = pg_get_array(result, 0, 5);
    for (int i = 0; i < partition_count; i++)
        next[partitions[i]] = pg_array_next_int(&heads) + 1;
    size_t ordinal = 0;
    size_t done = done_events.count > 0 ? (size_t)pg_array_next_int(&done_events) : 0;
    for (size_t i = 0; i < batch->event_count; i++) {
        struct append_event *event = &batch->events[i];
        if (!takes_part(batch, event->stream))
            continue;
        if (++ordinal == done) {
            event->record.position = pg_array_next_int(&done_positions);
            done = done_events.count > 0 ? (size_t)pg_array_next_int(&done_events) : 0;
        } else if (batch->streams[event->stream].result == STREAM_APPENDED) {
            event->record.position = next[event->record.partition]++;
        }
    }
    for (int i = 0; i < partition_count; i++)
        batch->known_positions[partitions[i]] = next[partitions[i]] - 1;
}

int append_run(struct pg *pg, const struct category *category, struct append_batch *batch,
               int timeout_ms, struct error *err)
{
    int16_t partitions[PARTITIONS_MAX];
    struct pg_params *params = &batch->params;
    struct pg_result *result;
    int count = lock_partitions(batch, category, partitions);
    for (size_t i = 0; i < batch->event_count; i++)
        batch->events[i].record.payload.data = batch->payloads.data + batch->events[i].payload;
    int64_t now_us = batch->event_count > 0 ? batch->events[0].record.recorded_at_us : 1;
    pg_params_clear(params);
    PG_PARAM_ARRAY(params, PG_INT2, (size_t)count, true, pg_array_int16(params, partitions[i]));
    PG_PARAM_ARRAY(params, PG_INT8, (size_t)count, true,
                   pg_array_int64(params, batch->known_positions[partitions[i]]));
    put_streams(batch, params);
    put_events(batch, params);
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

static bool event_appended(const struct append_batch *batch, const struct append_event *event)
{
    const struct append_stream *stream = &batch->streams[event->stream];
    return !stream->excluded && stream->result == STREAM_APPENDED;
}

static struct slice copy_into(char **at, struct slice from)
{
    struct slice copy = {*at, from.len};
    if (from.len > 0)
        memcpy(*at, from.data, from.len);
    *at += from.len;
    return copy;
}

struct appended *append_batch_appended(const struct append_batch *batch)
{
    size_t count = 0, bytes = 0;
    for (size_t i = 0; i < batch->event_count; i++) {
        const struct event_record *event = &batch->events[i].record;
        if (!event_appended(batch, &batch->events[i]))
            continue;
        count++;
        bytes += event->stream_id.len + event->payload.len + event->actor.len;
    }
    if (count == 0)
        return NULL;
    struct appended *appended =
        mem_alloc(sizeof(*appended) + count * sizeof(appended->events[0]) + bytes);
    char *at = (char *)&appended->events[count];
    appended->count = 0;
    for (size_t i = 0; i < batch->event_count; i++) {
        if (!event_appended(batch, &batch->events[i]))
            continue;
        struct event_record *event = &appended->events[appended->count++];
        *event = batch->events[i].record;
        event->stream_id = copy_into(&at, event->stream_id);
        event->payload = copy_into(&at, event->payload);
        event->actor = copy_into(&at, event->actor);
    }
    return appended;
}

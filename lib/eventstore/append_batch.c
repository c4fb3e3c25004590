/* A batch while it is made up: streams, events, keys, and their columns as parameters.
 * Owner: lib/eventstore. Thread: the connection's.
 */
#include "eventstore/append_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "eventstore/append_internal.h"

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
    buf_free(&batch->body);
    pg_params_free(&batch->params);
    *batch = (struct append_batch){0};
}

struct append_stream *append_batch_stream(struct append_batch *batch)
{
    batch->streams = mem_grown(batch->streams, batch->stream_count, &batch->stream_capacity,
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
    batch->events = mem_grown(batch->events, batch->event_count, &batch->event_capacity,
                              sizeof(batch->events[0]));
    struct append_event *event = &batch->events[batch->event_count++];
    *event = (struct append_event){0};
    return event;
}

struct append_key *append_batch_key(struct append_batch *batch)
{
    batch->keys =
        mem_grown(batch->keys, batch->key_count, &batch->key_capacity, sizeof(batch->keys[0]));
    struct append_key *key = &batch->keys[batch->key_count++];
    *key = (struct append_key){.events_before = batch->event_count};
    return key;
}

int append_partitions(const struct append_batch *batch, const struct category *category,
                      int16_t *partitions)
{
    bool wanted[APPEND_PARTITIONS_MAX] = {false};
    int count = 0;
    CHECK(category->partitions <= APPEND_PARTITIONS_MAX);
    for (size_t i = 0; i < batch->stream_count; i++) {
        if (append_takes_part(batch, i) && batch->streams[i].has_events)
            wanted[batch->streams[i].partition] = true;
    }
    for (int p = 0; p < category->partitions; p++) {
        if (wanted[p])
            partitions[count++] = (int16_t)p;
    }
    return count;
}

void append_put_partitions(struct pg_params *params, const int16_t *partitions, int count)
{
    PG_PARAM_ARRAY(params, PG_INT2, (size_t)count, true, pg_array_int16(params, partitions[i]));
}

void append_put_columns(const struct append_batch *batch, struct pg_params *params)
{
    const struct append_event *e = batch->events;
    size_t n = batch->event_count;
#define EVENT_ARRAY(type, put)                                                                     \
    PG_PARAM_ARRAY(params, type, n, append_takes_part(batch, e[i].stream), put)
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

void append_put_keys(const struct append_batch *batch, struct pg_params *params)
{
    const struct append_key *k = batch->keys;
    size_t n = batch->key_count;
#define KEY_ARRAY(type, put)                                                                       \
    PG_PARAM_ARRAY(params, type, n, append_takes_part(batch, k[i].stream), put)
    KEY_ARRAY(PG_TEXT, pg_array_bytes(params, batch->streams[k[i].stream].stream_id));
    KEY_ARRAY(PG_TEXT, pg_array_bytes(params, k[i].principal));
    KEY_ARRAY(PG_TEXT, pg_array_bytes(params, k[i].key));
    KEY_ARRAY(PG_BYTEA, pg_array_bytes(params, (struct slice){(const char *)k[i].fingerprint,
                                                              APPEND_FINGERPRINT_BYTES}));
    KEY_ARRAY(PG_INT2,
              k[i].record ? pg_array_int16(params, (int16_t)k[i].status) : pg_array_null(params));
    KEY_ARRAY(PG_INT4, pg_array_int32(params, k[i].version));
#undef KEY_ARRAY
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

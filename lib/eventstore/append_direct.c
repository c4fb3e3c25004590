/* Appending without asking first: one INSERT at the positions and versions that follow what this
 * session has seen, with the answers to be kept under their keys. The unique indexes refuse what
 * somebody else has written meanwhile, and a key that is there.
 * docs/decisions/0022. Owner: lib/eventstore. Thread: the connection's.
 */
#include <string.h>

#include "eventstore/append_internal.h"

/* The event whose position the key's answer names: the stream's last when it was decided. NULL when
 * it is not in the batch. */
static const struct append_event *answered_event(const struct append_batch *batch,
                                                 const struct append_key *key)
{
    for (size_t i = key->events_before; i-- > 0;) {
        const struct append_event *event = &batch->events[i];
        if (event->stream == key->stream)
            return event->record.version == key->version ? event : NULL;
    }
    return NULL;
}

/* Refusals have to be verified: keys that are only looked up, streams that get no event. */
static bool is_possible(const struct append_batch *batch)
{
    const struct append_session *session = batch->session;
    if (session->server_us == 0 || session->verify_left > 0)
        return false;
    size_t taking_part = 0;
    for (size_t i = 0; i < batch->stream_count; i++) {
        const struct append_stream *stream = &batch->streams[i];
        if (!append_takes_part(batch, i))
            continue;
        taking_part++;
        if (!stream->has_events || !stream->seen ||
            session->known_positions[stream->partition] == 0)
            return false;
    }
    for (size_t i = 0; i < batch->key_count; i++) {
        const struct append_key *key = &batch->keys[i];
        if (append_takes_part(batch, key->stream) &&
            (!key->record || (key->tail.data != NULL && answered_event(batch, key) == NULL)))
            return false;
    }
    return taking_part > 0;
}

/* Gives the events the positions after the known ones; next: the first that is free in each
 * partition afterwards. */
static void place(struct append_batch *batch, const int16_t *partitions, int count, int64_t *next)
{
    for (int i = 0; i < count; i++)
        next[partitions[i]] = batch->session->known_positions[partitions[i]] + 1;
    for (size_t i = 0; i < batch->event_count; i++) {
        struct append_event *event = &batch->events[i];
        if (append_takes_part(batch, event->stream))
            event->record.position = next[event->record.partition]++;
    }
}

static void put_events(struct append_batch *batch, const int16_t *partitions, int count)
{
    struct pg_params *params = &batch->params;
    const struct append_event *e = batch->events;
    pg_params_clear(params);
    append_put_partitions(params, partitions, count);
    pg_param_time(params, batch->session->server_us);
    PG_PARAM_ARRAY(params, PG_INT8, batch->event_count, append_takes_part(batch, e[i].stream),
                   pg_array_int64(params, e[i].record.position));
    append_put_columns(batch, params);
}

/* The answer's body with the position in it; valid until the next one. */
static struct slice write_body(struct append_batch *batch, const struct append_key *key)
{
    struct buf *body = &batch->body;
    if (key->tail.data == NULL)
        return key->head;
    buf_clear(body);
    buf_append(body, key->head.data, key->head.len);
    buf_int(body, answered_event(batch, key)->record.position);
    buf_append(body, key->tail.data, key->tail.len);
    return buf_slice(body);
}

static void put_answers(struct append_batch *batch)
{
    struct pg_params *params = &batch->params;
    const struct append_key *k = batch->keys;
    append_put_keys(batch, params);
    PG_PARAM_ARRAY(params, PG_BYTEA, batch->key_count, append_takes_part(batch, k[i].stream),
                   pg_array_bytes(params, write_body(batch, &k[i])));
    pg_param_time(params, batch->events[0].record.recorded_at_us);
}

static bool is_refused(struct pg *pg)
{
    static const char unique_violation[] = "23505";
    return strcmp(pg_sqlstate(pg), unique_violation) == 0;
}

enum direct_outcome append_directly(struct pg *pg, const struct category *category,
                                    struct append_batch *batch, int timeout_ms, struct error *err)
{
    int16_t partitions[APPEND_PARTITIONS_MAX];
    int64_t next[APPEND_PARTITIONS_MAX];
    struct append_session *session = batch->session;
    struct pg_result *result;
    if (!is_possible(batch))
        return DIRECT_NOT_POSSIBLE;
    int count = append_partitions(batch, category, partitions);
    place(batch, partitions, count, next);
    put_events(batch, partitions, count);
    const struct pg_statement *statement = &category->statements->append_direct;
    if (batch->key_count > 0) {
        put_answers(batch);
        statement = &category->statements->append_direct_keyed;
    }
    if (pg_run(pg, statement, &batch->params, timeout_ms, err, &result) != 0)
        return is_refused(pg) ? DIRECT_REFUSED : DIRECT_FAILED;
    int64_t inserted = pg_affected(result);
    pg_result_free(result);
    if (inserted == 0) {
        /* What we know is of the one before, and so is what the caller has seen. */
        pg_abandon(pg);
        error_set(err, ERROR_RETRIABLE, "another PostgreSQL server answers on this connection");
        return DIRECT_FAILED;
    }
    for (size_t i = 0; i < batch->stream_count; i++)
        batch->streams[i].result = STREAM_APPENDED;
    for (int i = 0; i < count; i++)
        session->known_positions[partitions[i]] = next[partitions[i]] - 1;
    return DIRECT_APPENDED;
}

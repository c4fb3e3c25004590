/* Facts of a service: events of its own category, appended in the transaction of what they tell.
 * Owner: lib/service. Thread: one at a time.
 */
#include "service/facts.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"

/* A stream of the batch, with its id's bytes behind it. */
struct fact_stream {
    struct map_entry map;
    size_t index; /* in the batch */
    int32_t version;
    char id[];
};

static struct fact_stream *add_stream(struct facts *facts, const struct fact *fact)
{
    struct slice id = fact->stream_id;
    struct fact_stream *stream = mem_alloc(sizeof(*stream) + id.len);
    memcpy(stream->id, id.data, id.len);
    stream->map = (struct map_entry){.key = {stream->id, id.len}};
    stream->index = facts->batch.stream_count;
    *append_batch_stream(&facts->batch) = (struct append_stream){
        .stream_id = stream->map.key,
        .partition = hash_partition(id.data, id.len, facts->category->partitions),
        .expected_version = fact->version - 1,
        .has_events = true,
        .first_event = fact->event_id,
    };
    stream->version = fact->version - 1;
    map_insert(&facts->streams, &stream->map);
    return stream;
}

/* The actor lies before the payload: offsets, because the buffer moves while it grows. */
void facts_add(struct facts *facts, const struct fact *fact)
{
    struct append_batch *batch = &facts->batch;
    struct map_entry *entry = map_find(&facts->streams, fact->stream_id);
    struct fact_stream *stream =
        entry != NULL ? CONTAINER_OF(entry, struct fact_stream, map) : add_stream(facts, fact);
    CHECK(fact->version == stream->version + 1);
    stream->version = fact->version;
    struct append_event *event = append_batch_event(batch);
    buf_append(&batch->payloads, fact->actor.data, fact->actor.len);
    event->stream = stream->index;
    event->payload = batch->payloads.len;
    event->record = (struct event_record){
        .partition = batch->streams[stream->index].partition,
        .stream_id = stream->map.key,
        .version = fact->version,
        .event_id = fact->event_id,
        .type = slice_of(fact->type),
        .payload = {NULL, fact->payload.len},
        .actor = {NULL, fact->actor.len},
        .correlation_id = fact->correlation_id,
        .causation_id = fact->causation_id,
        .trace_flags = fact->trace_flags,
        .recorded_at_us = fact->recorded_at_us,
    };
    buf_append(&batch->payloads, fact->payload.data, fact->payload.len);
}

int facts_append(struct facts *facts, struct pg *pg, int timeout_ms, struct error *err)
{
    struct append_batch *batch = &facts->batch;
    if (batch->event_count == 0)
        return 0;
    if (facts->session.known_positions == NULL)
        append_session_init(&facts->session, facts->category);
    batch->session = &facts->session;
    for (size_t i = 0; i < batch->event_count; i++) {
        struct append_event *event = &batch->events[i];
        event->record.actor.data = batch->payloads.data + event->payload - event->record.actor.len;
    }
    if (append_run(pg, facts->category, batch, timeout_ms, err) != 0)
        return -1;
    for (size_t i = 0; i < batch->stream_count; i++) {
        if (batch->streams[i].result != STREAM_APPENDED)
            return FACTS_STALE;
    }
    return 0;
}

void facts_offer(struct facts *facts, struct relay *relay)
{
    struct appended *appended =
        relay != NULL && facts->batch.event_count > 0 ? append_batch_appended(&facts->batch) : NULL;
    if (appended != NULL)
        relay_offer(relay, appended);
    facts_clear(facts);
}

void facts_clear(struct facts *facts)
{
    while (facts->streams.newest != NULL) {
        struct fact_stream *stream = CONTAINER_OF(facts->streams.newest, struct fact_stream, map);
        map_remove(&facts->streams, &stream->map);
        free(stream);
    }
    append_batch_clear(&facts->batch);
}

void facts_free(struct facts *facts)
{
    facts_clear(facts);
    append_batch_free(&facts->batch);
    map_free(&facts->streams);
    append_session_free(&facts->session);
    *facts = (struct facts){.category = facts->category};
}

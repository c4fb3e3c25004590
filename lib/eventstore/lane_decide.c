/* Deciding commands on the state in memory, one after another.
 * Owner: lib/eventstore. Thread: the lane's.
 */
#include "eventstore/lane.h"

#include "base/clock.h"
#include "base/log.h"

int64_t decision_time_us(const struct decision *decision)
{
    return decision->time_us;
}

struct uuid decision_event_id(struct decision *decision)
{
    return uuid_v7(&decision->lane->ids, decision->time_us);
}

const void *decision_other(const struct decision *decision)
{
    CHECK(decision->other != NULL);
    return decision->other->state;
}

static void add_event(struct decision *decision, struct stream_entry *entry,
                      const struct uuid *event_id, const char *type, struct slice payload)
{
    struct lane *lane = decision->lane;
    struct append_stream *stream = &lane->batch.streams[entry->in_batch - 1];
    const struct aggregate *aggregate = lane->options->aggregate;
    struct append_event *event = append_batch_event(&lane->batch);
    struct error err;
    event->stream = entry->in_batch - 1;
    event->payload = lane->batch.payloads.len;
    event->record = (struct event_record){
        .partition = stream->partition,
        .stream_id = stream->stream_id,
        .version = aggregate->version(entry->state) + 1,
        .event_id = *event_id,
        .type = slice_of(type),
        .payload = payload,
        .actor = decision->command->actor,
        .correlation_id = decision->command->correlation_id,
        .causation_id = decision->command->id,
        .trace_flags = decision->command->trace_flags,
        .recorded_at_us = decision->time_us,
    };
    buf_append(&lane->batch.payloads, payload.data, payload.len);
    if (!stream->has_events) {
        stream->has_events = true;
        stream->first_event = *event_id;
    }
    if (!decision->failed && aggregate->evolve(entry->state, &event->record, &err) != 0) {
        log_error("decided event cannot be applied", LOG_TEXT("stream", entry->stream_id),
                  LOG_TEXT("type", type), LOG_TEXT("reason", err.message));
        decision->failed = true;
    }
}

void decision_event(struct decision *decision, const struct uuid *event_id, const char *type,
                    struct slice payload)
{
    add_event(decision, decision->entry, event_id, type, payload);
}

void decision_event_other(struct decision *decision, const struct uuid *event_id, const char *type,
                          struct slice payload)
{
    CHECK(decision->other != NULL);
    add_event(decision, decision->other, event_id, type, payload);
}

struct stream_entry *lane_other_entry(struct lane *lane, const struct command *command)
{
    return command->other_id.len > 0 ? stream_cache_get(&lane->cache, command->other_id) : NULL;
}

/* Two commands with one key in one batch: the second has to see what the first recorded. */
static bool key_in_batch(const struct lane *lane, size_t stream, const struct command *command)
{
    for (size_t i = 0; i < lane->batch.key_count; i++) {
        const struct append_key *key = &lane->batch.keys[i];
        if (key->stream == stream && slice_equal(key->key, command->key) &&
            slice_equal(key->principal, command->principal))
            return true;
    }
    return false;
}

static void enter_batch(struct lane *lane, struct stream_entry *entry, int partition)
{
    if (entry->in_batch > 0)
        return;
    struct append_stream *stream = append_batch_stream(&lane->batch);
    stream->stream_id = entry->map.key;
    stream->partition = partition;
    stream->expected_version = lane->options->aggregate->version(entry->state);
    stream->seen = entry->seen == lane->session.number;
    entry->in_batch = lane->batch.stream_count;
}

static int64_t later_us(const struct lane *lane, const struct stream_entry *entry, int64_t time_us)
{
    int64_t last_us = entry != NULL ? lane->options->aggregate->updated_at_us(entry->state) : 0;
    return time_us > last_us ? time_us : last_us;
}

static bool run_decide(struct lane *lane, struct command *command, struct stream_entry *entry,
                       struct stream_entry *other)
{
    struct decision decision = {
        .lane = lane,
        .command = command,
        .entry = entry,
        .other = other,
        .time_us = later_us(lane, entry, later_us(lane, other, clock_wall_us())),
    };
    buf_clear(&command->body);
    command->body_position = SIZE_MAX;
    command->refused = false;
    command->decide(command, entry->state, &decision);
    if (decision.failed)
        append_batch_exclude(&lane->batch, entry->in_batch - 1);
    return !decision.failed;
}

static size_t add_key(struct lane *lane, size_t stream, const struct command *command)
{
    struct append_key *key = append_batch_key(&lane->batch);
    bool split = command->body_position != SIZE_MAX;
    size_t head = split ? command->body_position : command->body.len;
    key->stream = stream;
    key->principal = command->principal;
    key->key = command->key;
    key->fingerprint = command->fingerprint;
    key->record = !command->refused;
    key->status = command->status;
    key->version = command->version;
    key->head = (struct slice){command->body.data, head};
    if (split)
        key->tail = (struct slice){command->body.data + head, command->body.len - head};
    return lane->batch.key_count;
}

enum lane_decided lane_decide(struct lane *lane, struct command *command, size_t *ret_key)
{
    struct stream_entry *entry = stream_cache_get(&lane->cache, command->stream_id);
    struct stream_entry *other = lane_other_entry(lane, command);
    CHECK(entry->state != NULL && (other == NULL || other->state != NULL));
    enter_batch(lane, entry, command->partition);
    size_t stream = entry->in_batch - 1;
    if (other != NULL) {
        /* From here on what is decided on one of the two depends on the other. */
        enter_batch(lane, other, command->other_partition);
        if (lane->batch.streams[stream].excluded ||
            lane->batch.streams[other->in_batch - 1].excluded)
            return LANE_DEFERRED;
        append_batch_join(&lane->batch, stream, other->in_batch - 1);
    }
    if (lane->batch.streams[stream].excluded)
        return LANE_DEFERRED;
    if (command->key.len > 0 && key_in_batch(lane, stream, command))
        return LANE_DEFERRED;
    if (!run_decide(lane, command, entry, other))
        return LANE_FAILED;
    *ret_key = command->key.len > 0 ? add_key(lane, stream, command) : 0;
    return LANE_DECIDED;
}

/* Where publishing goes on: the last event of ours that is in each partition of the topic.
 * Owner: lib/eventstore. Thread: the relay's.
 *
 * First the beginning: what the fetch of offset 0 brings, and the watermarks with it. Where
 * retention has deleted offset 0, the end is asked for instead. Then windows backwards from the
 * end:
 *
 *   low                        from   upto          high
 *    |--------- not read --------|window|-- strangers --|
 *
 * A window without a record of ours (poison somebody else wrote) is followed by a larger one before
 * it.
 */
#include "eventstore/relay_tail.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/memory.h"
#include "eventstore/record_headers.h"
#include "io/kafka_consumer.h"

enum {
    PREFETCH_BYTES = 4 << 20,
    FETCH_BYTES = 64 << 10,
    FIRST_WINDOW = 64,
    WINDOW_GROWTH = 16,
    PATIENCE_MS = 15000, /* without any answer */
    STEP_MESSAGES = 5000,
};

struct tail_part {
    struct tail_result result;
    int64_t from, upto; /* the window that is read; upto - 1 is its last offset */
    bool waiting, knows_end;
    bool trimmed; /* offset 0 is gone */
};

struct relay_tail {
    struct tail_options options; /* the texts were for opening only */
    struct kafka_consumer *consumer;
    struct record_types types;
    enum { FIRSTS, ENDS, WINDOWS } phase;
    int64_t window, deadline_us;
    size_t count, waiting;
    struct tail_part parts[];
};

static int assign_waiting(struct relay_tail *tail, struct error *err)
{
    struct kafka_start *starts = mem_calloc(tail->count + 1, sizeof(*starts));
    size_t count = 0;
    for (size_t i = 0; i < tail->count; i++) {
        const struct tail_part *part = &tail->parts[i];
        if (part->waiting)
            starts[count++] = (struct kafka_start){part->result.partition, part->from};
    }
    int rc = kafka_consumer_assign(tail->consumer, starts, count, err);
    tail->waiting = count;
    tail->deadline_us = clock_monotonic_us() + (int64_t)PATIENCE_MS * 1000;
    free(starts);
    return rc;
}

int tail_open(const struct tail_options *options, const int *partitions, size_t count,
              struct error *err, struct relay_tail **ret_tail)
{
    const struct kafka_consumer_options consumer = {
        .bootstrap_servers = options->bootstrap_servers,
        .client_id = options->client_id,
        .topic = options->category->topic,
        .prefetch_bytes = PREFETCH_BYTES,
        .fetch_bytes = FETCH_BYTES,
        .fetch_wait_ms = 10,
        .report_end = true,
    };
    struct relay_tail *tail = mem_calloc(1, sizeof(*tail) + count * sizeof(tail->parts[0]));
    tail->options = *options;
    tail->count = count;
    tail->window = FIRST_WINDOW;
    for (size_t i = 0; i < count; i++) {
        tail->parts[i].result.partition = partitions[i];
        tail->parts[i].waiting = true;
    }
    if (kafka_consumer_open(&consumer, err, &tail->consumer) != 0 ||
        assign_waiting(tail, err) != 0) {
        tail_close(tail);
        return -1;
    }
    *ret_tail = tail;
    return 0;
}

void tail_close(struct relay_tail *tail)
{
    if (tail == NULL)
        return;
    /* A client that hangs ends on a thread of its own; nobody waits for it. */
    kafka_consumer_close(tail->consumer, 200);
    free(tail);
}

static struct tail_part *find_part(struct relay_tail *tail, int partition)
{
    for (size_t i = 0; i < tail->count; i++) {
        if (tail->parts[i].result.partition == partition)
            return &tail->parts[i];
    }
    return NULL;
}

static void finish(struct relay_tail *tail, struct tail_part *part)
{
    struct error ignored;
    part->waiting = false;
    tail->waiting--;
    tail->deadline_us = clock_monotonic_us() + (int64_t)PATIENCE_MS * 1000;
    /* What more it has must not stand in front of what others have: one queue brings all. Where the
     * pause fails this only takes longer. */
    if (kafka_consumer_pause(tail->consumer, part->result.partition, &ignored) != 0)
        return;
}

/* Whether the record is an event of this partition. What is none claims no position, whatever its
 * headers say: consumers set it aside as well. */
static bool read_event(struct relay_tail *tail, const struct kafka_message *message,
                       struct event_record *event)
{
    const struct tail_options *options = &tail->options;
    struct error why;
    return record_read(options->category, &tail->types, message, &why, event) == 0 &&
           hash_partition(event->stream_id.data, event->stream_id.len,
                          options->category->partitions) == message->partition &&
           (options->inspect == NULL || options->inspect(event, &why) == 0);
}

static void take_event(struct relay_tail *tail, struct tail_part *part,
                       const struct event_record *event)
{
    struct tail_result *result = &part->result;
    if (tail->phase == FIRSTS) {
        result->first_position = event->position;
        finish(tail, part);
        return;
    }
    if (event->position < result->position)
        return; /* the highest, not the last: a former leader may have repeated lower ones behind it
                 */
    if (event->position > result->position)
        result->event_id_count = 0;
    result->found = true;
    result->position = event->position;
    if (result->event_id_count < TAIL_EVENT_IDS_MAX)
        result->event_ids[result->event_id_count++] = event->event_id;
}

/* The watermarks come with every answer to a fetch. False: not yet. */
static bool take_watermarks(struct relay_tail *tail, struct tail_part *part)
{
    if (tail->phase == WINDOWS || part->knows_end)
        return true;
    part->knows_end = kafka_consumer_last_watermarks(tail->consumer, part->result.partition,
                                                     &part->result.low, &part->result.high);
    part->upto = part->result.high;
    return part->knows_end;
}

static void take_message(struct relay_tail *tail, const struct kafka_message *message)
{
    struct tail_part *part = find_part(tail, message->partition);
    struct event_record event;
    if (part == NULL || !part->waiting)
        return;
    tail->deadline_us = clock_monotonic_us() + (int64_t)PATIENCE_MS * 1000;
    if (!take_watermarks(tail, part))
        return;
    if (message->offset < part->upto && read_event(tail, message, &event))
        take_event(tail, part, &event);
    if (part->waiting && message->offset + 1 >= part->upto)
        finish(tail, part);
}

static void take_end(struct relay_tail *tail, int partition)
{
    struct tail_part *part = find_part(tail, partition);
    if (part != NULL && part->waiting && take_watermarks(tail, part))
        finish(tail, part);
}

/* False when that cannot be. */
static bool take_out_of_range(struct relay_tail *tail, int partition)
{
    struct tail_part *part = find_part(tail, partition);
    if (part == NULL || !part->waiting)
        return true;
    if (tail->phase != FIRSTS)
        return false;
    part->trimmed = true;
    finish(tail, part);
    return true;
}

static size_t plan_ends(struct relay_tail *tail)
{
    size_t count = 0;
    for (size_t i = 0; i < tail->count; i++) {
        struct tail_part *part = &tail->parts[i];
        part->waiting = part->trimmed;
        part->from = KAFKA_OFFSET_END;
        count += part->waiting ? 1 : 0;
    }
    tail->phase = ENDS;
    return count;
}

/* Those without a record of ours so far look at the window before; how many. */
static size_t plan_windows(struct relay_tail *tail)
{
    size_t count = 0;
    bool first = tail->phase == ENDS;
    if (!first && tail->window < INT64_MAX / WINDOW_GROWTH)
        tail->window *= WINDOW_GROWTH;
    for (size_t i = 0; i < tail->count; i++) {
        struct tail_part *part = &tail->parts[i];
        part->upto = first ? part->result.high : part->from;
        part->waiting = !part->result.found && part->upto > part->result.low;
        part->from = part->upto;
        if (!part->waiting)
            continue;
        part->from = part->upto - tail->window;
        if (part->from < part->result.low)
            part->from = part->result.low;
        count++;
    }
    tail->phase = WINDOWS;
    return count;
}

/* All partitions have answered: the next question, or the end. */
static enum tail_progress next_round(struct relay_tail *tail, struct error *err)
{
    if ((tail->phase != FIRSTS || plan_ends(tail) == 0) && plan_windows(tail) == 0)
        return TAIL_DONE;
    return assign_waiting(tail, err) == 0 ? TAIL_READING : TAIL_FAILED;
}

enum tail_progress tail_step(struct relay_tail *tail, int timeout_ms, struct error *err)
{
    for (int i = 0; i < STEP_MESSAGES; i++) {
        struct kafka_message message = {0};
        struct error last;
        enum kafka_poll got =
            kafka_consumer_poll(tail->consumer, i == 0 ? timeout_ms : 0, &last, &message);
        if (got == KAFKA_POLL_MESSAGE)
            take_message(tail, &message);
        else if (got == KAFKA_POLL_END)
            take_end(tail, message.partition);
        int partition = message.partition;
        kafka_message_free(&message);
        if (got == KAFKA_POLL_OUT_OF_RANGE && !take_out_of_range(tail, partition)) {
            error_set(err, ERROR_RETRIABLE, "the topic's end moved while it was read");
            return TAIL_FAILED;
        }
        if (tail->waiting == 0)
            return next_round(tail, err);
        if (got == KAFKA_POLL_ERROR && last.kind == ERROR_PERMANENT) {
            *err = last;
            return TAIL_FAILED;
        }
        if (got == KAFKA_POLL_NOTHING)
            break;
    }
    if (clock_left_ms(tail->deadline_us) > 0)
        return TAIL_READING;
    if (!kafka_consumer_trouble(tail->consumer, PATIENCE_MS, err))
        error_set(err, ERROR_RETRIABLE, "the topic's end was not answered in time");
    return TAIL_FAILED;
}

const struct tail_result *tail_result(const struct relay_tail *tail, size_t index)
{
    CHECK(index < tail->count && tail->waiting == 0);
    return &tail->parts[index].result;
}

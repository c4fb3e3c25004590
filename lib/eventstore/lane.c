/* A lane of the committer: takes what has come while the last batch was under way, loads, decides,
 * appends, answers.
 * Owner: lib/eventstore; the committer. Thread: lane_submit from any, the rest is the lane's.
 */
#include "eventstore/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

enum {
    ATTEMPTS_MAX = 100,           /* the deadline usually ends it earlier */
    UNSENT_PATIENCE_US = 1000000, /* how long a batch waits for a server that is away */
    RETRY_PAUSE_US = 20000,
};

/* A command of the batch under way. */
struct slot {
    struct command *command;
    struct stream_entry *entry, *other; /* other: NULL: the command has one stream */
    size_t stream, other_stream, key;   /* key: 1 + index, 0: none */
    size_t events_begin, events_end;
    bool settled;
};

struct round {
    struct slot *slots;
    size_t count;
    struct queue_node *done, **done_last;   /* outcome known */
    struct queue_node *again, **again_last; /* for the next round */
};

static struct command *command_of(struct queue_node *node)
{
    return node != NULL ? CONTAINER_OF(node, struct command, node) : NULL;
}

static void hand_over(struct slot *slot, struct queue_node ***last)
{
    slot->settled = true;
    slot->command->node.next = NULL;
    **last = &slot->command->node;
    *last = &slot->command->node.next;
}

static void finish(struct round *round, struct slot *slot, enum command_outcome outcome)
{
    slot->command->outcome = outcome;
    hand_over(slot, &round->done_last);
}

static void repeat(struct round *round, struct slot *slot, bool counts)
{
    if (counts && ++slot->command->attempts >= ATTEMPTS_MAX) {
        finish(round, slot, COMMAND_CONTENDED);
        return;
    }
    hand_over(slot, &round->again_last);
}

static void load_round(struct lane *lane, struct round *round)
{
    struct command **commands = mem_alloc(round->count * sizeof(*commands));
    struct error err;
    int64_t now_us = clock_monotonic_us();
    for (size_t i = 0; i < round->count; i++)
        commands[i] = round->slots[i].command;
    int rc = lane_load(lane, commands, round->count, &err);
    if (rc != 0)
        log_warning("streams not loaded", LOG_TEXT("reason", err.message));
    for (size_t i = 0; i < round->count; i++) {
        struct slot *slot = &round->slots[i];
        slot->entry = stream_cache_get(&lane->cache, slot->command->stream_id);
        slot->other = lane_other_entry(lane, slot->command);
        const struct stream_entry *other = slot->other != NULL ? slot->other : slot->entry;
        if (slot->entry->broken || other->broken)
            finish(round, slot, COMMAND_BROKEN);
        else if (slot->entry->state == NULL || other->state == NULL ||
                 now_us > slot->command->deadline_us)
            finish(round, slot, COMMAND_UNAVAILABLE);
    }
    free(commands);
}

static void decide_round(struct lane *lane, struct round *round)
{
    for (size_t i = 0; i < round->count; i++) {
        struct slot *slot = &round->slots[i];
        if (slot->settled)
            continue;
        slot->events_begin = lane->batch.event_count;
        enum lane_decided decided = lane_decide(lane, slot->command, &slot->key);
        slot->events_end = lane->batch.event_count;
        slot->stream = slot->entry->in_batch - 1;
        slot->other_stream = slot->other != NULL ? slot->other->in_batch - 1 : slot->stream;
        if (decided == LANE_DEFERRED)
            repeat(round, slot, false);
        else if (decided == LANE_FAILED)
            finish(round, slot, COMMAND_BROKEN);
    }
}

static void pause_us(int64_t duration_us)
{
    struct timespec pause = {.tv_sec = duration_us / 1000000,
                             .tv_nsec = duration_us % 1000000 * 1000};
    nanosleep(&pause, NULL);
}

/* Runs the batch until its outcome is known or patience ends. The same batch again is safe: the
 * events that an interrupted try did commit are recognised by their ids. */
static int append_round(struct lane *lane, enum command_outcome *ret_failure)
{
    int64_t begun_us = clock_monotonic_us();
    int64_t give_up_us = begun_us + UNSENT_PATIENCE_US;
    struct error err;
    *ret_failure = COMMAND_UNAVAILABLE;
    for (;;) {
        if (lane_connect(lane, &err) == 0) {
            if (append_run(lane->pg, lane->options->category, &lane->batch,
                           lane->options->pg.statement_timeout_ms + 1000, &err) == 0)
                break;
            log_warning("append interrupted", LOG_TEXT("reason", err.message),
                        LOG_TEXT("outcome", err.kind == ERROR_UNKNOWN ? "unknown" : "not done"));
            if (err.kind == ERROR_UNKNOWN && *ret_failure != COMMAND_UNKNOWN) {
                *ret_failure = COMMAND_UNKNOWN;
                give_up_us = begun_us + (int64_t)lane->options->commit_timeout_ms * 1000;
            }
            if (err.kind == ERROR_PERMANENT)
                return -1;
        }
        if (clock_monotonic_us() >= give_up_us)
            return -1;
        pause_us(RETRY_PAUSE_US);
    }
    lane->gather.last_commit_us = clock_monotonic_us() - begun_us;
    metric_add(lane->metrics->batches, 0, 1);
    metric_add(lane->metrics->ways, lane->batch.way, 1);
    metric_observe_us(lane->metrics->commit_duration, 0, lane->gather.last_commit_us);
    return 0;
}

static void replay(struct command *command, const struct append_key *key)
{
    command->status = key->found_status;
    command->version = key->found_version;
    buf_clear(&command->body);
    buf_append(&command->body, key->found_body.data, key->found_body.len);
    command->body_position = SIZE_MAX;
}

static void settle(struct lane *lane, struct round *round, struct slot *slot)
{
    const struct append_stream *stream = &lane->batch.streams[slot->stream];
    const struct append_stream *other = &lane->batch.streams[slot->other_stream];
    const struct append_key *key = slot->key > 0 ? &lane->batch.keys[slot->key - 1] : NULL;
    if (stream->excluded || other->excluded) {
        repeat(round, slot, true);
        return;
    }
    if (key != NULL && key->found) {
        if (key->found_same)
            replay(slot->command, key);
        finish(round, slot, key->found_same ? COMMAND_REPLAYED : COMMAND_KEY_REUSED);
        return;
    }
    if (stream->result != STREAM_APPENDED || other->result != STREAM_APPENDED) {
        repeat(round, slot, true);
        return;
    }
    finish(round, slot, COMMAND_ANSWERED);
}

/* The position of each answer: of the stream's last event when the command was decided. */
static void place_answers(struct lane *lane, struct round *round)
{
    for (size_t i = 0; i < round->count; i++) {
        struct slot *slot = &round->slots[i];
        if (slot->settled)
            continue;
        for (size_t e = slot->events_begin; e < slot->events_end; e++) {
            const struct append_event *event = &lane->batch.events[e];
            struct stream_entry *entry = event->stream == slot->stream ? slot->entry : slot->other;
            entry->position = event->record.position;
        }
        slot->command->position = slot->entry->position;
    }
}

static void offer_snapshot(struct lane *lane, struct stream_entry *entry)
{
    const struct aggregate *aggregate = lane->options->aggregate;
    int interval = lane->options->snapshot_interval;
    int32_t version = aggregate->version(entry->state);
    if (interval == 0 || version - entry->snapshot_version < interval)
        return;
    buf_clear(&lane->scratch);
    aggregate->snapshot(entry->state, entry->map.key, &lane->scratch);
    snapshot_offer(lane->snapshots, entry->map.key, version, entry->position,
                   buf_slice(&lane->scratch));
    entry->snapshot_version = version;
}

/* Hands the committed events on, in one block that their taker frees. */
static void offer_appended(struct lane *lane)
{
    struct appended *appended = append_batch_appended(&lane->batch);
    metric_add(lane->metrics->events, 0, appended != NULL ? (int64_t)appended->count : 0);
    if (appended == NULL)
        return;
    if (lane->options->appended != NULL)
        lane->options->appended(lane->options->context, appended);
    else
        free(appended);
}

/* What was decided on a stream that was not appended is forgotten with the stream's state. */
static void close_stream(struct lane *lane, struct stream_entry *entry, bool committed)
{
    if (entry == NULL || entry->in_batch == 0)
        return;
    const struct append_stream *stream = &lane->batch.streams[entry->in_batch - 1];
    if (!committed || stream->excluded || stream->result != STREAM_APPENDED) {
        stream_cache_forget(&lane->cache, entry);
    } else {
        entry->seen = lane->session.number;
        offer_snapshot(lane, entry);
    }
    stream_cache_recount(&lane->cache, entry);
    entry->in_batch = 0;
}

/* Somebody may mend the store: look again next time. */
static void forget_broken(struct lane *lane, struct stream_entry *entry)
{
    if (entry != NULL && entry->broken)
        stream_cache_forget(&lane->cache, entry);
}

static void run_round(struct lane *lane, struct round *round)
{
    enum command_outcome failure = COMMAND_UNAVAILABLE;
    load_round(lane, round);
    append_batch_clear(&lane->batch);
    decide_round(lane, round);
    bool committed = lane->batch.stream_count == 0 || append_round(lane, &failure) == 0;
    if (committed)
        place_answers(lane, round);
    for (size_t i = 0; i < round->count; i++) {
        struct slot *slot = &round->slots[i];
        if (slot->settled)
            continue;
        if (committed)
            settle(lane, round, slot);
        else
            finish(round, slot, failure);
    }
    if (committed)
        offer_appended(lane);
    for (size_t i = 0; i < round->count; i++) {
        close_stream(lane, round->slots[i].entry, committed);
        close_stream(lane, round->slots[i].other, committed);
        forget_broken(lane, round->slots[i].entry);
        forget_broken(lane, round->slots[i].other);
    }
}

/* Runs a list of commands as one batch; returns those that have to be decided again. */
static struct command *process(struct lane *lane, struct command *list)
{
    struct round round = {0};
    size_t count = 0;
    for (struct command *c = list; c != NULL; c = command_of(c->node.next))
        count++;
    round.slots = mem_calloc(count, sizeof(round.slots[0]));
    round.done_last = &round.done;
    round.again_last = &round.again;
    for (struct command *c = list; c != NULL; c = command_of(c->node.next))
        round.slots[round.count++].command = c;
    run_round(lane, &round);
    free(round.slots);
    lane->gather.last_batch = round.count;
    if (round.done != NULL)
        lane->options->done(lane->options->context, command_of(round.done));
    stream_cache_trim(&lane->cache);
    metric_set(lane->metrics->cached_bytes, (unsigned)lane->index, (int64_t)lane->cache.bytes);
    return command_of(round.again);
}

static void gather(struct lane *lane)
{
    int64_t wait_us;
    size_t wanted = gather_wanted(&lane->gather, queue_length(&lane->queue),
                                  (size_t)lane->options->batch_max, &wait_us);
    if (wanted > 0)
        queue_await(&lane->queue, wanted, clock_monotonic_us() + wait_us);
}

static void *run(void *argument)
{
    struct lane *lane = argument;
    int64_t idle_us = 1000000;
    while (!queue_closed(&lane->queue) || queue_length(&lane->queue) > 0) {
        struct error err;
        if (lane_connect(lane, &err) != 0)
            idle_us = RETRY_PAUSE_US;
        gather(lane);
        struct queue_node *taken = queue_take(&lane->queue, (size_t)lane->options->batch_max,
                                              clock_monotonic_us() + idle_us);
        idle_us = 1000000;
        metric_set(lane->metrics->queued, (unsigned)lane->index,
                   (int64_t)queue_length(&lane->queue));
        if (taken == NULL && pg_usable(lane->pg))
            pg_check_alive(lane->pg);
        struct command *again = command_of(taken);
        while (again != NULL) {
            again = process(lane, again);
            if (again != NULL)
                metric_add(lane->metrics->retries, 0, 1);
        }
    }
    return NULL;
}

void lane_start(struct lane *lane)
{
    queue_init(&lane->queue, lane->options->queue_capacity);
    append_session_init(&lane->session, lane->options->category);
    lane->batch.session = &lane->session;
    lane->cache.aggregate = lane->options->aggregate;
    lane->cache.bytes_max = lane->options->cache_bytes / (size_t)lane->options->lanes;
    CHECK(pthread_create(&lane->thread, NULL, run, lane) == 0);
    char name[16];
    snprintf(name, sizeof(name), "lane-%d", lane->index);
    pthread_setname_np(lane->thread, name);
}

void lane_stop(struct lane *lane)
{
    queue_close(&lane->queue);
    pthread_join(lane->thread, NULL);
    queue_destroy(&lane->queue);
    stream_cache_free(&lane->cache);
    append_session_free(&lane->session);
    append_batch_free(&lane->batch);
    buf_free(&lane->scratch);
    pg_close(lane->pg);
}

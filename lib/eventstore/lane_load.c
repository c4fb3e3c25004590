/* Bringing streams into a lane's cache.
 * Owner: lib/eventstore. Thread: the lane's.
 */
#include "eventstore/lane.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "eventstore/read.h"

enum { RECONNECT_PAUSE_US = 50000 };

int lane_connect(struct lane *lane, struct error *err)
{
    if (pg_usable(lane->pg))
        return 0;
    pg_close(lane->pg);
    lane->pg = NULL;
    atomic_store(&lane->connected, false);
    if (clock_monotonic_us() < lane->connect_after_us)
        return error_set(err, ERROR_RETRIABLE, "PostgreSQL: not connected");
    if (pg_open(&lane->options->pg, err, &lane->pg) != 0) {
        lane->connect_after_us = clock_monotonic_us() + RECONNECT_PAUSE_US;
        return -1;
    }
    if (append_session_begin(&lane->session, lane->pg, lane->options->category,
                             lane->options->pg.statement_timeout_ms, err) != 0) {
        pg_abandon(lane->pg);
        lane->connect_after_us = clock_monotonic_us() + RECONNECT_PAUSE_US;
        return -1;
    }
    atomic_store(&lane->connected, true);
    return 0;
}

struct loading {
    struct lane *lane;
    struct stream_entry *entry;
};

static int take_snapshot(void *argument, struct slice payload, int32_t version, int64_t position)
{
    struct loading *loading = argument;
    struct stream_entry *entry = loading->entry;
    const struct aggregate *aggregate = loading->lane->options->aggregate;
    if (aggregate->restore(entry->state, entry->map.key, payload) != 0 ||
        aggregate->version(entry->state) != version) {
        aggregate->free(entry->state);
        entry->state = aggregate->create();
        return -1;
    }
    entry->position = position;
    entry->snapshot_version = version;
    return 0;
}

static int take_event(void *argument, const struct event_record *event)
{
    struct loading *loading = argument;
    struct stream_entry *entry = loading->entry;
    struct error err;
    if (loading->lane->options->aggregate->evolve(entry->state, event, &err) != 0) {
        log_error("stored event cannot be folded", LOG_TEXT("stream", entry->stream_id),
                  LOG_INT("version", event->version), LOG_TEXT("reason", err.message));
        entry->broken = true;
        return 1;
    }
    entry->position = event->position;
    return 0;
}

/* Entries of the commands that have no state yet, each once. */
static size_t collect_cold(struct lane *lane, struct command *const *commands, size_t count,
                           struct loading *cold)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        struct stream_entry *const entries[] = {
            stream_cache_get(&lane->cache, commands[i]->stream_id),
            lane_other_entry(lane, commands[i]),
        };
        for (size_t e = 0; e < ARRAY_SIZE(entries); e++) {
            if (entries[e] == NULL || entries[e]->state != NULL)
                continue;
            entries[e]->state = lane->options->aggregate->create();
            cold[found++] = (struct loading){lane, entries[e]};
        }
    }
    return found;
}

int lane_load(struct lane *lane, struct command *const *commands, size_t count, struct error *err)
{
    enum { STREAMS_OF_COMMAND = 2 };
    struct loading *cold = mem_alloc(count * STREAMS_OF_COMMAND * sizeof(*cold));
    size_t cold_count = collect_cold(lane, commands, count, cold);
    int rc = 0;
    if (cold_count > 0) {
        struct stream_fold *folds = mem_calloc(cold_count, sizeof(*folds));
        int *results = mem_calloc(cold_count, sizeof(*results));
        for (size_t i = 0; i < cold_count; i++)
            folds[i] = (struct stream_fold){.stream_id = cold[i].entry->map.key,
                                            .snapshot = take_snapshot,
                                            .event = take_event,
                                            .argument = &cold[i]};
        rc = lane_connect(lane, err);
        if (rc == 0)
            rc = read_folds(lane->pg, lane->options->category, folds, cold_count,
                            lane->options->pg.statement_timeout_ms, err, results);
        for (size_t i = 0; i < cold_count; i++) {
            cold[i].entry->seen = lane->session.number;
            if (rc != 0)
                stream_cache_forget(&lane->cache, cold[i].entry);
            else
                stream_cache_recount(&lane->cache, cold[i].entry);
        }
        free(results);
        free(folds);
    }
    free(cold);
    return rc;
}

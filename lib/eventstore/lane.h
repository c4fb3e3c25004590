/* A lane of the committer: one thread, one connection, the streams of its partitions.
 * Owner: lib/eventstore; the committer. Thread: lane_submit from any, the rest is the lane's.
 */
#ifndef CARTWRIGHT_EVENTSTORE_LANE_H
#define CARTWRIGHT_EVENTSTORE_LANE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/queue.h"
#include "eventstore/append.h"
#include "eventstore/committer.h"
#include "eventstore/lane_gather.h"
#include "eventstore/snapshot_writer.h"
#include "eventstore/stream_cache.h"

struct lane_metrics {
    struct metric *batches, *ways, *events, *retries, *commit_duration, *cached_bytes, *queued;
};

struct lane {
    const struct committer_options *options;
    const struct lane_metrics *metrics;
    struct snapshot_writer *snapshots;
    int index;
    pthread_t thread;
    struct queue queue;
    struct pg *pg;
    atomic_bool connected;
    struct stream_cache cache;
    struct append_batch batch;
    struct append_session session;
    struct lane_gather gather;
    struct uuid_source ids;
    struct buf scratch;
    int64_t connect_after_us;
};

/** A command being decided. */
struct decision {
    struct lane *lane;
    struct command *command;
    struct stream_entry *entry, *other; /* other: NULL: the command has one stream */
    int64_t time_us;
    bool failed; /* an event could not be applied */
};

void lane_start(struct lane *lane);
/** Finishes what is queued, joins, frees what the lane owns. */
void lane_stop(struct lane *lane);

/** lane_load.c: brings the streams of the commands into the cache. -1: the store is away. */
int lane_connect(struct lane *lane, struct error *err) WARN_UNUSED;
int lane_load(struct lane *lane, struct command *const *commands, size_t count,
              struct error *err) WARN_UNUSED;

enum lane_decided {
    LANE_DECIDED,  /* in the batch */
    LANE_DEFERRED, /* has to wait for the next batch */
    LANE_FAILED, /* its events cannot be applied: a bug that costs this command, not the process */
};

/** lane_decide.c: decides one command into the batch; *ret_key is 1 + the index of its key, 0:
 * none. */
enum lane_decided lane_decide(struct lane *lane, struct command *command,
                              size_t *ret_key) WARN_UNUSED;
/** The entry of the command's other stream; NULL: it has none. */
struct stream_entry *lane_other_entry(struct lane *lane, const struct command *command);

#endif

/* Reading the event store: by stream, version, time, partition.
 * Owner: lib/eventstore. Thread: the connection's.
 */
#ifndef CARTWRIGHT_EVENTSTORE_READ_H
#define CARTWRIGHT_EVENTSTORE_READ_H

#include "base/error.h"
#include "eventstore/category.h"
#include "eventstore/event_record.h"
#include "io/pg.h"

/** Gets each event in order; the record is valid during the call. Non-zero stops the reading, which
 * then returns that value. */
typedef int (*event_sink)(void *argument, const struct event_record *event);

struct stream_range {
    struct slice stream_id;
    int32_t after_version; /* only versions above */
    int32_t upto_version;  /* only versions up to; 0: no bound */
    int64_t upto_us;       /* only events recorded at or before; 0: no bound */
    int limit;
    bool backwards; /* from the highest version down; after_version is then the upper bound,
                     * 0: none */
};

/** All of these: 0, -1 with err (see pg_run), or the sink's non-zero value. */
int read_stream(struct pg *pg, const struct category *category, const struct stream_range *range,
                event_sink sink, void *argument, int timeout_ms, struct error *err) WARN_UNUSED;

/** Events of a partition with a position above after, at most limit, in position order. */
int read_partition(struct pg *pg, const struct category *category, int partition, int64_t after,
                   int limit, event_sink sink, void *argument, int timeout_ms,
                   struct error *err) WARN_UNUSED;

/** The last position of each partition into ret_positions[category->partitions]; 0: none. */
int read_heads(struct pg *pg, const struct category *category, int timeout_ms, struct error *err,
               int64_t *ret_positions) WARN_UNUSED;

/** The last version of a stream, 0 when it does not exist. */
int read_version(struct pg *pg, const struct category *category, struct slice stream_id,
                 int timeout_ms, struct error *err, int32_t *ret_version) WARN_UNUSED;

/** Stream ids in order, those after `after`, at most limit, one call of sink per id (only stream_id
 * is set). For rebuilds. */
int read_stream_ids(struct pg *pg, const struct category *category, struct slice after, int limit,
                    event_sink sink, void *argument, int timeout_ms, struct error *err) WARN_UNUSED;

/** A stream's state at its head: the snapshot, if there is one, then the events after it. */
struct stream_fold {
    struct slice stream_id;
    int32_t upto_version; /* snapshot at or below and events up to; 0: the head */
    int64_t upto_us;      /* 0: no bound */
    /* Takes the snapshot; non-zero refuses it, then all events come from version 1. */
    int (*snapshot)(void *argument, struct slice payload, int32_t version, int64_t position);
    event_sink event;
    void *argument;
};
int read_fold(struct pg *pg, const struct category *category, const struct stream_fold *fold,
              int timeout_ms, struct error *err) WARN_UNUSED;
/** The same for many streams in two round trips (upto_* must be 0). A sink's non-zero value is kept
 * in ret_results[i] and ends that stream's events only. */
int read_folds(struct pg *pg, const struct category *category, const struct stream_fold *folds,
               size_t count, int timeout_ms, struct error *err, int *ret_results) WARN_UNUSED;

#endif

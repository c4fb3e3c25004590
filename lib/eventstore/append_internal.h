/* What the files that append a batch share.
 * Owner: lib/eventstore; append*.c. Thread: the connection's.
 */
#ifndef CARTWRIGHT_EVENTSTORE_APPEND_INTERNAL_H
#define CARTWRIGHT_EVENTSTORE_APPEND_INTERNAL_H

#include "eventstore/append_batch.h"

enum {
    APPEND_PARTITIONS_MAX = 1024,
    APPEND_FINGERPRINT_BYTES = 32,
};

/** Whether the stream's unit is in the batch still. */
static inline bool append_takes_part(const struct append_batch *batch, size_t stream)
{
    return !batch->streams[stream].excluded;
}

/** Distinct partitions that get events, ascending: the order that keeps two writers from waiting
 * for each other. Returns how many. */
int append_partitions(const struct append_batch *batch, const struct category *category,
                      int16_t *partitions);

/** Parameters: the partitions; the events' columns from partition on, an array each. */
void append_put_partitions(struct pg_params *params, const int16_t *partitions, int count);
void append_put_columns(const struct append_batch *batch, struct pg_params *params);
/** The keys' columns from stream_id to version. */
void append_put_keys(const struct append_batch *batch, struct pg_params *params);

enum direct_outcome {
    DIRECT_APPENDED,
    DIRECT_NOT_POSSIBLE, /* not tried */
    DIRECT_REFUSED,      /* the store has something else: nothing was done */
    DIRECT_FAILED,       /* as pg_run */
};

/** append_direct.c */
enum direct_outcome append_directly(struct pg *pg, const struct category *category,
                                    struct append_batch *batch, int timeout_ms,
                                    struct error *err) WARN_UNUSED;

#endif

/* Snapshots of long streams, written beside the append path: losing one costs a longer fold, no
 * more. Owner: lib/eventstore; the committer. Thread: snapshot_offer from any, one thread of its
 * own.
 */
#ifndef CARTWRIGHT_EVENTSTORE_SNAPSHOT_WRITER_H
#define CARTWRIGHT_EVENTSTORE_SNAPSHOT_WRITER_H

#include "base/error.h"
#include "eventstore/category.h"
#include "io/pg.h"

struct snapshot_writer;

/** options must outlive the writer. */
struct snapshot_writer *snapshot_writer_start(const struct category *category,
                                              const struct pg_options *options);
/** Copies everything; dropped when the queue is full. Never blocks. */
void snapshot_offer(struct snapshot_writer *writer, struct slice stream_id, int32_t version,
                    int64_t position, struct slice payload);
/** Drops what is queued, joins, frees. */
void snapshot_writer_stop(struct snapshot_writer *writer);

#endif

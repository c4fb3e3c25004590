/* Appending a batch: one statement that inserts it at once (docs/decisions/0022), or one that
 * locks, verifies, places and inserts (0001). Owner: lib/eventstore; used by the lanes. Thread: the
 * connection's.
 */
#ifndef CARTWRIGHT_EVENTSTORE_APPEND_H
#define CARTWRIGHT_EVENTSTORE_APPEND_H

#include "eventstore/append_batch.h"

/** Runs the batch: inserts it when all of its streams were seen in this session and no keys have to
 * be looked up; when that is refused or not possible, verifies. 0: every result is set, everything
 * of STREAM_APPENDED streams is durable. -1 as pg_run: with an unknown error the same batch may be
 * run again on a new connection, what was committed is then recognised by its event ids. */
int append_run(struct pg *pg, const struct category *category, struct append_batch *batch,
               int timeout_ms, struct error *err) WARN_UNUSED;

#endif

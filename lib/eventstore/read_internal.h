/* What read.c and fold.c share.
 * Owner: lib/eventstore; private. Thread: the connection's.
 */
#ifndef CARTWRIGHT_EVENTSTORE_READ_INTERNAL_H
#define CARTWRIGHT_EVENTSTORE_READ_INTERNAL_H

#include "eventstore/event_record.h"
#include "io/pg.h"

/** The event in a row of EVENT_COLUMNS; slices point into result. */
void read_record(const struct pg_result *result, int row, struct event_record *event);

#endif

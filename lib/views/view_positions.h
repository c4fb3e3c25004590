/* How far the views are: the positions up to which all events are in them.
 * Owner: lib/views. Thread: the connection's.
 */
#ifndef CARTWRIGHT_VIEWS_VIEW_POSITIONS_H
#define CARTWRIGHT_VIEWS_VIEW_POSITIONS_H

#include "views/view_connection.h"

struct view_position {
    int partition;
    int64_t expected; /* Redis has at least this */
    int64_t position; /* what it will have */
    int64_t offset;
};

/** The positions of partitions 0 … count-1: -1 where there is none; offset -1: not known. Fails
 * when the function library is not there any more. */
int view_positions_read(struct view_connection *views, int count, struct error *err,
                        struct view_position *ret_positions) WARN_UNUSED;

/** A whole number at *at and the blank behind it, if there is one; *at is then behind both. Pure.
 */
bool view_number(const char **at, int64_t *ret_number) WARN_UNUSED;

#endif

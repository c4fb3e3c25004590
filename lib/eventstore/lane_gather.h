/* How long a lane lets commands come before it begins a batch. Pure.
 * Owner: lib/eventstore; the lane. Thread: the lane's.
 *
 * A commit costs much and a command in it little, so those who were answered together and ask again
 * a moment later should be in one batch again, and not in two that take turns. A quiet shop never
 * waits.
 */
#ifndef CARTWRIGHT_EVENTSTORE_LANE_GATHER_H
#define CARTWRIGHT_EVENTSTORE_LANE_GATHER_H

#include <stddef.h>
#include <stdint.h>

enum {
    GATHER_FROM = 8,      /* commands in the last batch: with fewer nobody waits */
    GATHER_MAX_US = 5000, /* and never longer than a quarter of what the last commit took */
};

/** Zero-initialise; set after each batch. */
struct lane_gather {
    size_t last_batch;      /* commands in it */
    int64_t last_commit_us; /* how long it took */
};

/** For how many commands to wait, with so many in the queue, and for how long at most; 0: begin at
 * once. */
size_t gather_wanted(const struct lane_gather *gather, size_t queued, size_t batch_max,
                     int64_t *ret_wait_us);

#endif

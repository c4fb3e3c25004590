/* How long a lane lets commands come before it begins a batch. Pure.
 * Owner: lib/eventstore; the lane. Thread: the lane's.
 */
#include "eventstore/lane_gather.h"

size_t gather_wanted(const struct lane_gather *gather, size_t queued, size_t batch_max,
                     int64_t *ret_wait_us)
{
    int64_t wait_us = gather->last_commit_us / 4;
    /* Who was answered just now may come again, beside those who wait already. */
    size_t wanted = gather->last_batch + queued;
    *ret_wait_us = wait_us < GATHER_MAX_US ? wait_us : GATHER_MAX_US;
    if (gather->last_batch < GATHER_FROM || queued >= batch_max)
        return 0;
    return wanted < batch_max ? wanted : batch_max;
}

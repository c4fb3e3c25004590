/* Token buckets by key, in a table of fixed size: in a full set the bucket that was used longest
 * ago makes way, and its key begins anew with a whole bucket. Owner: lib/http. Thread: any.
 */
#ifndef CARTWRIGHT_HTTP_RATE_TABLE_H
#define CARTWRIGHT_HTTP_RATE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct rate_table;

struct rate_limit {
    int64_t per_minute; /* how fast a bucket fills; 0: no limit */
    int64_t burst;      /* what it holds, 1 or more */
};

struct rate_state {
    bool allowed;
    int64_t remaining;  /* whole requests left */
    int64_t whole_in_s; /* until the bucket is full again, rounded up */
    int64_t retry_in_s; /* until one more is allowed, rounded up; 0 when one is left */
};

struct rate_table *rate_table_new(const struct rate_limit *limit, size_t buckets);
void rate_table_free(struct rate_table *table); /* NULL is fine */

/** Takes one from the key's bucket at this time (monotonic), if there is one. */
struct rate_state rate_take(struct rate_table *table, struct slice key, int64_t now_us);

/** Seconds in which an empty bucket becomes full, rounded up. */
int64_t rate_window_s(const struct rate_limit *limit);

#endif

/* Says a repeated trouble once, then seldom: a server that is away for an hour is one story.
 * Owner: lib/service. Thread: one at a time.
 */
#ifndef CARTWRIGHT_SERVICE_LOG_LIMIT_H
#define CARTWRIGHT_SERVICE_LOG_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/** Zero-initialise. */
struct log_limit {
    uint64_t last_hash;
    int64_t quiet_until_us;
};

enum { LOG_LIMIT_QUIET_MS = 30000 };

/** Whether text is to be logged now: it is not the same as last time, or that is long ago. */
bool log_limit_passes(struct log_limit *limit, const char *text, int64_t now_us);

#endif

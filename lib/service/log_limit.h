/* Says a repeated trouble once, then seldom: a server that is away for an hour is one story.
 * Owner: lib/service. Thread: one at a time.
 */
#ifndef CARTWRIGHT_SERVICE_LOG_LIMIT_H
#define CARTWRIGHT_SERVICE_LOG_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

enum { LOG_LIMIT_TEXTS = 8 }; /* troubles that go on at the same time */

/** Zero-initialise. */
struct log_limit {
    struct {
        uint64_t hash;
        int64_t quiet_until_us;
    } said[LOG_LIMIT_TEXTS];
};

enum { LOG_LIMIT_QUIET_MS = 30000 };

/** Whether text is to be logged now: it is none of those said last, or that is long ago. */
bool log_limit_passes(struct log_limit *limit, const char *text, int64_t now_us);

#endif

/* Says a repeated trouble once, then seldom.
 * Owner: lib/service. Thread: one at a time.
 */
#include "service/log_limit.h"

#include <string.h>

#include "base/hash.h"

bool log_limit_passes(struct log_limit *limit, const char *text, int64_t now_us)
{
    uint64_t hash = hash_fnv1a(text, strlen(text));
    if (hash == limit->last_hash && now_us < limit->quiet_until_us)
        return false;
    limit->last_hash = hash;
    limit->quiet_until_us = now_us + LOG_LIMIT_QUIET_MS * INT64_C(1000);
    return true;
}

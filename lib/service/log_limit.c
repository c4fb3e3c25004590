/* Says a repeated trouble once, then seldom.
 * Owner: lib/service. Thread: one at a time.
 */
#include "service/log_limit.h"

#include <string.h>

#include "base/hash.h"

bool log_limit_passes(struct log_limit *limit, const char *text, int64_t now_us)
{
    uint64_t hash = hash_fnv1a(text, strlen(text));
    size_t place = 0;
    for (size_t i = 0; i < LOG_LIMIT_TEXTS; i++) {
        if (limit->said[i].hash == hash && now_us < limit->said[i].quiet_until_us)
            return false;
        if (limit->said[i].quiet_until_us < limit->said[place].quiet_until_us)
            place = i; /* said longest ago */
    }
    limit->said[place].hash = hash;
    limit->said[place].quiet_until_us = now_us + LOG_LIMIT_QUIET_MS * INT64_C(1000);
    return true;
}

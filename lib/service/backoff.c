/* Capped exponential back-off with jitter. Pure.
 * Owner: lib/service. Thread: any.
 */
#include "service/backoff.h"

#include "base/check.h"

int backoff_ms(int attempt, int max_ms, uint32_t random)
{
    CHECK(attempt >= 1 && max_ms >= 1);
    int64_t whole = attempt <= 20 ? (int64_t)BACKOFF_FIRST_MS << (attempt - 1) : max_ms;
    if (whole > max_ms)
        whole = max_ms;
    int64_t half = whole / 2;
    return (int)(whole - half + (int64_t)(random % (uint64_t)(half + 1)));
}

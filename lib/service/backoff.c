/* Capped exponential back-off with jitter. Pure.
 * Owner: lib/service. Thread: any.
 */
#include "service/backoff.h"

#include "base/check.h"

int backoff_from_ms(int attempt, int first_ms, int max_ms, uint32_t random)
{
    CHECK(attempt >= 1 && first_ms >= 1 && max_ms >= 1);
    int64_t whole = attempt <= 20 ? (int64_t)first_ms << (attempt - 1) : max_ms;
    if (whole > max_ms)
        whole = max_ms;
    int64_t half = whole / 2;
    return (int)(whole - half + (int64_t)(random % (uint64_t)(half + 1)));
}

int backoff_ms(int attempt, int max_ms, uint32_t random)
{
    return backoff_from_ms(attempt, BACKOFF_FIRST_MS, max_ms, random);
}

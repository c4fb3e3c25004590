/* A circuit breaker.
 * Owner: billing. Thread: one at a time; pure.
 */
#include "billing/breaker.h"

int breaker_ask(struct breaker *breaker, int64_t now_us)
{
    if (breaker->opened_until_us == 0)
        return 0;
    if (now_us < breaker->opened_until_us)
        return (int)((breaker->opened_until_us - now_us) / 1000) + 1;
    breaker->opened_until_us = now_us + breaker->open_us;
    return 0;
}

void breaker_tell(struct breaker *breaker, bool works, int64_t now_us)
{
    if (works) {
        breaker->failures = 0;
        breaker->opened_until_us = 0;
        return;
    }
    if (breaker->failures < breaker->failures_max)
        breaker->failures++;
    if (breaker->failures >= breaker->failures_max)
        breaker->opened_until_us = now_us + breaker->open_us;
}

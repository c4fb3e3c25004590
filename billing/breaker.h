/* A circuit breaker: a provider that keeps failing is left alone for a while, then tried by one.
 * Pure. Source: M. Nygard, "Release It!", stability patterns.
 * Owner: billing. Thread: one at a time.
 */
#ifndef CARTWRIGHT_BILLING_BREAKER_H
#define CARTWRIGHT_BILLING_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

/** Zero-initialise but for the limits. */
struct breaker {
    int failures_max;
    int64_t open_us;
    int failures;            /* in a row */
    int64_t opened_until_us; /* 0: closed */
};

/** 0: go on; else how many ms to wait. When the while is over the first caller is let through, the
 * others wait for what it finds. */
int breaker_ask(struct breaker *breaker, int64_t now_us);

/** What the caller found. */
void breaker_tell(struct breaker *breaker, bool works, int64_t now_us);

#endif

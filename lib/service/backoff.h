/* Capped exponential back-off with jitter. Pure.
 * Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 (equal jitter).
 * Owner: lib/service. Thread: any.
 */
#ifndef CARTWRIGHT_SERVICE_BACKOFF_H
#define CARTWRIGHT_SERVICE_BACKOFF_H

#include <stdint.h>

enum { BACKOFF_FIRST_MS = 50 };

/** How long to wait after the attempt-th failure in a row (from 1): from half of to the whole of
 * BACKOFF_FIRST_MS * 2^(attempt-1), at most max_ms. random is any number. */
int backoff_ms(int attempt, int max_ms, uint32_t random);

/** The same with another first_ms. */
int backoff_from_ms(int attempt, int first_ms, int max_ms, uint32_t random);

#endif

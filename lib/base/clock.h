/* Time: wall clock for facts, monotonic clock for deadlines.
 * Owner: lib/base. Thread: any.
 */
#ifndef CARTWRIGHT_BASE_CLOCK_H
#define CARTWRIGHT_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/** Microseconds since 1970-01-01T00:00:00Z by the wall clock; may jump. */
int64_t clock_wall_us(void);

/** Microseconds of a clock that never jumps; only differences mean something. */
int64_t clock_monotonic_us(void);

/** Milliseconds left until the monotonic deadline_us, 0 when it has passed, at most INT_MAX. */
int clock_left_ms(int64_t deadline_us);

enum { CLOCK_TEXT_SIZE = 28 }; /* "2026-11-21T12:00:00.123456Z" and NUL */

/** RFC 3339 in UTC with six digits of fraction into text. */
void clock_format(int64_t wall_us, char text[CLOCK_TEXT_SIZE]);

/** RFC 3339 date-time with any fraction (cut to microseconds) and offset; 0, or -1 for bad text. */
int clock_parse(const char *text, size_t length, int64_t *ret_wall_us) WARN_UNUSED;

#endif

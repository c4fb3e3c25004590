/* UUID version 7: time-ordered ids. Source: RFC 9562.
 * Owner: lib/base. Thread: a struct uuid_source belongs to one thread.
 */
#ifndef CARTWRIGHT_BASE_UUID_H
#define CARTWRIGHT_BASE_UUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct uuid {
    uint8_t bytes[16];
};

enum { UUID_TEXT_SIZE = 37 }; /* 36 characters and NUL */

/** Random bytes from the kernel, drawn in blocks. Zero-initialise. */
struct uuid_source {
    uint8_t pool[640];
    size_t left;
};

/** Fills out with bytes of getrandom(2). */
void uuid_random(struct uuid_source *source, void *out, size_t length);

/** A version 7 id whose first 48 bits are wall_us in milliseconds. */
struct uuid uuid_v7(struct uuid_source *source, int64_t wall_us);

void uuid_format(const struct uuid *uuid, char text[UUID_TEXT_SIZE]);

/** Parses the 36-character form; 0, or -1 for bad text. */
int uuid_parse(const char *text, size_t length, struct uuid *ret_uuid) WARN_UNUSED;

bool uuid_equal(const struct uuid *a, const struct uuid *b);

#endif

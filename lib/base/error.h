/* The one error shape: what went wrong, in words for an operator, and whether trying again can
 * help. Owner: lib/base. Thread: any; a struct error belongs to its caller.
 */
#ifndef CARTWRIGHT_BASE_ERROR_H
#define CARTWRIGHT_BASE_ERROR_H

#include <stdbool.h>

#include "base/check.h"

enum error_kind {
    ERROR_PERMANENT, /* trying the same again fails the same way */
    ERROR_RETRIABLE, /* nothing was done; trying later may work */
    ERROR_UNKNOWN,   /* it may have been done or not: ask before doing it again */
};

/** Filled by a function that returns -1; untouched by one that returns 0. */
struct error {
    enum error_kind kind;
    char message[256]; /* one line, without secrets */
};

/** Fills err (which may be NULL) and returns -1, so that a function can `return error_set(...)`. */
int error_set(struct error *err, enum error_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);

/** Puts "context: " before the message of err; returns -1. */
int error_prefix(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

#endif

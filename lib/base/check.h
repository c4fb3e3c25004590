/* Assertions that stay on in release builds, and the magic numbers of what travels as void *.
 * Owner: lib/base. Thread: any.
 */
#ifndef CARTWRIGHT_BASE_CHECK_H
#define CARTWRIGHT_BASE_CHECK_H

#include <stddef.h>
#include <stdint.h>

/** Prints where and what to stderr and aborts. Never returns. */
_Noreturn void check_failed(const char *file, int line, const char *expression)
    __attribute__((cold));

/** A bug stops the process here; what the world can cause is an error, never a CHECK. */
#define CHECK(expression)                                                                          \
    do {                                                                                           \
        if (!(expression))                                                                         \
            check_failed(__FILE__, __LINE__, #expression);                                         \
    } while (0)

/** Behind a switch whose cases all leave. */
#define NOT_REACHED() check_failed(__FILE__, __LINE__, "not reached")

#define WARN_UNUSED __attribute__((warn_unused_result))
#define PRINTF_LIKE(position, first) __attribute__((format(printf, position, first)))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/** The struct that embeds member at address pointer. */
#define CONTAINER_OF(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

#endif

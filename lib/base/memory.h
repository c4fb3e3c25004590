/* Allocation that cannot fail: out of memory aborts (docs/decisions/0003).
 * Owner: lib/base. Thread: any. All memory is freed with free().
 */
#ifndef CARTWRIGHT_BASE_MEMORY_H
#define CARTWRIGHT_BASE_MEMORY_H

#include <stddef.h>

/** size bytes, uninitialised; the caller owns them. */
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));

/** count * size zeroed bytes; overflow of the product aborts. */
void *mem_calloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));

/** Grows or shrinks; the old pointer is gone. */
void *mem_realloc(void *pointer, size_t size) __attribute__((returns_nonnull));

/** An array of count elements of size bytes with room for at least one more: *capacity elements,
 * doubled when they are used up. Zero-initialise both; the old pointer is gone. */
void *mem_grown(void *array, size_t count, size_t *capacity, size_t size)
    __attribute__((returns_nonnull));

/** A NUL-terminated copy of length bytes at text. */
char *mem_strndup(const char *text, size_t length) __attribute__((malloc, returns_nonnull));

/** A copy of the string text. */
char *mem_strdup(const char *text) __attribute__((malloc, returns_nonnull));

#endif

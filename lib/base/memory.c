/* Allocation that cannot fail, and the end of a failed check.
 * Owner: lib/base. Thread: any.
 */
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

_Noreturn void check_failed(const char *file, int line, const char *expression)
{
    fprintf(stderr, "{\"level\":\"fatal\",\"message\":\"check failed\",\"at\":\"%s:%d\"}\n", file,
            line);
    fprintf(stderr, "%s:%d: check failed: %s\n", file, line, expression);
    abort();
}

void *mem_alloc(size_t size)
{
    void *pointer = malloc(size > 0 ? size : 1);
    CHECK(pointer != NULL);
    return pointer;
}

void *mem_calloc(size_t count, size_t size)
{
    void *pointer = calloc(count > 0 ? count : 1, size > 0 ? size : 1);
    CHECK(pointer != NULL);
    return pointer;
}

void *mem_realloc(void *pointer, size_t size)
{
    void *moved = realloc(pointer, size > 0 ? size : 1);
    CHECK(moved != NULL);
    return moved;
}

void *mem_grown(void *array, size_t count, size_t *capacity, size_t size)
{
    enum { FIRST_CAPACITY = 16 };
    if (count < *capacity)
        return array;
    *capacity = *capacity > 0 ? *capacity * 2 : FIRST_CAPACITY;
    return mem_realloc(array, *capacity * size);
}

char *mem_strndup(const char *text, size_t length)
{
    char *copy = mem_alloc(length + 1);
    if (length > 0)
        memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *mem_strdup(const char *text)
{
    return mem_strndup(text, strlen(text));
}

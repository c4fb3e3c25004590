/* A growing byte buffer.
 * Owner: lib/base. Thread: one at a time.
 */
#include "base/buf.h"

#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

enum { BUF_FIRST_CAPACITY = 256 };

void buf_free(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){0};
}

void buf_reserve(struct buf *buf, size_t more)
{
    size_t need = buf->len + more;
    CHECK(need >= more);
    if (need <= buf->cap)
        return;
    size_t cap = buf->cap > 0 ? buf->cap : BUF_FIRST_CAPACITY;
    while (cap < need)
        cap *= 2;
    buf->data = mem_realloc(buf->data, cap);
    buf->cap = cap;
}

void buf_int(struct buf *buf, int64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        buf_char(buf, '-');
    buf_append(buf, digits + at, sizeof(digits) - at);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    CHECK(length >= 0);
    buf_reserve(buf, (size_t)length + 1);
    vsnprintf(buf->data + buf->len, (size_t)length + 1, format, again);
    va_end(again);
    buf->len += (size_t)length;
}

void buf_be16(struct buf *buf, uint16_t value)
{
    uint16_t wire = htobe16(value);
    buf_append(buf, &wire, sizeof(wire));
}

void buf_be32(struct buf *buf, uint32_t value)
{
    uint32_t wire = htobe32(value);
    buf_append(buf, &wire, sizeof(wire));
}

void buf_be64(struct buf *buf, uint64_t value)
{
    uint64_t wire = htobe64(value);
    buf_append(buf, &wire, sizeof(wire));
}

const char *buf_cstr(struct buf *buf)
{
    buf_reserve(buf, 1);
    buf->data[buf->len] = '\0';
    return buf->data;
}

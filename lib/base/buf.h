/* A growing byte buffer, for everything that is written piece by piece.
 * Owner: lib/base. Thread: one at a time.
 */
#ifndef CARTWRIGHT_BASE_BUF_H
#define CARTWRIGHT_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"

/** Bytes that somebody else owns; not NUL-terminated unless said so. */
struct slice {
    const char *data;
    size_t len;
};

/** A slice of a string literal or NUL-terminated text. */
static inline struct slice slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static inline int slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/** Zero-initialise; the buffer owns data until buf_free or buf_take. */
struct buf {
    char *data;
    size_t len, cap;
};

void buf_free(struct buf *buf);

/** Forgets the content, keeps the memory. */
static inline void buf_clear(struct buf *buf)
{
    buf->len = 0;
}

/** Room for at least more bytes beyond len. */
void buf_reserve(struct buf *buf, size_t more);

static inline void buf_append(struct buf *buf, const void *bytes, size_t len)
{
    if (buf->cap - buf->len < len)
        buf_reserve(buf, len);
    if (len > 0)
        memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
}

static inline void buf_char(struct buf *buf, char c)
{
    buf_append(buf, &c, 1);
}

static inline void buf_text(struct buf *buf, const char *text)
{
    buf_append(buf, text, strlen(text));
}

/** The decimal digits of value. */
void buf_int(struct buf *buf, int64_t value);

/** printf into the buffer. */
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/** Big-endian integers, the byte order of PostgreSQL's binary format. */
void buf_be16(struct buf *buf, uint16_t value);
void buf_be32(struct buf *buf, uint32_t value);
void buf_be64(struct buf *buf, uint64_t value);

/** Content plus NUL (not counted in len); the pointer is valid until the next change. */
const char *buf_cstr(struct buf *buf);

static inline struct slice buf_slice(const struct buf *buf)
{
    return (struct slice){buf->data, buf->len};
}

#endif

/* What the codecs share: an arena for the parser, and the checks of each kind of field.
 * Owner: proto. Thread: any.
 */
#include "proto/codec.h"

#include "base/currency.h"
#include "base/utf8.h"

enum {
    ARENA_ALIGNMENT = 16,
    /* The parser's structs for the smallest possible lines are about 13 times their wire bytes. */
    ARENA_FACTOR = 16,
    ARENA_LEAST = 4096,
};

static void *arena_alloc(void *data, size_t size)
{
    struct buf *arena = data;
    size_t rounded = (size + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    if (rounded < size || arena->cap - arena->len < rounded)
        return NULL;
    void *piece = arena->data + arena->len;
    arena->len += rounded;
    return piece;
}

static void arena_free(void *data, void *piece)
{
    (void)data;
    (void)piece;
}

ProtobufCAllocator codec_allocator(struct buf *arena)
{
    return (ProtobufCAllocator){arena_alloc, arena_free, arena};
}

void codec_arena_prepare(struct buf *arena, size_t length)
{
    buf_clear(arena);
    buf_reserve(arena, length * ARENA_FACTOR + ARENA_LEAST);
}

ProtobufCBinaryData codec_bytes(struct slice text)
{
    return (ProtobufCBinaryData){text.len, (uint8_t *)(uintptr_t)text.data};
}

ProtobufCBinaryData codec_uuid_bytes(const struct uuid *uuid)
{
    return codec_bytes((struct slice){(const char *)uuid->bytes, sizeof(uuid->bytes)});
}

struct slice codec_slice(const ProtobufCBinaryData *bytes)
{
    return (struct slice){(const char *)bytes->data, bytes->len};
}

void codec_pack(const ProtobufCMessage *message, struct buf *out)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    buf_reserve(out, size);
    out->len += protobuf_c_message_pack(message, (uint8_t *)out->data + out->len);
}

int codec_text(const char *field, const ProtobufCBinaryData *bytes, size_t min, size_t max,
               struct error *err, struct slice *ret_text)
{
    struct slice text = codec_slice(bytes);
    if (text.len < min || text.len > max)
        return error_set(err, ERROR_PERMANENT, "%s: %zu bytes, must be %zu to %zu", field, text.len,
                         min, max);
    if (!utf8_valid(text.data, text.len) || !utf8_printable(text.data, text.len))
        return error_set(err, ERROR_PERMANENT, "%s: not printable UTF-8", field);
    *ret_text = text;
    return 0;
}

int codec_currency(const char *field, const ProtobufCBinaryData *bytes, struct error *err,
                   struct slice *ret_text)
{
    struct slice text = codec_slice(bytes);
    if (!currency_valid(text.data, text.len))
        return error_set(err, ERROR_PERMANENT, "%s: not an ISO 4217 code", field);
    *ret_text = text;
    return 0;
}

int codec_currency_or_none(const char *field, const ProtobufCBinaryData *bytes, struct error *err,
                           struct slice *ret_text)
{
    if (bytes->len > 0)
        return codec_currency(field, bytes, err, ret_text);
    *ret_text = (struct slice){"", 0};
    return 0;
}

int codec_raw_or_none(const char *field, const ProtobufCBinaryData *bytes, size_t length,
                      struct error *err, struct slice *ret_raw)
{
    if (bytes->len != 0 && bytes->len != length)
        return error_set(err, ERROR_PERMANENT, "%s: %zu bytes, must be %zu", field, bytes->len,
                         length);
    *ret_raw = codec_slice(bytes);
    return 0;
}

int codec_uuid(const char *field, const ProtobufCBinaryData *bytes, struct error *err,
               struct uuid *ret_uuid)
{
    if (bytes->len != sizeof(ret_uuid->bytes))
        return error_set(err, ERROR_PERMANENT, "%s: %zu bytes, must be 16", field, bytes->len);
    memcpy(ret_uuid->bytes, bytes->data, sizeof(ret_uuid->bytes));
    return 0;
}

int codec_range(const char *field, int64_t value, int64_t min, int64_t max, struct error *err)
{
    if (value < min || value > max)
        return error_set(err, ERROR_PERMANENT, "%s: %ld, must be %ld to %ld", field, value, min,
                         max);
    return 0;
}

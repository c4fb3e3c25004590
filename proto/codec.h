/* What the codecs share: an arena for the parser, and the checks of each kind of field.
 * Owner: proto; private to the codecs. Thread: any.
 */
#ifndef CARTWRIGHT_PROTO_CODEC_H
#define CARTWRIGHT_PROTO_CODEC_H

#include <stdbool.h>

#include <protobuf-c/protobuf-c.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/uuid.h"

/** Hands out pieces of arena->data, never frees one. */
ProtobufCAllocator codec_allocator(struct buf *arena);

/** Makes the arena large enough for any honest message of length bytes; a message that needs more
 * is refused by the parser for want of memory. */
void codec_arena_prepare(struct buf *arena, size_t length);

/** Slices as the generated types hold them, and back. */
ProtobufCBinaryData codec_bytes(struct slice text);
ProtobufCBinaryData codec_uuid_bytes(const struct uuid *uuid);
struct slice codec_slice(const ProtobufCBinaryData *bytes);

/** Packs message at the end of out. */
void codec_pack(const ProtobufCMessage *message, struct buf *out);

/** Each takes a field, gives its value or -1 with "field: what is wrong" in err. */
int codec_text(const char *field, const ProtobufCBinaryData *bytes, size_t min, size_t max,
               struct error *err, struct slice *ret_text) WARN_UNUSED;
int codec_currency(const char *field, const ProtobufCBinaryData *bytes, struct error *err,
                   struct slice *ret_text) WARN_UNUSED;
/** As codec_currency; nothing at all is fine too. */
int codec_currency_or_none(const char *field, const ProtobufCBinaryData *bytes, struct error *err,
                           struct slice *ret_text) WARN_UNUSED;
/** Raw bytes, as many as length says, or none. */
int codec_raw_or_none(const char *field, const ProtobufCBinaryData *bytes, size_t length,
                      struct error *err, struct slice *ret_raw) WARN_UNUSED;
int codec_uuid(const char *field, const ProtobufCBinaryData *bytes, struct error *err,
               struct uuid *ret_uuid) WARN_UNUSED;
int codec_range(const char *field, int64_t value, int64_t min, int64_t max,
                struct error *err) WARN_UNUSED;

#endif

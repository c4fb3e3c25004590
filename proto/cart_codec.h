/* The one place that turns events and states into protobuf bytes and back, and judges strangers'
 * bytes. Owner: proto. Thread: any; a struct cart_decoded belongs to one.
 */
#ifndef CARTWRIGHT_PROTO_CART_CODEC_H
#define CARTWRIGHT_PROTO_CART_CODEC_H

#include "base/buf.h"
#include "base/error.h"
#include "proto/cart_event.h"

/** Appends the bytes of event to out. The event must be valid (it comes from decide): checked. */
void cart_event_encode(const struct cart_event *event, struct buf *out);

/** A decoded event and the memory its slices point into. Zero-initialise; reused by each decode,
 * freed by cart_decoded_free. */
struct cart_decoded {
    struct cart_event event;
    struct buf arena; /* what the parser allocates; grows to what the largest event needed */
    struct sold_line *lines;
    size_t line_capacity;
};

/** Decodes and validates: size, UTF-8, NUL, lengths, ranges, a body that is known. Fields of a
 * future version are ignored here and survive in the stored bytes. -1 with a permanent error that
 * names the field. */
int cart_event_decode(struct slice bytes, struct cart_decoded *decoded,
                      struct error *err) WARN_UNUSED;
void cart_decoded_free(struct cart_decoded *decoded);

#endif

/* The one place that turns payment events into protobuf bytes and back, and judges strangers'
 * bytes. Owner: proto. Thread: any; a struct payment_decoded belongs to one.
 */
#ifndef CARTWRIGHT_PROTO_PAYMENT_CODEC_H
#define CARTWRIGHT_PROTO_PAYMENT_CODEC_H

#include "base/buf.h"
#include "base/error.h"
#include "proto/payment_event.h"

/** Appends the bytes of event to out. The event must be within the format's limits. */
void payment_event_encode(const struct payment_event *event, struct buf *out);

/** A decoded event and the memory its slices point into. Zero-initialise; reused by each decode,
 * freed by payment_decoded_free. */
struct payment_decoded {
    struct payment_event event;
    struct buf arena; /* what the parser allocates */
};

/** Decodes and validates: size, text, lengths, ranges, a body that is known. Fields of a future
 * version are ignored. -1 with a permanent error that names the field. */
int payment_event_decode(struct slice bytes, struct payment_decoded *decoded,
                         struct error *err) WARN_UNUSED;
void payment_decoded_free(struct payment_decoded *decoded);

#endif

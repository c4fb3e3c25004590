/* The one place that turns fraud's events into protobuf bytes and back, and judges strangers'
 * bytes. Owner: proto. Thread: any; a struct fraud_decoded belongs to one.
 */
#ifndef CARTWRIGHT_PROTO_FRAUD_CODEC_H
#define CARTWRIGHT_PROTO_FRAUD_CODEC_H

#include "base/buf.h"
#include "base/error.h"
#include "proto/fraud_event.h"

/** Appends the bytes of event to out. The event must be within the format's limits. */
void fraud_event_encode(const struct fraud_event *event, struct buf *out);

/** A decoded event and the memory its slices point into. Zero-initialise; reused by each decode,
 * freed by fraud_decoded_free. */
struct fraud_decoded {
    struct fraud_event event;
    struct buf arena; /* what the parser allocates */
    struct fraud_hit *hits;
    struct uuid *event_ids; /* of all hits, one after another */
    size_t hit_capacity, event_id_capacity;
};

/** Decodes and validates: size, text, lengths, ranges, a body that is known. Fields of a future
 * version are ignored. -1 with a permanent error that names the field. */
int fraud_event_decode(struct slice bytes, struct fraud_decoded *decoded,
                       struct error *err) WARN_UNUSED;
void fraud_decoded_free(struct fraud_decoded *decoded);

#endif

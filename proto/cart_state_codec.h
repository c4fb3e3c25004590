/* A cart's state as bytes, for snapshots and for the projection's folding on.
 * Owner: proto. Thread: any.
 */
#ifndef CARTWRIGHT_PROTO_CART_STATE_CODEC_H
#define CARTWRIGHT_PROTO_CART_STATE_CODEC_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "proto/cart_event.h"

struct cart_state_line {
    struct slice product_id, product_name;
    int64_t price_minor;
    int32_t quantity;
};

/** A state as plain values; slices point into memory of whoever made it. */
struct cart_state {
    struct slice cart_id, user_id, currency;
    int32_t version, status;
    int64_t opened_at_us, updated_at_us, touched_at_us;
    bool abandoned;
    struct slice order_id, merged_into, guest_token_hash; /* each may be empty */
    struct contact contact;
    const struct cart_state_line *lines;
    size_t line_count;
};

/** Appends the state's bytes to out. */
void cart_state_encode(const struct cart_state *state, struct buf *out);

/** Decodes, validates as the event codec does, and hands the state to use(argument, state), whose
 * result is returned; the slices are valid during that call only. -1 with err for bad bytes. */
int cart_state_decode(struct slice bytes,
                      int (*use)(void *argument, const struct cart_state *state), void *argument,
                      struct error *err) WARN_UNUSED;

#endif

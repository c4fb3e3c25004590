/* What an envelope says an event is, and whether its payload agrees. Pure.
 * Owner: lib/cart. Thread: any.
 */
#ifndef CARTWRIGHT_CART_CART_CLAIM_H
#define CARTWRIGHT_CART_CART_CLAIM_H

#include "proto/cart_codec.h"

struct cart_claim {
    struct slice cart_id, type, payload;
    int32_t version;
};

/** Decodes the payload and holds it against its envelope; -1 with a permanent error for bytes that
 * are no event or another one than claimed. */
int cart_claim_decode(const struct cart_claim *claim, struct cart_decoded *decoded,
                      struct error *err) WARN_UNUSED;

#endif

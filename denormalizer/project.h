/* The projection: an event onto a cart's state, a state as what Redis keeps. Pure.
 * Owner: denormalizer. Thread: any.
 */
#ifndef CARTWRIGHT_DENORMALIZER_PROJECT_H
#define CARTWRIGHT_DENORMALIZER_PROJECT_H

#include "cart/cart.h"
#include "proto/cart_codec.h"

/** What the envelope says an event is. */
struct project_claim {
    struct slice cart_id, type, payload;
    int32_t version;
};

/** Decodes the payload and holds it against its envelope; -1 with a permanent error for bytes that
 * are no event or another one than claimed. */
int project_decode(const struct project_claim *claim, struct cart_decoded *decoded,
                   struct error *err) WARN_UNUSED;

enum project_fit {
    PROJECT_NEXT,  /* the state's version + 1 */
    PROJECT_OLD,   /* the state has it */
    PROJECT_AHEAD, /* the state lacks something before it */
};

enum project_fit project_fit(const struct cart *cart, int32_t version);

/** Writes view and state of the cart, which exists (version > 0), over what is in the buffers. */
void project_render(struct slice cart_id, const struct cart *cart, struct buf *view,
                    struct buf *state);

#endif

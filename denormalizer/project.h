/* The projection: an event onto a cart's state, a state as what Redis keeps. Pure.
 * Owner: denormalizer. Thread: any.
 */
#ifndef CARTWRIGHT_DENORMALIZER_PROJECT_H
#define CARTWRIGHT_DENORMALIZER_PROJECT_H

#include "cart/cart.h"

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

/* A cart's state as bytes and back.
 * Owner: lib/cart. Thread: any.
 */
#ifndef CARTWRIGHT_CART_CART_SNAPSHOT_H
#define CARTWRIGHT_CART_CART_SNAPSHOT_H

#include "cart/cart.h"

/** Appends the state's bytes to out. */
void cart_snapshot_encode(struct slice cart_id, const struct cart *cart, struct buf *out);

/** Decodes into *cart (zeroed); -1 with a permanent error, *cart still zeroed, for bytes that are
 * no valid state of this cart: the caller then folds the events from the first. */
int cart_snapshot_decode(struct slice bytes, struct slice cart_id, struct cart *cart,
                         struct error *err) WARN_UNUSED;

#endif

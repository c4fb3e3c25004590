/* Carts as the committer keeps them: create, evolve, snapshot.
 * Owner: cart-api. Thread: the lanes'.
 */
#ifndef CARTWRIGHT_CART_API_CART_AGGREGATE_H
#define CARTWRIGHT_CART_API_CART_AGGREGATE_H

#include "cart/cart.h"
#include "eventstore/committer.h"

/** Its states are struct cart. */
extern const struct aggregate cart_aggregate;

/** Decodes a stored event and applies it to cart; -1 with a permanent error, cart unchanged. */
int cart_apply(struct cart *cart, const struct event_record *event, struct error *err) WARN_UNUSED;

/** Whether the payload is the event that its envelope says; for relay_options.inspect. */
int cart_inspect(const struct event_record *event, struct error *err) WARN_UNUSED;

#endif

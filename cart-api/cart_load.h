/* A cart folded from the event store.
 * Owner: cart-api. Thread: the connection's.
 */
#ifndef CARTWRIGHT_CART_API_CART_LOAD_H
#define CARTWRIGHT_CART_API_CART_LOAD_H

#include "cart/cart.h"
#include "io/pg.h"

enum cart_loaded {
    CART_LOADED,     /* version 0: no such cart, or none by then */
    CART_UNREADABLE, /* its stored events cannot be folded; err says which */
    CART_NOT_LOADED  /* the store failed; err says how */
};

/** Folds the cart up to a version (0: the head) or a time (0: no bound) into *cart, which must be
 * zeroed and is freed by the caller in any case. */
enum cart_loaded cart_load(struct pg *pg, struct slice cart_id, int32_t upto_version,
                           int64_t upto_us, int timeout_ms, struct cart *cart, struct error *err);

#endif

/* Carts folded from the event store, which is the truth, up to their heads.
 * Owner: denormalizer. Thread: the connection's.
 */
#ifndef CARTWRIGHT_DENORMALIZER_STORE_FOLD_H
#define CARTWRIGHT_DENORMALIZER_STORE_FOLD_H

#include "cart/cart.h"
#include "io/pg.h"
#include "proto/cart_codec.h"

struct folded_cart {
    struct slice id;
    struct cart cart; /* owned by whoever made this; version 0: the store has no such stream */
    bool bad;         /* an event of it cannot be folded: the cart is as before that event */
    struct error why; /* when bad */
};

enum { STORE_FOLD_MAX = 500, STORE_FOLD_TIMEOUT_MS = 5000 };

/** Folds at most STORE_FOLD_MAX carts, which must be zeroed but for id. -1 when the store cannot be
 * read; the carts are then to be freed as well. */
int store_fold(struct pg *pg, struct folded_cart *carts, size_t count,
               struct error *err) WARN_UNUSED;

#endif

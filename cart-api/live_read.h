/* The current view of a cart, as GET would answer it, for listeners.
 * Owner: cart-api. Thread: the worker's; the folding is a reader's.
 */
#ifndef CARTWRIGHT_CART_API_LIVE_READ_H
#define CARTWRIGHT_CART_API_LIVE_READ_H

#include "cart-api/live_view.h"
#include "cart-api/worker.h"

enum live_found {
    LIVE_FOUND,
    LIVE_NO_CART,
    LIVE_UNAVAILABLE, /* the store or its readers do not answer now */
};

struct live_reading {
    enum live_found found;
    struct live_view *view; /* or NULL; the callback's */
    struct slice owner;     /* of the cart that was found, see cart_owner; during the callback */
};

/** Calls done once, later, on the worker's thread. */
void live_read(struct worker *worker, struct slice cart_id,
               void (*done)(void *arg, const struct live_reading *reading), void *arg);

#endif

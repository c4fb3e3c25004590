/* A view that a reader has folded from the event store, on its way into Redis: what one reader was
 * shown, no other reader may miss. Owner: lib/views. Thread: the connection's.
 */
#ifndef CARTWRIGHT_VIEWS_VIEW_OFFER_H
#define CARTWRIGHT_VIEWS_VIEW_OFFER_H

#include "cart/cart.h"
#include "views/view_connection.h"

enum view_offer {
    VIEW_OFFER_WRITTEN, /* Redis has it now */
    VIEW_OFFER_KNOWN,   /* Redis had this or a newer version */
    VIEW_OFFER_EMPTIED, /* Redis was emptied since the cart was folded: use and fold again */
    VIEW_OFFER_FAILED,  /* not known to be there; the connection is closed */
};

/** Writes cart (version > 0), folded after a successful view_connection_use, and its view as
 * cart_view_render made it, unless Redis has this or a newer version. */
enum view_offer view_offer(struct view_connection *views, struct slice cart_id,
                           const struct cart *cart, struct slice view) WARN_UNUSED;

#endif

/* A cart's view folded from the event store, for whoever shows it: GET and the live views.
 * Owner: cart-api. Thread: a reader's.
 */
#ifndef CARTWRIGHT_CART_API_VIEW_FOLD_H
#define CARTWRIGHT_CART_API_VIEW_FOLD_H

#include "base/buf.h"
#include "cart-api/cart_load.h"

struct app;

/** Folds the cart, which must be zeroed and is freed by the caller in any case. When it exists
 * (version > 0) its view is put into *view, and Redis is given it before anybody is shown it; where
 * that fails, the views of the partition are doubted (view_trust.h). */
enum cart_loaded view_fold(struct app *app, struct pg *pg, struct slice cart_id, struct cart *cart,
                           struct buf *view, struct error *err);

/** The category's partition that the cart belongs to. */
int view_partition(struct slice cart_id);

#endif

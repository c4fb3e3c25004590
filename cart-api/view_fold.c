/* A cart's view folded from the event store.
 * Owner: cart-api. Thread: a reader's.
 */
#include "cart-api/view_fold.h"

#include "base/hash.h"
#include "cart-api/app.h"
#include "cart/cart_view.h"
#include "views/view_offer.h"

enum { OFFER_ROUNDS_MAX = 3 };

int view_partition(struct slice cart_id)
{
    return hash_partition(cart_id.data, cart_id.len, category_cart.partitions);
}

/** Folds, and has Redis know what will be shown. */
static enum cart_loaded fold_and_offer(struct app *app, struct pg *pg, struct slice cart_id,
                                       struct view_connection *views, struct cart *cart,
                                       struct buf *view, enum view_offer *ret_offer,
                                       struct error *err)
{
    enum view_offer offer = VIEW_OFFER_EMPTIED;
    for (int round = 0; round < OFFER_ROUNDS_MAX && offer == VIEW_OFFER_EMPTIED; round++) {
        bool reachable = view_connection_use(views, NULL) == 0; /* before the fold: view_offer.h */
        cart_free(cart);
        enum cart_loaded loaded =
            cart_load(pg, cart_id, 0, 0, (int)app->settings->read_timeout_ms, cart, err);
        if (loaded != CART_LOADED || cart->version == 0)
            return loaded;
        buf_clear(view);
        cart_view_render(cart_id, cart, view);
        offer = reachable ? view_offer(views, cart_id, cart, buf_slice(view)) : VIEW_OFFER_FAILED;
    }
    *ret_offer = offer;
    return CART_LOADED;
}

enum cart_loaded view_fold(struct app *app, struct pg *pg, struct slice cart_id, struct cart *cart,
                           struct buf *view, struct error *err)
{
    struct view_connection *views = view_links_take(app->view_links);
    enum view_offer offer = VIEW_OFFER_FAILED;
    enum cart_loaded loaded = fold_and_offer(app, pg, cart_id, views, cart, view, &offer, err);
    view_links_give(app->view_links, views);
    if (loaded != CART_LOADED || cart->version == 0)
        return loaded;
    bool known = offer == VIEW_OFFER_WRITTEN || offer == VIEW_OFFER_KNOWN;
    if (!known)
        view_trust_doubt(&app->view_check.trust, view_partition(cart_id));
    metric_add(app->counters.view_offers,
               !known                        ? OFFERED_FAILED
               : offer == VIEW_OFFER_WRITTEN ? OFFERED_WRITTEN
                                             : OFFERED_KNOWN,
               1);
    metric_add(app->counters.view_reads, SOURCE_POSTGRESQL, 1);
    return CART_LOADED;
}

/* A view that a reader has folded from the event store, on its way into Redis.
 * Owner: lib/views. Thread: the connection's.
 */
#include "views/view_offer.h"

#include "cart/cart_snapshot.h"

static enum view_offer take_verdict(struct view_connection *views)
{
    struct redis_reply *reply;
    if (view_connection_reply(views, NULL, &reply) != 0)
        return VIEW_OFFER_FAILED;
    struct slice verdict = redis_type(reply) == REDIS_TEXT ? redis_text(reply) : slice_of("");
    enum view_offer offer = slice_equal(verdict, slice_of("+"))   ? VIEW_OFFER_WRITTEN
                            : slice_equal(verdict, slice_of("=")) ? VIEW_OFFER_KNOWN
                            : slice_equal(verdict, slice_of("?")) ? VIEW_OFFER_EMPTIED
                                                                  : VIEW_OFFER_FAILED;
    redis_reply_free(reply);
    if (offer == VIEW_OFFER_FAILED)
        view_connection_strange(views, NULL);
    return offer;
}

enum view_offer view_offer(struct view_connection *views, struct slice cart_id,
                           const struct cart *cart, struct slice view)
{
    struct buf state = {0};
    char owner[PRINCIPAL_MAX];
    CHECK(cart->version > 0);
    cart_snapshot_encode(cart_id, cart, &state);
    view_connection_call(views, "offer", 2, 5);
    redis_argument(views->redis, slice_of(PROJECTION_KEY));
    view_connection_key(views, cart_id);
    redis_argument(views->redis, slice_of(views->generation));
    redis_argument_int(views->redis, cart->version);
    redis_argument(views->redis, view);
    redis_argument(views->redis, buf_slice(&state));
    redis_argument(views->redis, cart_owner(cart, owner));
    buf_free(&state);
    enum view_offer offer = take_verdict(views);
    if (offer == VIEW_OFFER_EMPTIED)
        views->generation[0] = '\0';
    return offer;
}

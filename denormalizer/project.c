/* The projection: an event onto a cart's state, a state as what Redis keeps. Pure.
 * Owner: denormalizer. Thread: any.
 */
#include "denormalizer/project.h"

#include "cart/cart_snapshot.h"
#include "cart/cart_view.h"

enum project_fit project_fit(const struct cart *cart, int32_t version)
{
    if (version <= cart->version)
        return PROJECT_OLD;
    return version == cart->version + 1 ? PROJECT_NEXT : PROJECT_AHEAD;
}

void project_render(struct slice cart_id, const struct cart *cart, struct buf *view,
                    struct buf *state)
{
    CHECK(cart->version > 0);
    buf_clear(view);
    buf_clear(state);
    cart_view_render(cart_id, cart, view);
    cart_snapshot_encode(cart_id, cart, state);
}

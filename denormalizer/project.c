/* The projection: an event onto a cart's state, a state as what Redis keeps. Pure.
 * Owner: denormalizer. Thread: any.
 */
#include "denormalizer/project.h"

#include "cart/cart_snapshot.h"
#include "cart/cart_view.h"

int project_decode(const struct project_claim *claim, struct cart_decoded *decoded,
                   struct error *err)
{
    if (cart_event_decode(claim->payload, decoded, err) != 0)
        return -1;
    const struct cart_event *event = &decoded->event;
    if (!slice_equal(event->cart_id, claim->cart_id))
        return error_set(err, ERROR_PERMANENT, "event: of another cart than its envelope says");
    if (event->version != claim->version)
        return error_set(err, ERROR_PERMANENT, "event: version %d, its envelope says %d",
                         event->version, claim->version);
    if (!slice_equal(slice_of(cart_event_type_name(event->type)), claim->type))
        return error_set(err, ERROR_PERMANENT, "event: a %s, its envelope says %.*s",
                         cart_event_type_name(event->type),
                         claim->type.len < 64 ? (int)claim->type.len : 64, claim->type.data);
    return 0;
}

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

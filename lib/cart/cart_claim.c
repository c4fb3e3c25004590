/* What an envelope says an event is, and whether its payload agrees. Pure.
 * Owner: lib/cart. Thread: any.
 */
#include "cart/cart_claim.h"

int cart_claim_decode(const struct cart_claim *claim, struct cart_decoded *decoded,
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

/* The rules of idleness: when a cart that nobody touches is told to be abandoned, when it is
 * closed. Pure. Owner: cart-api. Thread: any.
 */
#include "cart-api/decide_idle.h"

/** Nothing is abandoned in a cart without lines; once is enough until somebody touches it again. */
static bool may_be_abandoned(const struct cart *cart)
{
    return !cart->abandoned && cart->line_count > 0;
}

static bool may_expire(const struct cart *cart)
{
    (void)cart;
    return true;
}

static bool (*const allowed[IDLE_KINDS])(const struct cart *cart) = {
    [IDLE_ABANDON] = may_be_abandoned,
    [IDLE_EXPIRE] = may_expire,
};

bool idle_is_due(const struct cart *cart, enum idle_kind kind, int64_t now_us, int64_t after_us)
{
    return cart->version > 0 && cart->status == CART_OPEN &&
           now_us - cart->touched_at_us >= after_us && allowed[kind](cart);
}

void idle_event(const struct cart *cart, enum idle_kind kind, struct cart_event *event)
{
    switch (kind) {
    case IDLE_ABANDON:
        event->type = CART_EVENT_ABANDONED;
        event->abandoned = (struct cart_abandoned){
            .idle_since_us = cart->touched_at_us,
            .contact = cart->contact,
            .user_id = cart_user(cart),
            .currency = slice_of(cart->currency),
            .total_quantity = cart->total_quantity,
            .total_minor = cart->total_minor,
        };
        return;
    case IDLE_EXPIRE:
        event->type = CART_EVENT_EXPIRED;
        event->expired.idle_since_us = cart->touched_at_us;
        return;
    case IDLE_KINDS:
        break;
    }
    NOT_REACHED();
}

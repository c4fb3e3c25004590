/* The rules of idleness: when a cart that nobody touches is told to be abandoned, when it is
 * closed. Pure. Owner: cart-api. Thread: any.
 */
#ifndef CARTWRIGHT_CART_API_DECIDE_IDLE_H
#define CARTWRIGHT_CART_API_DECIDE_IDLE_H

#include "cart/cart.h"

enum idle_kind { IDLE_ABANDON, IDLE_EXPIRE, IDLE_KINDS };

/** Whether the cart is to be told so now, when it has to be idle for after_us. */
bool idle_is_due(const struct cart *cart, enum idle_kind kind, int64_t now_us, int64_t after_us);

/** Type and body of the event; its slices point into cart. */
void idle_event(const struct cart *cart, enum idle_kind kind, struct cart_event *event);

#endif

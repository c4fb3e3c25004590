/* The cart as JSON: what GET answers, Redis keeps, and each command's answer shows. Pure.
 * Owner: lib/cart. Thread: any.
 */
#ifndef CARTWRIGHT_CART_CART_VIEW_H
#define CARTWRIGHT_CART_CART_VIEW_H

#include "cart/cart.h"

/** Where views are in Redis: a hash under this prefix and the cart's id, with the fields `version`,
 * `view` (this JSON), `state` (cart_state_encode) and `owner` (cart_owner). A new shape gets a new
 * prefix. On the channel of the same name each write is published: the view, or nothing when it was
 * removed. */
#define CART_VIEW_KEY_PREFIX "cart:"

/** Appends the whole view, canonical: the same cart gives the same bytes. */
void cart_view_render(struct slice cart_id, const struct cart *cart, struct buf *out);

/** The version that a rendered view shows; 0 for what is none. */
int32_t cart_view_version(struct slice view);

/** Appends one line as the view shows it (with productName) or as answers show it (without). */
void cart_line_render(const struct cart_line *line, bool with_name, struct buf *out);

/** Appends an event as the history shows it, without braces:
 * `"type":…,"occurredAt":…,"actor":…,"data":{…}`. */
void cart_event_render(const struct cart_event *event, struct buf *out);

#endif

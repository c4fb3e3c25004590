/* A command's answer as JSON. Pure.
 * Owner: cart-api. Thread: any.
 */
#ifndef CARTWRIGHT_CART_API_ANSWER_H
#define CARTWRIGHT_CART_API_ANSWER_H

#include "cart-api/decide.h"

/** Appends what a command that was not refused answers; cart is as the command left it. The digits
 * of the position belong at *ret_position: they are known when the events are stored. */
void answer_render(const struct cart *cart, const struct cart_command *command,
                   const struct verdict *verdict, struct buf *out, size_t *ret_position);

/** Appends what a checkout answers: the order's id first, so that answer_order_id finds it in a
 * recorded answer too, and all lines. */
void answer_render_order(struct slice cart_id, const struct cart *cart, struct buf *out,
                         size_t *ret_position);

/** Appends what a call answers that opened a cart; a guest's with its token, told this once. */
void answer_render_opened(const struct cart *cart, const struct cart_command *command,
                          struct buf *out, size_t *ret_position);

/** Appends what a merge answers: all lines of the target, and which prices the merge has changed.
 */
void answer_render_merged(const struct cart *cart, const struct cart_command *command,
                          const struct verdict *verdict, struct buf *out, size_t *ret_position);

/** The order's id in what answer_render_order has written; it points into body. */
struct slice answer_order_id(struct slice body);

/** Puts the digits of position at the offset. */
void answer_place_position(struct buf *body, size_t offset, int64_t position);

#endif

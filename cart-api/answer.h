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

/** Puts the digits of position at the offset. */
void answer_place_position(struct buf *body, size_t offset, int64_t position);

#endif

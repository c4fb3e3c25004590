/* What the files of the rules share. Not for others.
 * Owner: cart-api; decide. Thread: any.
 */
#ifndef CARTWRIGHT_CART_API_DECIDE_INTERNAL_H
#define CARTWRIGHT_CART_API_DECIDE_INTERNAL_H

#include "cart-api/decide.h"

/** What a rule may look at. */
struct facts {
    const struct cart *cart;
    const struct cart_command *command;
    const struct cart_limits *limits;
    const struct cart_line *line; /* that set or remove names; NULL: none */
};

/** decide_add.c: judges the items and fills the touched lines. */
void decide_add(const struct facts *facts, struct verdict *verdict);

/** decide_checkout.c */
void decide_check_out(const struct facts *facts, struct verdict *verdict);
void checked_out_event(const struct cart *cart, const struct cart_command *command,
                       const struct verdict *verdict, struct cart_event *event);

#endif

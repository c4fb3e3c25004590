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
    const struct cart *from;      /* merge: the cart that ends */
};

/** decide_add.c: judges the items and fills the touched lines. */
void decide_add(const struct facts *facts, struct verdict *verdict);

/** decide.c: what is said of a cart that is not there, or not the caller's. */
extern const char decide_no_cart[];

/** decide.c: tells where the closed cart's life goes on. */
void set_instead(const struct cart *cart, struct verdict *verdict);

/** decide_merge.c: whether the two carts are merged already; the verdict on them as they are. */
bool merge_is_done(const struct facts *facts);
void decide_merge(const struct facts *facts, struct verdict *verdict);
void merged_event(const struct cart *cart, const struct cart_command *command,
                  const struct verdict *verdict, size_t index, struct cart_event *event);

/** decide_checkout.c. The lines as events hold them, with room for some more; the caller frees. */
struct sold_line *cart_sold_lines(const struct cart *cart, size_t more);
void decide_check_out(const struct facts *facts, struct verdict *verdict);
void checked_out_event(const struct cart *cart, const struct cart_command *command,
                       const struct verdict *verdict, struct cart_event *event);

#endif

/* Who a command comes from, and whose a cart is that somebody wants to read.
 * Owner: cart-api. Thread: the request's worker.
 */
#ifndef CARTWRIGHT_CART_API_CALLER_H
#define CARTWRIGHT_CART_API_CALLER_H

#include "cart-api/decide.h"
#include "http/auth.h"

/** Puts into the command whose carts it may change, its user, its actor and its contact, where the
 * body has not told one. False: answered, because the body names another user. */
bool caller_take(struct http_request *request, struct cart_command *command);

/** Whether a cart with this owner (cart_owner) may be read: it is the caller's, or the caller has
 * the role support. Who may not is told what is told of a cart that does not exist. */
bool caller_may_read(const struct auth_identity *identity, struct slice owner);

/** The identity's principal, kept beyond the request: for streams, which ask again for each cart.
 */
struct caller {
    struct auth_identity identity; /* its slices point into text */
    char text[PRINCIPAL_MAX];
};
void caller_keep(const struct auth_identity *identity, struct caller *caller);

/** Answers 404 cart_not_found, in the same words for every reason. */
void caller_refuse_cart(struct http_request *request);
extern const char caller_no_cart[];

#endif

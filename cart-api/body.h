/* Request bodies to command values: which fields there are, of which type, which text they may
 * hold. Owner: cart-api. Thread: any.
 */
#ifndef CARTWRIGHT_CART_API_BODY_H
#define CARTWRIGHT_CART_API_BODY_H

#include "cart-api/decide.h"
#include "http/json_body.h"
#include "http/problem.h"

/** Why a body was refused: the problem and the place. */
struct body_failure {
    const struct problem *problem;
    struct json_problem place;
};

/** POST items, as one item or as {"items":[…]}. Slices point into json, which body_add_free frees.
 */
struct add_body {
    struct json *json;
    struct slice user_id, currency; /* currency.len 0: not given */
    bool single;                    /* one item, not in an array */
    size_t item_count;
    struct add_item items[COMMAND_ITEMS_MAX];
};

/** user_required: nobody else tells whose cart it is. 0, or -1 with *failure and nothing to free.
 */
int body_add_parse(struct slice text, bool user_required, struct add_body *body,
                   struct body_failure *failure) WARN_UNUSED;
void body_add_free(struct add_body *body);

/** POST checkout; each member is optional, as is the body. Slices point into json, which
 * body_checkout_free frees. */
struct checkout_body {
    struct json *json; /* NULL: there was no body */
    struct slice user_id, payment_token;
    struct contact contact;
};

int body_checkout_parse(struct slice text, struct checkout_body *body,
                        struct body_failure *failure) WARN_UNUSED;
void body_checkout_free(struct checkout_body *body);

/** POST cart; each member is optional, as is the body. As checkout_body. */
struct open_body {
    struct json *json;
    struct slice user_id, currency;
};

int body_open_parse(struct slice text, struct open_body *body,
                    struct body_failure *failure) WARN_UNUSED;
void body_open_free(struct open_body *body);

/** POST merge. Slices point into json, which body_merge_free frees. */
struct merge_body {
    struct json *json;
    struct slice user_id, from, guest_token; /* guest_token: of from; len 0: not given */
    enum merge_strategy strategy;
};

int body_merge_parse(struct slice text, struct merge_body *body,
                     struct body_failure *failure) WARN_UNUSED;
void body_merge_free(struct merge_body *body);

/** PUT of a line: {"quantity":n}, any whole number. */
int body_quantity_parse(struct slice text, int64_t *ret_quantity,
                        struct body_failure *failure) WARN_UNUSED;

#endif

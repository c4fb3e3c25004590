/* The refusals and failures of the cart's calls, all in one table. docs/problems.md tells callers
 * what to do about each.
 * Owner: cart-api. Thread: any; const.
 */
#include "cart-api/problems.h"

/* name, status, title, Retry-After in seconds (0: none) */
#define PROBLEMS(ROW)                                                                              \
    ROW(cart_not_found, 404, "There is no such cart", 0)                                           \
    ROW(item_not_in_cart, 404, "The product is not in the cart", 0)                                \
    ROW(version_not_found, 404, "The cart has no such version", 0)                                 \
    ROW(cart_checked_out, 409, "The cart is checked out", 0)                                       \
    ROW(already_checked_out, 409, "The cart is checked out already", 0)                            \
    ROW(cart_empty, 409, "The cart is empty", 0)                                                   \
    ROW(cart_merged, 409, "The cart was merged into another", 0)                                   \
    ROW(cart_expired, 409, "The cart has expired", 0)                                              \
    ROW(origin_not_allowed, 403, "Pages of this origin may not listen", 0)                         \
    ROW(version_mismatch, 412, "The cart has another version", 0)                                  \
    ROW(user_mismatch, 422, "The body names another user", 0)                                      \
    ROW(currency_mismatch, 422, "The cart has another currency", 0)                                \
    ROW(quantity_limit, 422, "The quantity is out of range", 0)                                    \
    ROW(line_limit, 422, "The cart has too many lines", 0)                                         \
    ROW(amount_limit, 422, "The amount is too large", 0)                                           \
    ROW(invalid_value, 422, "A value is not allowed", 0)                                           \
    ROW(upgrade_required, 426, "This address speaks WebSocket", 0)                                 \
    ROW(too_many_listeners, 429, "You have too many live connections", 5)                          \
    ROW(store_unavailable, 503, "The event store cannot be reached", 1)                            \
    ROW(outcome_unknown, 503, "Whether it was done is not known", 1)                               \
    ROW(contended, 503, "The cart is being changed by others", 1)                                  \
    ROW(view_behind, 503, "The view has not reached this version", 1)                              \
    ROW(cart_unreadable, 500, "The cart's history cannot be read", 0)

#define DEFINE(name, status, title, retry_after_s)                                                 \
    const struct problem problem_##name = {#name, status, title, retry_after_s};
PROBLEMS(DEFINE)
#undef DEFINE

#define POINTER(name, status, title, retry_after_s) &problem_##name,
const struct problem *const problems_all[] = {PROBLEMS(POINTER)};
#undef POINTER
const size_t problems_all_count = ARRAY_SIZE(problems_all);

const struct problem *problem_of_refusal(enum refusal refusal)
{
    static const struct problem *const problems[REFUSAL_COUNT] = {
        [REFUSED_CART_NOT_FOUND] = &problem_cart_not_found,
        [REFUSED_ITEM_NOT_IN_CART] = &problem_item_not_in_cart,
        [REFUSED_CHECKED_OUT] = &problem_cart_checked_out,
        [REFUSED_MERGED] = &problem_cart_merged,
        [REFUSED_EXPIRED] = &problem_cart_expired,
        [REFUSED_ALREADY_CHECKED_OUT] = &problem_already_checked_out,
        [REFUSED_CART_EMPTY] = &problem_cart_empty,
        [REFUSED_VERSION_MISMATCH] = &problem_version_mismatch,
        [REFUSED_CURRENCY_MISMATCH] = &problem_currency_mismatch,
        [REFUSED_QUANTITY_LIMIT] = &problem_quantity_limit,
        [REFUSED_LINE_LIMIT] = &problem_line_limit,
        [REFUSED_AMOUNT_LIMIT] = &problem_amount_limit,
        [REFUSED_INVALID_VALUE] = &problem_invalid_value,
    };
    CHECK((size_t)refusal < ARRAY_SIZE(problems) && problems[refusal] != NULL);
    return problems[refusal];
}

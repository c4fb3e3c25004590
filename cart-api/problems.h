/* The refusals and failures of the cart's calls, all in one table.
 * Owner: cart-api. Thread: any; const.
 */
#ifndef CARTWRIGHT_CART_API_PROBLEMS_H
#define CARTWRIGHT_CART_API_PROBLEMS_H

#include "cart-api/decide.h"
#include "http/problem.h"

extern const struct problem problem_user_mismatch, problem_cart_not_found, problem_item_not_in_cart,
    problem_version_not_found, problem_cart_checked_out, problem_already_checked_out,
    problem_cart_empty, problem_cart_merged, problem_cart_expired, problem_version_mismatch,
    problem_currency_mismatch, problem_quantity_limit, problem_line_limit, problem_amount_limit,
    problem_invalid_value, problem_store_unavailable, problem_outcome_unknown, problem_contended,
    problem_view_behind, problem_cart_unreadable, problem_origin_not_allowed,
    problem_upgrade_required, problem_too_many_listeners;

/** All of the above, for the documentation. */
extern const struct problem *const problems_all[];
extern const size_t problems_all_count;

/** The problem that answers a refusal; not for REFUSED_NOT. */
const struct problem *problem_of_refusal(enum refusal refusal);

#endif

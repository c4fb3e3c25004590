/* The refusals of billing's calls.
 * Owner: billing. Thread: any; const.
 */
#include "billing/problems.h"

const struct problem problem_payment_not_found = {"payment_not_found", 404,
                                                  "There is no such payment", 0};
const struct problem problem_payment_not_captured = {"payment_not_captured", 409,
                                                     "Nothing has been paid", 0};
const struct problem problem_refund_exists = {"refund_exists", 409,
                                              "The payment has a refund already", 0};
const struct problem problem_bad_signature = {"bad_signature", 400,
                                              "The webhook is not signed by the provider", 0};

const struct problem *const billing_problems[] = {
    &problem_payment_not_found,
    &problem_payment_not_captured,
    &problem_refund_exists,
    &problem_bad_signature,
};
const size_t billing_problem_count = ARRAY_SIZE(billing_problems);

/* The refusals of billing's calls, beside those of every service. docs/problems.md tells callers
 * what to do about each. Owner: billing. Thread: any; const.
 */
#ifndef CARTWRIGHT_BILLING_PROBLEMS_H
#define CARTWRIGHT_BILLING_PROBLEMS_H

#include "http/problem.h"

extern const struct problem problem_payment_not_found, problem_payment_not_captured,
    problem_refund_exists, problem_bad_signature;

/** All of the above, for the documentation. */
extern const struct problem *const billing_problems[];
extern const size_t billing_problem_count;

#endif

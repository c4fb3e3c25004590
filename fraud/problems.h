/* The refusals of fraud's calls, all in one table. docs/problems.md tells callers what to do.
 * Owner: fraud. Thread: any; const.
 */
#ifndef CARTWRIGHT_FRAUD_PROBLEMS_H
#define CARTWRIGHT_FRAUD_PROBLEMS_H

#include "http/problem.h"

extern const struct problem problem_verdict_not_found, problem_not_held, problem_already_reviewed;

/** All of the above, for the documentation. */
extern const struct problem *const fraud_problems[];
extern const size_t fraud_problem_count;

#endif

/* The refusals of fraud's calls, all in one table.
 * Owner: fraud. Thread: any; const.
 */
#include "fraud/problems.h"

/* name, status, title */
#define PROBLEMS(ROW)                                                                              \
    ROW(verdict_not_found, 404, "There is no verdict about this cart")                             \
    ROW(not_held, 409, "The checkout is not held for a review")                                    \
    ROW(already_reviewed, 409, "The checkout was reviewed with another decision")

#define DEFINE(name, status, title) const struct problem problem_##name = {#name, status, title, 0};
PROBLEMS(DEFINE)
#undef DEFINE

#define ADDRESS(name, status, title) &problem_##name,
const struct problem *const fraud_problems[] = {PROBLEMS(ADDRESS)};
#undef ADDRESS
const size_t fraud_problem_count = ARRAY_SIZE(fraud_problems);

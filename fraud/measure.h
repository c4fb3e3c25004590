/* A rule's aggregate over a window. Pure.
 * Owner: fraud. Thread: any.
 */
#ifndef CARTWRIGHT_FRAUD_MEASURE_H
#define CARTWRIGHT_FRAUD_MEASURE_H

#include "fraud/rules.h"
#include "fraud/window.h"

/** What was measured, and which observations made it: items[begin] … items[end - 1]. */
struct measure {
    double value;
    size_t begin, end;
    size_t own; /* of a median: the observation that is compared; otherwise SIZE_MAX */
};

/** Measures at this event time for this cart. For count, sum and distinct: the highest (or, for a
 * rule that fires below, the lowest) of all windows that end with an observation of the last
 * within_us. False when there is nothing to say: no observation, or too few others for a median. */
bool measure_take(const struct rule *rule, const struct window *window, int64_t at_us,
                  struct slice cart_id, struct measure *ret_measure);

/** Whether the rule speaks about this value. */
static inline bool measure_fires(const struct rule *rule, double value)
{
    return rule->below ? value < rule->threshold : value > rule->threshold;
}

#endif

/* The metrics of a consumer. Partitions of all its topics are numbered through.
 * Owner: lib/service. Thread: see base/metrics.h.
 */
#ifndef CARTWRIGHT_SERVICE_COUNTERS_H
#define CARTWRIGHT_SERVICE_COUNTERS_H

#include "service/service.h"

enum consumer_counter {
    CONSUMER_POSITION,
    CONSUMER_LAG,
    CONSUMER_STORE_LAG,
    CONSUMER_STOPPED,
    CONSUMER_HANDLED,
    CONSUMER_DUPLICATES,
    CONSUMER_REJECTED,
    CONSUMER_RETRIES,
    CONSUMER_GAPS,
    CONSUMER_CONFLICTS,
    CONSUMER_FROM_STORE,
    CONSUMER_RELOADS,
    CONSUMER_COUNTERS,
};

struct counters {
    struct metric *metrics[CONSUMER_COUNTERS];
    struct metric *flush_duration;
    struct metric_spec specs[CONSUMER_COUNTERS];
    const char **labels; /* with several topics: "payment/3" */
    unsigned series;
};

/** Adds the families for the service's topics. */
void counters_init(struct counters *counters, const struct service *service,
                   struct metrics *metrics);
void counters_free(struct counters *counters);

void counters_add(struct counters *counters, enum consumer_counter counter, int64_t delta);
void counters_set(struct counters *counters, enum consumer_counter counter, unsigned series,
                  int64_t value);

#endif

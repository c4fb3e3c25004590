/* Counters, gauges and histograms, rendered as Prometheus text (exposition format 0.0.4).
 * Owner: lib/base. Thread: any; a family that is added late shows from then on.
 */
#ifndef CARTWRIGHT_BASE_METRICS_H
#define CARTWRIGHT_BASE_METRICS_H

#include <stdint.h>

#include "base/buf.h"

struct metrics;
struct metric;

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/** What a metric is; tables of these also make the documentation. */
struct metric_spec {
    const char *name; /* with unit suffix, e.g. cartwright_relay_lag */
    const char *help;
    enum metric_type type;
    const char *label;               /* label name, or NULL for a single series */
    unsigned series;                 /* number of label values; 0 means 1 */
    const char *const *label_values; /* NULL: the label's values are 0 … series-1 */
};

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/** Adds a family; spec must outlive metrics, which owns the returned metric. */
struct metric *metrics_add(struct metrics *metrics, const struct metric_spec *spec);

/** All of these take the series' index, 0 when there is no label. A NULL metric is ignored. */
void metric_add(struct metric *metric, unsigned series, int64_t delta);
void metric_set(struct metric *metric, unsigned series, int64_t value);
int64_t metric_get(const struct metric *metric, unsigned series);

/** Histogram of durations: buckets from 100 us to 10 s, exposed in seconds. */
void metric_observe_us(struct metric *metric, unsigned series, int64_t duration_us);

/** Appends all families as Prometheus text. */
void metrics_render(struct metrics *metrics, struct buf *out);

#endif

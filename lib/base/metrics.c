/* Counters, gauges and histograms, rendered as Prometheus text.
 * Owner: lib/base. Thread: any.
 */
#include "base/metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/memory.h"

/* Upper bounds; the last bucket is +Inf. */
static const int64_t bounds_us[] = {100,     200,     500,     1000,    2000,   5000,
                                    10000,   20000,   50000,   100000,  200000, 500000,
                                    1000000, 2000000, 5000000, 10000000};
enum { BUCKETS = ARRAY_SIZE(bounds_us) + 1, HISTOGRAM_WIDTH = BUCKETS + 1 };

struct metric {
    const struct metric_spec *spec;
    unsigned series;
    struct metric *next;
    _Atomic int64_t values[]; /* histogram: BUCKETS counts and the sum in us, per series */
};

struct metrics {
    pthread_mutex_t lock; /* guards the list: a family may be added while others are rendered */
    struct metric *first, **last;
};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = mem_calloc(1, sizeof(*metrics));
    metrics->last = &metrics->first;
    CHECK(pthread_mutex_init(&metrics->lock, NULL) == 0);
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    if (metrics == NULL)
        return;
    while (metrics->first != NULL) {
        struct metric *metric = metrics->first;
        metrics->first = metric->next;
        free(metric);
    }
    pthread_mutex_destroy(&metrics->lock);
    free(metrics);
}

static size_t width_of(const struct metric_spec *spec)
{
    return spec->type == METRIC_HISTOGRAM ? HISTOGRAM_WIDTH : 1;
}

struct metric *metrics_add(struct metrics *metrics, const struct metric_spec *spec)
{
    unsigned series = spec->series > 0 ? spec->series : 1;
    struct metric *metric =
        mem_calloc(1, sizeof(*metric) + series * width_of(spec) * sizeof(metric->values[0]));
    metric->spec = spec;
    metric->series = series;
    pthread_mutex_lock(&metrics->lock);
    *metrics->last = metric;
    metrics->last = &metric->next;
    pthread_mutex_unlock(&metrics->lock);
    return metric;
}

void metric_add(struct metric *metric, unsigned series, int64_t delta)
{
    if (metric == NULL)
        return;
    CHECK(series < metric->series && metric->spec->type != METRIC_HISTOGRAM);
    atomic_fetch_add_explicit(&metric->values[series], delta, memory_order_relaxed);
}

void metric_set(struct metric *metric, unsigned series, int64_t value)
{
    if (metric == NULL)
        return;
    CHECK(series < metric->series && metric->spec->type == METRIC_GAUGE);
    atomic_store_explicit(&metric->values[series], value, memory_order_relaxed);
}

int64_t metric_get(const struct metric *metric, unsigned series)
{
    CHECK(series < metric->series && metric->spec->type != METRIC_HISTOGRAM);
    return atomic_load_explicit(&metric->values[series], memory_order_relaxed);
}

void metric_observe_us(struct metric *metric, unsigned series, int64_t duration_us)
{
    if (metric == NULL)
        return;
    CHECK(series < metric->series && metric->spec->type == METRIC_HISTOGRAM);
    size_t bucket = 0;
    while (bucket < ARRAY_SIZE(bounds_us) && duration_us > bounds_us[bucket])
        bucket++;
    _Atomic int64_t *values = metric->values + (size_t)series * HISTOGRAM_WIDTH;
    atomic_fetch_add_explicit(&values[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&values[BUCKETS], duration_us, memory_order_relaxed);
}

static void put_label(const struct metric *metric, unsigned series, struct buf *out)
{
    if (metric->spec->label == NULL)
        return;
    buf_text(out, metric->spec->label);
    buf_text(out, "=\"");
    if (metric->spec->label_values != NULL)
        buf_text(out, metric->spec->label_values[series]);
    else
        buf_int(out, series);
    buf_char(out, '"');
}

static void render_histogram(const struct metric *metric, unsigned series, struct buf *out)
{
    const _Atomic int64_t *values = metric->values + (size_t)series * HISTOGRAM_WIDTH;
    const char *name = metric->spec->name;
    const char *comma = metric->spec->label != NULL ? "," : "";
    int64_t total = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        total += atomic_load_explicit(&values[i], memory_order_relaxed);
        buf_printf(out, "%s_bucket{", name);
        put_label(metric, series, out);
        if (i < ARRAY_SIZE(bounds_us))
            buf_printf(out, "%sle=\"%g\"} %ld\n", comma, (double)bounds_us[i] / 1e6, total);
        else
            buf_printf(out, "%sle=\"+Inf\"} %ld\n", comma, total);
    }
    int64_t sum_us = atomic_load_explicit(&values[BUCKETS], memory_order_relaxed);
    const char *open = metric->spec->label != NULL ? "{" : "";
    const char *close = metric->spec->label != NULL ? "}" : "";
    buf_printf(out, "%s_sum%s", name, open);
    put_label(metric, series, out);
    buf_printf(out, "%s %.6f\n%s_count%s", close, (double)sum_us / 1e6, name, open);
    put_label(metric, series, out);
    buf_printf(out, "%s %ld\n", close, total);
}

static void render_value(const struct metric *metric, unsigned series, struct buf *out)
{
    buf_text(out, metric->spec->name);
    if (metric->spec->label != NULL) {
        buf_char(out, '{');
        put_label(metric, series, out);
        buf_char(out, '}');
    }
    buf_char(out, ' ');
    buf_int(out, metric_get(metric, series));
    buf_char(out, '\n');
}

void metrics_render(struct metrics *metrics, struct buf *out)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    pthread_mutex_lock(&metrics->lock);
    for (const struct metric *metric = metrics->first; metric != NULL; metric = metric->next) {
        buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", metric->spec->name, metric->spec->help,
                   metric->spec->name, types[metric->spec->type]);
        for (unsigned series = 0; series < metric->series; series++) {
            if (metric->spec->type == METRIC_HISTOGRAM)
                render_histogram(metric, series, out);
            else
                render_value(metric, series, out);
        }
    }
    pthread_mutex_unlock(&metrics->lock);
}

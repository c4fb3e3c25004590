/* The metrics of a consumer.
 * Owner: lib/service. Thread: see base/metrics.h.
 */
#include "service/counters.h"

#include <stdlib.h>

#include "base/memory.h"

#define PER_PARTITION "partition"

static const struct metric_spec rows[CONSUMER_COUNTERS] = {
    [CONSUMER_POSITION] = {"cartwright_consumer_position",
                           "Position of the last event whose effect is durable.", METRIC_GAUGE,
                           PER_PARTITION, 0, NULL},
    [CONSUMER_LAG] = {"cartwright_consumer_lag", "Records in the topic that are not handled yet.",
                      METRIC_GAUGE, PER_PARTITION, 0, NULL},
    [CONSUMER_STORE_LAG] = {"cartwright_consumer_store_lag",
                            "Events in the store that are not handled yet.", METRIC_GAUGE,
                            PER_PARTITION, 0, NULL},
    [CONSUMER_STOPPED] = {"cartwright_consumer_stopped",
                          "1: the partition stopped, topic and store contradict each other. Alarm.",
                          METRIC_GAUGE, PER_PARTITION, 0, NULL},
    [CONSUMER_HANDLED] = {"cartwright_consumer_handled_total", "Events handled.", METRIC_COUNTER,
                          NULL, 0, NULL},
    [CONSUMER_DUPLICATES] = {"cartwright_consumer_duplicates_total",
                             "Events dropped because their position was already applied.",
                             METRIC_COUNTER, NULL, 0, NULL},
    [CONSUMER_REJECTED] = {"cartwright_consumer_rejected_total",
                           "Records sent to the dead letter topic.", METRIC_COUNTER, NULL, 0, NULL},
    [CONSUMER_RETRIES] = {"cartwright_consumer_retries_total",
                          "Times that a partition paused to try again.", METRIC_COUNTER, NULL, 0,
                          NULL},
    [CONSUMER_GAPS] = {"cartwright_consumer_gaps_total",
                       "Gaps found in the topic's positions. Alarm.", METRIC_COUNTER, NULL, 0,
                       NULL},
    [CONSUMER_CONFLICTS] = {"cartwright_consumer_conflicts_total",
                            "Events whose position was applied with another event: somebody else "
                            "writes to the topic. Alarm.",
                            METRIC_COUNTER, NULL, 0, NULL},
    [CONSUMER_FROM_STORE] = {"cartwright_consumer_from_store_total",
                             "Events taken from the store instead of the topic.", METRIC_COUNTER,
                             NULL, 0, NULL},
    [CONSUMER_RELOADS] = {"cartwright_consumer_reloads_total",
                          "Times that the effect was not where it was believed to be.",
                          METRIC_COUNTER, NULL, 0, NULL},
};

static const struct metric_spec flush_row = {
    "cartwright_consumer_flush_seconds", "Duration of a flush.", METRIC_HISTOGRAM, NULL, 0, NULL};

static void make_labels(struct counters *counters, const struct service *service)
{
    unsigned at = 0;
    counters->labels = mem_calloc(counters->series, sizeof(counters->labels[0]));
    for (size_t i = 0; i < SERVICE_CATEGORIES_MAX && service->categories[i] != NULL; i++) {
        for (int partition = 0; partition < service->categories[i]->partitions; partition++) {
            struct buf label = {0};
            buf_printf(&label, "%s/%d", service->categories[i]->name, partition);
            counters->labels[at++] = mem_strdup(buf_cstr(&label));
            buf_free(&label);
        }
    }
}

void counters_init(struct counters *counters, const struct service *service,
                   struct metrics *metrics)
{
    for (size_t i = 0; i < SERVICE_CATEGORIES_MAX && service->categories[i] != NULL; i++)
        counters->series += (unsigned)service->categories[i]->partitions;
    if (service->categories[1] != NULL)
        make_labels(counters, service);
    for (size_t i = 0; i < CONSUMER_COUNTERS; i++) {
        counters->specs[i] = rows[i];
        if (rows[i].label != NULL) {
            counters->specs[i].series = counters->series;
            counters->specs[i].label_values = counters->labels;
        }
        counters->metrics[i] = metrics_add(metrics, &counters->specs[i]);
    }
    counters->flush_duration = metrics_add(metrics, &flush_row);
}

void counters_free(struct counters *counters)
{
    for (unsigned i = 0; counters->labels != NULL && i < counters->series; i++)
        free((void *)counters->labels[i]);
    free(counters->labels);
    *counters = (struct counters){0};
}

void counters_add(struct counters *counters, enum consumer_counter counter, int64_t delta)
{
    metric_add(counters->metrics[counter], 0, delta);
}

void counters_set(struct counters *counters, enum consumer_counter counter, unsigned series,
                  int64_t value)
{
    metric_set(counters->metrics[counter], series, value);
}

/* What the server counts: requests by route and status class, durations by route, connections.
 * Owner: lib/http. Thread: made before the workers start, changed by any.
 */
#include "http/internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

enum { CLASSES = 4, LABEL_SIZE = 80 }; /* 2xx to 5xx */

struct http_metrics {
    struct metric_spec requests_spec, duration_spec;
    const char **request_labels, **duration_labels;
    char (*texts)[LABEL_SIZE];
    struct metric *requests, *duration, *connections;
};

/* A label value with a quote inside makes two labels of one: route="add_items",class="2xx". */
static void make_labels(struct http_metrics *counters, const struct route_table *routes)
{
    size_t rows = route_count(routes) + 1;
    counters->request_labels = mem_calloc(rows * CLASSES, sizeof(char *));
    counters->duration_labels = mem_calloc(rows, sizeof(char *));
    counters->texts = mem_calloc(rows * CLASSES, LABEL_SIZE);
    for (size_t row = 0; row < rows; row++) {
        const char *name = row < rows - 1 ? route_name(routes, (unsigned)row) : "none";
        counters->duration_labels[row] = name;
        for (size_t class = 0; class < CLASSES; class ++) {
            char *text = counters->texts[row * CLASSES + class];
            int length = snprintf(text, LABEL_SIZE, "%s\",class=\"%zuxx", name, class + 2);
            CHECK(length < LABEL_SIZE);
            counters->request_labels[row * CLASSES + class] = text;
        }
    }
}

struct http_metrics *http_metrics_new(struct metrics *metrics, const struct route_table *routes)
{
    static const struct metric_spec connections = {
        .name = "cartwright_http_connections",
        .help = "Open connections.",
        .type = METRIC_GAUGE,
    };
    if (metrics == NULL)
        return NULL;
    struct http_metrics *counters = mem_calloc(1, sizeof(*counters));
    unsigned rows = (unsigned)route_count(routes) + 1;
    make_labels(counters, routes);
    counters->requests_spec = (struct metric_spec){
        .name = "cartwright_http_requests_total",
        .help = "Answered requests by route and status class.",
        .type = METRIC_COUNTER,
        .label = "route",
        .series = rows * CLASSES,
        .label_values = counters->request_labels,
    };
    counters->duration_spec = (struct metric_spec){
        .name = "cartwright_http_request_duration_seconds",
        .help = "From the whole request to its answer, by route.",
        .type = METRIC_HISTOGRAM,
        .label = "route",
        .series = rows,
        .label_values = counters->duration_labels,
    };
    counters->requests = metrics_add(metrics, &counters->requests_spec);
    counters->duration = metrics_add(metrics, &counters->duration_spec);
    counters->connections = metrics_add(metrics, &connections);
    return counters;
}

void http_metrics_free(struct http_metrics *counters)
{
    if (counters == NULL)
        return;
    free(counters->request_labels);
    free(counters->duration_labels);
    free(counters->texts);
    free(counters);
}

void http_metrics_connection(struct http_metrics *counters, int delta)
{
    if (counters != NULL)
        metric_add(counters->connections, 0, delta);
}

void http_metrics_request(struct http_metrics *counters, unsigned route, int status,
                          int64_t duration_us)
{
    if (counters == NULL)
        return;
    unsigned class = status < 200 ? 0 : status >= 600 ? CLASSES - 1 : (unsigned)status / 100 - 2;
    metric_add(counters->requests, route * CLASSES + class, 1);
    metric_observe_us(counters->duration, route, duration_us);
}

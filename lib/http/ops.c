/* The operator's routes that every daemon has.
 * Owner: lib/http. Thread: the request's worker.
 */
#include "http/ops.h"

#include <stdlib.h>

#include "http/internal.h"
#include "http/problem.h"

enum { CHECKS_MAX = 16, WHY_SIZE = 160 };

static void healthz(struct http_request *request, void *context)
{
    (void)context;
    http_answer(request, 200, "application/json", slice_of("{\"status\":\"ok\"}"));
}

static void readyz(struct http_request *request, void *context)
{
    const struct ops *ops = context;
    struct problem_detail failing[CHECKS_MAX + 1];
    char why[CHECKS_MAX][WHY_SIZE];
    size_t count = 0;
    CHECK(ops->check_count <= CHECKS_MAX);
    if (request->worker->draining)
        failing[count++] = (struct problem_detail){"", "draining", "The server stops."};
    for (size_t i = 0; i < ops->check_count; i++) {
        const struct ops_check *check = &ops->checks[i];
        why[i][0] = '\0';
        if (!check->ready(check->arg, why[i], WHY_SIZE))
            failing[count++] = (struct problem_detail){"", check->name, why[i]};
    }
    if (count > 0)
        problem_answer(request, &problem_not_ready, "Some checks fail.", failing, count);
    else
        http_answer(request, 200, "application/json", slice_of("{\"status\":\"ready\"}"));
}

static void show_metrics(struct http_request *request, void *context)
{
    const struct ops *ops = context;
    struct buf text = {0};
    if (ops->metrics != NULL)
        metrics_render(ops->metrics, &text);
    http_answer(request, 200, "text/plain; version=0.0.4; charset=utf-8", buf_slice(&text));
    buf_free(&text);
}

const struct http_route ops_routes[OPS_ROUTE_COUNT] = {
    {"GET", "/healthz", "healthz", healthz, HTTP_PROBE},
    {"GET", "/readyz", "readyz", readyz, HTTP_PROBE},
    {"GET", "/metrics", "metrics", show_metrics, HTTP_PROBE},
};

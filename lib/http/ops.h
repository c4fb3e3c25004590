/* The operator's routes that every daemon has: /healthz, /readyz, /metrics.
 * Owner: lib/http. Thread: the request's worker; checks must be quick and thread-safe.
 */
#ifndef CARTWRIGHT_HTTP_OPS_H
#define CARTWRIGHT_HTTP_OPS_H

#include "http/http.h"

/** One condition of readiness. When not ready, why gets one sentence for an operator. */
struct ops_check {
    const char *name; /* snake_case, e.g. "postgres" */
    bool (*ready)(void *arg, char *why, size_t size);
    void *arg;
};

/** Given to the server by http_options.ops; outlives it. */
struct ops {
    struct metrics *metrics; /* what /metrics shows */
    const struct ops_check *checks;
    size_t check_count;
};

enum { OPS_ROUTE_COUNT = 3 };

/** The rows that the server adds to the daemon's when http_options.ops is set; their context is the
 * struct ops. /readyz answers 200, or 503 with the failing checks in errors[]. */
extern const struct http_route ops_routes[OPS_ROUTE_COUNT];

#endif

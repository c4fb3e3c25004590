/* An HTTP call of a service that needs the store: from the request over a pool's thread to the
 * answer. The service's routes get its state as their context.
 * Owner: lib/service; freed by its own answer. Thread: the worker's, but for work(), which is a
 * pool thread's.
 */
#ifndef CARTWRIGHT_SERVICE_CALL_H
#define CARTWRIGHT_SERVICE_CALL_H

#include "http/http.h"
#include "http/problem.h"
#include "io/pg_pool.h"
#include "service/service.h"

/** First member of a route's own struct, which is one malloc block. */
struct service_call {
    struct http_deferred deferred;
    struct pg_job job;
    /* Sets what is answered below; 0, or -1 with err for a failure of the store (503, or 500 when
     * permanent). Called once more on a new connection when the first one was lost, so commands are
     * idempotent and it starts by forgetting what it has. */
    int (*work)(struct service_call *call, struct pg *pg, struct error *err);
    void (*release)(struct service_call *call); /* what the block points to; NULL: nothing */
    /* The answer: a problem, or status and body. */
    const struct problem *problem;
    const char *detail; /* static */
    int status;
    const char *content_type; /* static; "application/json" unless set */
    bool replayed;            /* adds Idempotent-Replayed: true */
    struct buf body;
};

/** A zeroed block of size bytes that starts with a call, deferred on request. */
void *service_call_new(size_t size, struct http_request *request,
                       int (*work)(struct service_call *, struct pg *, struct error *));

/** Has a pool thread work and the worker answer; 503 when too many calls wait. */
void service_call_submit(struct service_call *call, struct service_runtime *runtime);

/** For work(): the answer is this problem; detail is static or NULL. Returns 0. */
int service_call_refuse(struct service_call *call, const struct problem *problem,
                        const char *detail);

#endif

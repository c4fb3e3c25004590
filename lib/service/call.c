/* An HTTP call of a service that needs the store.
 * Owner: lib/service; freed by its own answer. Thread: the worker's, but for run and done.
 */
#include "service/call.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "service/runtime.h"

enum { CALL_TIMEOUT_MS = 5000 };

int service_call_refuse(struct service_call *call, const struct problem *problem,
                        const char *detail)
{
    call->problem = problem;
    call->detail = detail;
    return 0;
}

static void answer(struct http_request *request, const struct service_call *call)
{
    if (call->problem != NULL) {
        problem_answer(request, call->problem, call->detail, NULL, 0);
        return;
    }
    http_add_header(request, "cache-control", slice_of("private, no-store"));
    if (call->replayed)
        http_add_header(request, "idempotent-replayed", slice_of("true"));
    http_answer(request, call->status,
                call->content_type != NULL ? call->content_type : "application/json",
                buf_slice(&call->body));
}

static void complete(struct http_deferred *deferred)
{
    struct service_call *call = CONTAINER_OF(deferred, struct service_call, deferred);
    if (deferred->request != NULL)
        answer(deferred->request, call);
    if (call->release != NULL)
        call->release(call);
    buf_free(&call->body);
    free(call);
}

static int run(struct pg_job *job, struct pg *pg, struct error *err)
{
    struct service_call *call = CONTAINER_OF(job, struct service_call, job);
    buf_clear(&call->body);
    call->problem = NULL;
    call->replayed = false;
    call->status = 200;
    return call->work(call, pg, err);
}

static void done(struct pg_job *job, const struct error *err)
{
    struct service_call *call = CONTAINER_OF(job, struct service_call, job);
    if (err != NULL && err->kind == ERROR_PERMANENT) {
        log_error("call failed", LOG_TEXT("reason", err->message));
        service_call_refuse(call, &problem_internal, "The store refused to answer.");
    } else if (err != NULL) {
        log_debug("call failed", LOG_TEXT("reason", err->message));
        service_call_refuse(call, &problem_not_ready, "The store cannot be reached; try again.");
    }
    http_post(&call->deferred);
}

void *service_call_new(size_t size, struct http_request *request,
                       int (*work)(struct service_call *, struct pg *, struct error *))
{
    CHECK(size >= sizeof(struct service_call));
    struct service_call *call = mem_calloc(1, size);
    call->work = work;
    http_defer(request, &call->deferred, complete);
    return call;
}

void service_call_submit(struct service_call *call, struct service_runtime *runtime)
{
    call->job = (struct pg_job){
        .deadline_us = clock_monotonic_us() + CALL_TIMEOUT_MS * INT64_C(1000),
        .run = run,
        .done = done,
    };
    if (pg_pool_submit(runtime->calls, &call->job))
        return; /* from here on the pool has it */
    service_call_refuse(call, &problem_overloaded, "Too many calls wait; try again.");
    http_post(&call->deferred);
}

/* A request's life: framing check, route, handler, deadline, end.
 * Owner: lib/http. Thread: the worker's.
 */
#include "http/internal.h"

#include "base/clock.h"

/** libh2o's end of the request: it was answered and sent, or its connection is gone. */
static void on_dispose(void *arg)
{
    struct http_request *request = arg;
    if (request->link.newer != NULL)
        http_list_remove(&request->link);
    http_deferred_detach(request);
    request->magic = 0;
}

static struct http_request *begin(struct http_worker *worker, h2o_req_t *req)
{
    /* Shared memory, because its dispose callback tells when req ends while we still wait. */
    struct http_request *request = h2o_mem_alloc_shared(&req->pool, sizeof(*request), on_dispose);
    request->magic = HTTP_REQUEST_MAGIC;
    request->req = req;
    request->worker = worker;
    request->connection = http_connection_of(req);
    request->link = (struct http_link){NULL, NULL};
    request->started_us = clock_monotonic_us();
    request->match.route = NULL;
    request->match.number = (unsigned)route_count(worker->server->routes);
    request->match.param_count = 0;
    request->deferred = NULL;
    request->identity = NULL;
    request->traced = false;
    http_connection_busy(request->connection);
    return request;
}

/** The raw head is still at the start of the connection's input: libh2o consumes it after the
 * answer. Answers and returns false when it is not to be trusted; the connection ends then. */
static bool framing_passes(struct http_request *request)
{
    const h2o_buffer_t *input = request->connection->socket->input;
    const char *why = NULL;
    enum framing_verdict verdict =
        framing_check((struct slice){input->bytes, input->size}, &request->head, &why);
    const struct problem *problem = NULL;
    switch (verdict) {
    case FRAMING_OK:
        if (request->head.close) /* libh2o looks at the last Connection header only */
            request->req->http1_is_persistent = 0;
        /* Chunk extensions and sizes were parsed leniently and are gone; whatever another server
         * would have made of them, there is no next request on this connection. */
        if (request->head.chunked) {
            request->req->http1_is_persistent = 0;
            http_connection_linger(request->connection);
        }
        return true;
    case FRAMING_BAD:
        problem = &problem_bad_request;
        break;
    case FRAMING_URI_TOO_LONG:
        problem = &problem_uri_too_long;
        break;
    case FRAMING_HEAD_TOO_LARGE:
        problem = &problem_headers_too_large;
        break;
    }
    request->req->http1_is_persistent = 0;
    http_connection_linger(request->connection);
    problem_answer(request, problem, why, NULL, 0);
    return false;
}

static void handle(struct http_request *request)
{
    if (http_body(request).len > request->worker->server->options.max_body_bytes) {
        problem_answer(request, &problem_body_too_large, NULL, NULL, 0);
        return;
    }
    if (http_admit(request))
        request->match.route->handle(request, request->match.context);
}

static void dispatch(struct http_request *request)
{
    struct slice path = request->head.path, method = request->head.method;
    if (slice_equal(path, slice_of("*"))) { /* the framing check let it pass for OPTIONS only */
        http_answer(request, 204, NULL, (struct slice){NULL, 0});
        return;
    }
    char *scratch = memchr(path.data, '%', path.len) != NULL ? http_alloc(request, path.len) : NULL;
    switch (route_match(request->worker->server->routes, method, path, scratch, &request->match)) {
    case ROUTE_FOUND:
        handle(request);
        return;
    case ROUTE_OPTIONS:
        http_add_header(request, "allow", slice_of(request->match.allow));
        http_answer(request, 204, NULL, (struct slice){NULL, 0});
        return;
    case ROUTE_NO_METHOD:
        http_add_header(request, "allow", slice_of(request->match.allow));
        problem_answer(request, &problem_method_not_allowed, NULL, NULL, 0);
        return;
    case ROUTE_NO_PATH:
        problem_answer(request, &problem_not_found, "There is nothing at this path.", NULL, 0);
        return;
    case ROUTE_BAD_PATH:
        problem_answer(
            request, &problem_bad_request,
            "The path has a bad percent-encoding, or an encoded slash, backslash or NUL.", NULL, 0);
        return;
    }
}

int http_on_request(h2o_handler_t *self, h2o_req_t *req)
{
    (void)self;
    struct http_worker *worker = CONTAINER_OF(req->conn->ctx, struct http_worker, context);
    struct http_request *request = begin(worker, req);
    if (framing_passes(request))
        dispatch(request);
    if (request->req != NULL) { /* it is answered later */
        request->deadline_us =
            request->started_us + (int64_t)worker->server->options.request_timeout_ms * 1000;
        http_list_append(&worker->open, &request->link);
        http_connection_park(request->connection);
    }
    return 0;
}

void http_requests_expire(struct http_worker *worker)
{
    struct http_link *link;
    while ((link = http_list_oldest(&worker->open)) != NULL) {
        struct http_request *request = CONTAINER_OF(link, struct http_request, link);
        if (request->deadline_us > worker->now_us)
            break;
        problem_answer(request, &problem_deadline_exceeded,
                       "The answer was not ready in time; the request may still take effect.", NULL,
                       0);
    }
}

void http_requests_abort(struct http_worker *worker)
{
    struct http_link *link;
    while ((link = http_list_oldest(&worker->open)) != NULL)
        problem_answer(CONTAINER_OF(link, struct http_request, link), &problem_deadline_exceeded,
                       "The server stops; the request may still take effect.", NULL, 0);
}

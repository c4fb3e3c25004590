/* What libh2o refuses before any handler sees it (a body over the limit, broken chunks, an unknown
 * expectation) passes this filter of its fallback path and leaves as a problem too. Only a head
 * that its parser cannot read is answered by a plain "Bad Request" beyond our reach. Owner:
 * lib/http. Thread: the worker's.
 */
#include "http/internal.h"

#include "base/clock.h"

struct refusal_stream {
    h2o_ostream_t super;
    h2o_iovec_t body;
};

static const struct problem *problem_of(int status)
{
    if (status == 413)
        return &problem_body_too_large;
    return status == 417 ? &problem_expectation_failed : &problem_bad_request;
}

static void send_body(h2o_ostream_t *self, h2o_req_t *req, h2o_iovec_t *bufs, size_t count,
                      h2o_send_state_t state)
{
    struct refusal_stream *stream = (struct refusal_stream *)self;
    (void)bufs; /* libh2o's own text; none for HEAD */
    h2o_ostream_send_next(self, req, &stream->body, count > 0 ? 1 : 0, state);
}

/** The path for `instance`, empty unless it is plain ASCII: nothing has checked it yet. */
static struct slice instance_of(const h2o_req_t *req)
{
    size_t length = 0;
    for (; length < req->input.path.len && req->input.path.base[length] != '?'; length++) {
        unsigned char c = (unsigned char)req->input.path.base[length];
        if (c < ' ' || c > '~' || length == FRAMING_TARGET_MAX)
            return (struct slice){NULL, 0};
    }
    return (struct slice){req->input.path.base, length};
}

static void on_setup(h2o_filter_t *self, h2o_req_t *req, h2o_ostream_t **slot)
{
    (void)self;
    struct http_worker *worker = CONTAINER_OF(req->conn->ctx, struct http_worker, context);
    const struct problem *problem = problem_of(req->res.status);
    uint8_t trace_id[16];
    uuid_random(&worker->random, trace_id, sizeof(trace_id));
    struct problem_place place = {instance_of(req), trace_id};
    buf_clear(&worker->scratch);
    problem_write(&worker->scratch, problem, NULL, NULL, 0, &place);

    struct refusal_stream *stream = (void *)h2o_add_ostream(req, sizeof(*stream), slot);
    stream->super.do_send = send_body;
    stream->body = h2o_strdup(&req->pool, worker->scratch.data, worker->scratch.len);
    req->res.content_length = stream->body.len;
    req->res.headers = (h2o_headers_t){.size = 0};
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL,
                   problem_content_type, strlen(problem_content_type));

    http_connection_linger(http_connection_of(req)); /* the rest of the body may still come */
    http_connection_idle(http_connection_of(req), clock_monotonic_us());
    http_metrics_request(worker->server->counters, (unsigned)route_count(worker->server->routes),
                         req->res.status, 0);
    h2o_setup_next_ostream(req, &stream->super.next);
}

void http_register_refusals(h2o_hostconf_t *host)
{
    h2o_filter_t *filter = h2o_create_filter(&host->fallback_path, sizeof(*filter));
    filter->on_setup_ostream = on_setup;
}

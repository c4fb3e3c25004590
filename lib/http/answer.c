/* Answers.
 * Owner: lib/http. Thread: the worker's.
 */
#include "http/internal.h"

#include "base/clock.h"

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {101, "Switching Protocols"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {410, "Gone"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {426, "Upgrade Required"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Unknown";
}

void *http_alloc(struct http_request *request, size_t size)
{
    CHECK(request->magic == HTTP_REQUEST_MAGIC && request->req != NULL);
    return h2o_mem_alloc_pool(&request->req->pool, size);
}

void http_add_header(struct http_request *request, const char *name, struct slice value)
{
    h2o_req_t *req = request->req;
    CHECK(request->magic == HTTP_REQUEST_MAGIC && req != NULL);
    char *copy = h2o_mem_alloc_pool(&req->pool, value.len);
    for (size_t i = 0; i < value.len;
         i++) { /* a line end would be a header of the value's choice */
        char c = value.data[i];
        copy[i] = c;
        if ((unsigned char)c < ' ' || c == 0x7F)
            copy[i] = '?';
    }
    h2o_add_header_by_str(&req->pool, &req->res.headers, name, strlen(name), 1, NULL, copy,
                          value.len);
}

/** From here on the request is answered: nobody waits for it any more. */
static void settle(struct http_request *request, int status)
{
    struct http_worker *worker = request->worker;
    int64_t now_us = clock_monotonic_us();
    http_metrics_request(worker->server->counters, request->match.number, status,
                         now_us - request->started_us);
    http_deferred_detach(request);
    if (request->link.newer != NULL)
        http_list_remove(&request->link);
    http_connection_unpark(request->connection);
    http_connection_idle(request->connection, now_us);
    request->req = NULL;
}

void http_answer_taken_over(struct http_request *request, int status)
{
    struct http_connection *connection = request->connection;
    request->req->res.status = status;
    request->req->res.reason = reason_of(status);
    settle(request, status);
    http_connection_busy(connection); /* no idle time-out: the stream has its own */
    if (connection->answered.newer != NULL)
        http_list_remove(&connection->answered); /* no further head comes */
}

void http_answer(struct http_request *request, int status, const char *content_type,
                 struct slice body)
{
    h2o_req_t *req = request->req;
    CHECK(request->magic == HTTP_REQUEST_MAGIC && req != NULL); /* answered twice? */
    if (req->http1_is_persistent && request->worker->draining) {
        req->http1_is_persistent = 0;
        http_connection_linger(request->connection);
    }
    req->res.status = status;
    req->res.reason = reason_of(status);
    if (content_type != NULL)
        h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL, content_type,
                       strlen(content_type));
    else
        body = (struct slice){"", 0};
    if (status != 204 && status != 304) /* these two have no length: RFC 9110, 8.6 */
        req->res.content_length = body.len;
    struct http_connection *connection = request->connection;
    settle(request, status);
    http_head_limit_next(connection);
    h2o_send_inline(req, body.len > 0 ? body.data : "", body.len);
}

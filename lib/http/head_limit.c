/* The limit on a head that is still coming in. libh2o buffers up to 400 KB of it per connection;
 * this ends the connection at 16 KiB, so that 10,000 of them cannot take the memory. Owner:
 * lib/http. Thread: the worker's.
 *
 * libh2o sets its read callback anew for every request. Ours goes before it: at accept, and at the
 * end of each turn for the connections that were answered.
 */
#include "http/internal.h"

#include <sys/socket.h>

static void refuse(struct http_connection *connection)
{
    struct http_worker *worker = connection->worker;
    uint8_t trace_id[16];
    struct buf body = {0}, answer = {0};
    uuid_random(&worker->random, trace_id, sizeof(trace_id));
    problem_write(&body, &problem_headers_too_large, NULL, NULL, 0,
                  &(struct problem_place){.trace_id = trace_id});
    buf_printf(&answer,
               "HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n"
               "Content-Length: %zu\r\ncontent-type: %s\r\n\r\n",
               body.len, problem_content_type);
    buf_append(&answer, body.data, body.len);
    /* Nothing else was written on this connection just now, so this fits into the socket's buffer;
     * when it does not, the client only misses the reason. */
    ssize_t sent = send(h2o_socket_get_fd(connection->socket), answer.data, answer.len,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)sent;
    buf_free(&body);
    buf_free(&answer);
    http_metrics_request(worker->server->counters, (unsigned)route_count(worker->server->routes),
                         431, 0);
    http_connection_linger(connection);
}

static void on_read(h2o_socket_t *socket, const char *err)
{
    struct http_connection *connection = socket->on_close.data;
    const h2o_buffer_t *input = socket->input;
    if (err == NULL && input->size > FRAMING_HEAD_MAX &&
        memmem(input->bytes, FRAMING_HEAD_MAX, "\r\n\r\n", 4) == NULL) {
        refuse(connection);
        err = "head too large"; /* libh2o closes the connection */
    }
    connection->worker->parse(socket, err);
}

void http_head_limit_first(struct http_connection *connection)
{
    struct http_worker *worker = connection->worker;
    worker->parse = connection->socket->_cb.read;
    connection->socket->_cb.read = on_read;
}

void http_head_limit_next(struct http_connection *connection)
{
    if (connection->answered.newer == NULL)
        http_list_append(&connection->worker->answered, &connection->answered);
}

void http_head_limit_run(struct http_worker *worker)
{
    struct http_link *end = &worker->answered.anchor, *next;
    for (struct http_link *link = end->newer; link != end; link = next) {
        struct http_connection *connection = CONTAINER_OF(link, struct http_connection, answered);
        next = link->newer;
        if (connection->socket->_cb.read != worker->parse)
            continue; /* the answer is not out yet, or the next request is at its handler */
        connection->socket->_cb.read = on_read;
        http_list_remove(link);
    }
}

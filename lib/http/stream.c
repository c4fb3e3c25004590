/* A connection that an answer has taken over.
 * Owner: lib/http. Thread: the worker's.
 *
 *   OPENING --headers sent--> OPEN --http_stream_end, all sent--> closed at the end of the turn
 *      \--------------------------\--broken, slow, silent-------------^
 *
 * Nothing is closed within a callback: a stream that must go is touched, and goes at the end of the
 * turn, when no caller has it in hand any more.
 */
#include "http/stream.h"

#include <stdlib.h>
#include <sys/socket.h>

#include <h2o.h>
#include <h2o/http1.h>

#include "base/clock.h"
#include "base/memory.h"
#include "http/internal.h"

/* What the kernel may hold for a client that does not read; it doubles this. */
enum { SEND_BUFFER_BYTES = 32768 };

struct http_stream {
    struct http_worker *worker;
    struct http_link link;    /* in worker->streams */
    struct http_link touched; /* in worker->touched, when newer is not NULL */
    h2o_socket_t *socket;     /* NULL while opening, and once it is closed */
    struct http_connection *connection;
    const struct http_stream_events *events;
    void *arg;
    struct http_stream_limits limits;
    struct http_timer *timer;
    struct buf waiting, writing;
    bool opening, under_way, ending, broken;
    enum http_stream_end how;
    int64_t written_us; /* when the last write began */
    int64_t heard_us;
};

struct http_worker *http_stream_worker(const struct http_stream *stream)
{
    return stream->worker;
}

bool http_stream_idle(const struct http_stream *stream)
{
    return !stream->opening && !stream->under_way && stream->waiting.len == 0;
}

void http_stream_touch(struct http_stream *stream)
{
    if (stream->touched.newer == NULL)
        http_list_append(&stream->worker->touched, &stream->touched);
}

static void break_off(struct http_stream *stream, enum http_stream_end how)
{
    if (stream->broken)
        return;
    stream->broken = true;
    stream->how = how;
    buf_clear(&stream->waiting);
    http_stream_touch(stream);
}

void http_stream_write(struct http_stream *stream, const void *bytes, size_t length)
{
    if (stream->broken || stream->ending)
        return;
    if (stream->waiting.len + length > stream->limits.output_max) {
        break_off(stream, HTTP_STREAM_SLOW);
        return;
    }
    buf_append(&stream->waiting, bytes, length);
    http_stream_touch(stream);
}

void http_stream_end(struct http_stream *stream)
{
    stream->ending = true;
    http_stream_touch(stream);
}

/* ---- the socket */

static void on_read(h2o_socket_t *socket, const char *err)
{
    struct http_stream *stream = socket->data;
    if (err != NULL) {
        break_off(stream, stream->ending ? HTTP_STREAM_ENDED : HTTP_STREAM_LEFT);
        return;
    }
    stream->heard_us = clock_monotonic_us();
    if (stream->events->input != NULL && !stream->ending && !stream->broken)
        stream->events->input(stream->arg,
                              (struct slice){socket->input->bytes, socket->input->size});
    h2o_buffer_consume(&socket->input, socket->input->size);
}

static void on_written(h2o_socket_t *socket, const char *err)
{
    struct http_stream *stream = socket->data;
    stream->under_way = false;
    buf_clear(&stream->writing);
    if (err != NULL)
        break_off(stream, HTTP_STREAM_LEFT);
    else if (stream->waiting.len == 0 && !stream->ending && !stream->broken)
        stream->events->ready(stream->arg);
    http_stream_touch(stream);
}

static void write_out(struct http_stream *stream)
{
    struct buf free_one = stream->writing;
    stream->writing = stream->waiting;
    stream->waiting = free_one;
    stream->under_way = true;
    stream->written_us = clock_monotonic_us();
    h2o_iovec_t bytes = {stream->writing.data, stream->writing.len};
    h2o_socket_write(stream->socket, &bytes, 1, on_written);
}

static void close_stream(struct http_stream *stream)
{
    http_list_remove(&stream->link);
    http_timer_stop(stream->timer);
    if (stream->socket != NULL) {
        if (stream->ending) /* so that a last word is not lost to a reset */
            http_connection_linger(stream->connection);
        h2o_socket_close(stream->socket);
    }
    stream->events->closed(stream->arg, stream->how);
    buf_free(&stream->waiting);
    buf_free(&stream->writing);
    free(stream);
}

void http_streams_run(struct http_worker *worker)
{
    struct http_link *link;
    while ((link = http_list_oldest(&worker->touched)) != NULL) {
        struct http_stream *stream = CONTAINER_OF(link, struct http_stream, touched);
        if (!stream->broken && stream->events->flush != NULL)
            stream->events->flush(stream->arg);
        http_list_remove(link);
        if (stream->opening)
            continue; /* it is touched when the headers have left */
        if (stream->broken)
            close_stream(stream);
        else if (!stream->under_way && stream->waiting.len > 0)
            write_out(stream);
        else if (!stream->under_way && stream->ending)
            close_stream(stream);
    }
}

/* ---- its life */

static void on_timer(void *arg)
{
    struct http_stream *stream = arg;
    int64_t now_us = clock_monotonic_us();
    const struct http_stream_limits *limits = &stream->limits;
    stream->timer = http_timer_start(stream->worker, limits->beat_ms, on_timer, stream);
    if (stream->opening || stream->broken)
        return;
    if (stream->under_way && now_us - stream->written_us > limits->stall_ms * INT64_C(1000))
        break_off(stream, stream->ending ? HTTP_STREAM_ENDED : HTTP_STREAM_SLOW);
    else if (limits->silence_ms > 0 &&
             now_us - stream->heard_us > limits->silence_ms * INT64_C(1000))
        break_off(stream, HTTP_STREAM_SILENT);
    else if (http_stream_idle(stream) && !stream->ending)
        stream->events->beat(stream->arg);
}

static void on_opened(void *arg, h2o_socket_t *socket, size_t head_length)
{
    struct http_stream *stream = arg;
    stream->opening = false;
    if (socket == NULL) { /* the answer could not be sent, and libh2o has closed the socket */
        break_off(stream, HTTP_STREAM_LEFT);
        return;
    }
    stream->socket = socket;
    socket->data = stream;
    h2o_buffer_consume(&socket->input, head_length);
    h2o_socket_read_start(socket, on_read);
    if (stream->worker->draining)
        stream->events->stop(stream->arg);
    else if (!stream->ending && stream->waiting.len == 0)
        stream->events->ready(stream->arg);
    if (socket->input->size > 0)
        on_read(socket, NULL);
    http_stream_touch(stream);
}

struct http_stream *http_stream_open(struct http_request *request, int status,
                                     const struct http_stream_limits *limits,
                                     const struct http_stream_events *events, void *arg)
{
    h2o_req_t *req = request->req;
    int bytes = SEND_BUFFER_BYTES;
    CHECK(request->magic == HTTP_REQUEST_MAGIC && req != NULL);
    struct http_stream *stream = mem_calloc(1, sizeof(*stream));
    stream->worker = request->worker;
    stream->connection = request->connection;
    stream->events = events;
    stream->arg = arg;
    stream->limits = *limits;
    stream->opening = true;
    stream->how = HTTP_STREAM_ENDED;
    stream->heard_us = stream->written_us = clock_monotonic_us();
    stream->timer = http_timer_start(stream->worker, limits->beat_ms, on_timer, stream);
    http_list_append(&stream->worker->streams, &stream->link);
    setsockopt(h2o_socket_get_fd(stream->connection->socket), SOL_SOCKET, SO_SNDBUF, &bytes,
               sizeof(bytes));
    if (status != 101) /* libh2o writes Connection: upgrade whatever the status is */
        http_add_header(request, "connection", slice_of("close"));
    http_answer_taken_over(request, status);
    h2o_http1_upgrade(req, NULL, 0, on_opened, stream);
    return stream;
}

void http_streams_stop(struct http_worker *worker)
{
    struct http_link *end = &worker->streams.anchor;
    for (struct http_link *link = end->newer; link != end; link = link->newer) {
        struct http_stream *stream = CONTAINER_OF(link, struct http_stream, link);
        if (!stream->opening && !stream->broken)
            stream->events->stop(stream->arg);
    }
}

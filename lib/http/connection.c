/* Connections: accept under a cap, who is idle for how long, how each one ends.
 * Owner: lib/http. Thread: the worker's.
 */
#include "http/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

enum { ACCEPT_PER_TURN = 32, ACCEPT_PAUSE_MS = 100, LINGER_MS = 1000, LINGER_BYTES = 1 << 20 };

struct http_connection *http_connection_of(h2o_req_t *req)
{
    return req->conn->callbacks->get_socket(req->conn)->on_close.data;
}

void http_connection_busy(struct http_connection *connection)
{
    http_list_remove(&connection->link);
    http_list_append(&connection->worker->busy, &connection->link);
}

void http_connection_idle(struct http_connection *connection, int64_t now_us)
{
    connection->idle_since_us = now_us;
    http_list_remove(&connection->link);
    http_list_append(&connection->worker->idle, &connection->link);
}

static void on_parked_readable(h2o_socket_t *socket, const char *err)
{
    (void)err;
    h2o_socket_read_stop(socket); /* more input or the client's end: not before the answer */
}

void http_connection_park(struct http_connection *connection)
{
    /* Input must not be read now: the request's texts are in its buffer. */
    connection->parked = true;
    h2o_socket_dont_read(connection->socket, 1);
    h2o_socket_read_start(connection->socket, on_parked_readable);
}

void http_connection_unpark(struct http_connection *connection)
{
    if (!connection->parked)
        return;
    connection->parked = false;
    h2o_socket_read_stop(connection->socket);
    h2o_socket_dont_read(connection->socket, 0);
}

void http_connections_expire(struct http_worker *worker)
{
    int64_t limit_us = worker->now_us - (int64_t)worker->server->options.idle_timeout_ms * 1000;
    struct http_link *link;
    while ((link = http_list_oldest(&worker->idle)) != NULL) {
        struct http_connection *connection = CONTAINER_OF(link, struct http_connection, link);
        if (connection->idle_since_us > limit_us)
            break;
        /* libh2o finds the end of file, or the failed write, in its next turn and closes. */
        shutdown(h2o_socket_get_fd(connection->socket), SHUT_RDWR);
        http_connection_idle(connection, worker->now_us);
    }
}

void http_connections_end_idle(struct http_worker *worker)
{
    struct http_link *end = &worker->idle.anchor;
    for (struct http_link *link = end->newer; link != end; link = link->newer) {
        struct http_connection *connection = CONTAINER_OF(link, struct http_connection, link);
        /* A request that is in the kernel's buffer is still read after SHUT_RD, and answered. */
        if (connection->socket->input->size == 0)
            shutdown(h2o_socket_get_fd(connection->socket), SHUT_RD);
    }
}

void http_connections_abort(struct http_worker *worker)
{
    struct http_list *lists[] = {&worker->idle, &worker->busy};
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        struct http_link *end = &lists[i]->anchor;
        for (struct http_link *link = end->newer; link != end; link = link->newer) {
            struct http_connection *connection = CONTAINER_OF(link, struct http_connection, link);
            shutdown(h2o_socket_get_fd(connection->socket), SHUT_RDWR);
        }
    }
}

/* ---- the end of a connection */

struct http_linger {
    struct http_worker *worker;
    struct http_watch *watch;
    struct http_timer *timer;
    struct http_link link; /* in worker->lingers */
    size_t left;           /* bytes that are still swallowed */
    int fd;
};

static void count_connection(struct http_worker *worker, int delta)
{
    worker->connections += delta;
    atomic_fetch_add_explicit(&worker->server->connections, delta, memory_order_relaxed);
    http_metrics_connection(worker->server->counters, delta);
}

static void resume_listener(struct http_worker *worker)
{
    if (worker->listener != NULL && worker->listener_paused) {
        worker->listener_paused = false;
        h2o_socket_read_start(worker->listener, http_on_listener);
    }
}

static void linger_end(struct http_linger *linger)
{
    struct http_worker *worker = linger->worker;
    if (linger->timer != NULL)
        http_timer_stop(linger->timer);
    http_watch_free(linger->watch);
    close(linger->fd);
    http_list_remove(&linger->link);
    free(linger);
    count_connection(worker, -1);
    resume_listener(worker);
}

static void on_linger_timer(void *arg)
{
    struct http_linger *linger = arg;
    linger->timer = NULL;
    linger_end(linger);
}

static void on_linger_readable(void *arg, bool readable, bool writable)
{
    struct http_linger *linger = arg;
    char swallowed[16384];
    (void)readable;
    (void)writable;
    ssize_t n = read(linger->fd, swallowed, sizeof(swallowed));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0 || (size_t)n >= linger->left)
        linger_end(linger);
    else
        linger->left -= (size_t)n;
}

/** Goes on reading what the client sends after our answer: a close with unread input would reset
 * the connection, and the client might lose the answer. RFC 9112, 9.6. */
static void linger_start(struct http_worker *worker, int fd)
{
    struct http_linger *linger = mem_calloc(1, sizeof(*linger));
    shutdown(fd, SHUT_WR);
    linger->worker = worker;
    linger->fd = fd;
    linger->left = LINGER_BYTES;
    http_list_append(&worker->lingers, &linger->link);
    linger->watch = http_watch_new(worker, fd, on_linger_readable, linger);
    if (linger->watch == NULL) {
        linger_end(linger);
        return;
    }
    http_watch_read(linger->watch, true);
    linger->timer = http_timer_start(worker, LINGER_MS, on_linger_timer, linger);
}

void http_lingers_end(struct http_worker *worker)
{
    struct http_link *end = &worker->lingers.anchor, *next;
    for (struct http_link *link = end->newer; link != end; link = next) {
        next = link->newer;
        linger_end(CONTAINER_OF(link, struct http_linger, link));
    }
}

void http_connection_linger(struct http_connection *connection)
{
    if (connection->linger_fd < 0)
        connection->linger_fd = fcntl(h2o_socket_get_fd(connection->socket), F_DUPFD_CLOEXEC, 3);
}

static void on_close(void *arg)
{
    struct http_connection *connection = arg;
    struct http_worker *worker = connection->worker;
    http_limit_disconnect(worker->server, &connection->ip);
    http_list_remove(&connection->link);
    if (connection->answered.newer != NULL)
        http_list_remove(&connection->answered);
    if (connection->linger_fd >= 0) {
        linger_start(worker, connection->linger_fd);
    } else {
        count_connection(worker, -1);
        resume_listener(worker);
    }
    free(connection);
}

/* ---- the beginning */

static void on_pause_over(void *arg)
{
    resume_listener(arg);
}

static void pause_listener(struct http_worker *worker)
{
    if (worker->listener == NULL || worker->listener_paused)
        return;
    worker->listener_paused = true;
    h2o_socket_read_stop(worker->listener);
    http_timer_start(worker, ACCEPT_PAUSE_MS, on_pause_over, worker);
}

static struct ip peer_of(h2o_socket_t *socket)
{
    struct sockaddr_storage address;
    struct ip ip = {{0}}; /* a client that has gone already has no address any more */
    if (h2o_socket_getpeername(socket, (struct sockaddr *)&address) > 0 &&
        !ip_of_socket((struct sockaddr *)&address, &ip))
        ip = (struct ip){{0}};
    return ip;
}

static bool accept_one(struct http_worker *worker)
{
    h2o_socket_t *socket = h2o_evloop_socket_accept(worker->listener);
    if (socket == NULL) {
        int reason = errno;
        /* Out of descriptors or memory: the listener stays readable, so do not look for a while. */
        if (reason == EMFILE || reason == ENFILE || reason == ENOBUFS || reason == ENOMEM)
            pause_listener(worker);
        return reason == ECONNABORTED || reason == EINTR;
    }
    struct ip ip = peer_of(socket);
    if (!http_limit_connect(worker->server, &ip)) {
        h2o_socket_close(socket);
        return true;
    }
    struct http_connection *connection = mem_calloc(1, sizeof(*connection));
    connection->worker = worker;
    connection->ip = ip;
    connection->socket = socket;
    connection->linger_fd = -1;
    connection->idle_since_us = clock_monotonic_us();
    socket->on_close.cb = on_close;
    socket->on_close.data = connection;
    http_list_append(&worker->idle, &connection->link);
    count_connection(worker, 1);
    h2o_accept(&worker->accept, socket);
    http_head_limit_first(connection);
    return true;
}

void http_accept_pending(struct http_worker *worker, int limit)
{
    const struct http_server *server = worker->server;
    for (int i = 0; i < limit; i++) {
        if (!worker->draining && atomic_load_explicit(&server->connections, memory_order_relaxed) >=
                                     server->options.max_connections) {
            pause_listener(worker);
            return;
        }
        if (!accept_one(worker))
            return;
    }
}

void http_on_listener(h2o_socket_t *listener, const char *err)
{
    if (err == NULL)
        http_accept_pending(listener->data, ACCEPT_PER_TURN);
}

/* A worker: one thread, one event loop, from its first turn to the end of its drain.
 * Owner: lib/http. Thread: the worker's.
 */
#include "http/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

enum {
    TURN_MAX_MS = 1000,
    IDLE_GRACE_US = 250000, /* a drained keep-alive connection may still send one request */
    ABORT_TURNS = 1000,
    ABORT_TURN_US = 10000,
    RECYCLED_CHUNKS = 16 /* libh2o keeps so many freed chunks per thread */
};

int http_worker_index(const struct http_worker *worker)
{
    return worker->index;
}

void http_worker_set_local(struct http_worker *worker, void *local)
{
    worker->local = local;
}

void *http_worker_local(struct http_worker *worker)
{
    return worker->local;
}

void http_worker_set_after_turn(struct http_worker *worker, void (*hook)(void *arg), void *arg)
{
    worker->after_turn = hook;
    worker->after_turn_arg = arg;
}

void http_worker_unreference(struct http_worker *worker, int count)
{
    if (count == 0 || atomic_fetch_sub(&worker->references, count) > count)
        return;
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}

static void earlier(int64_t *due_us, int64_t other_us)
{
    if (other_us < *due_us)
        *due_us = other_us;
}

/** How long the loop may sleep. */
static int turn_wait_ms(const struct http_worker *worker)
{
    /* Callbacks that were made ready outside h2o_evloop_run must not wait for the next event. */
    if (worker->loop->_pending_as_server != NULL || worker->loop->_pending_as_client != NULL)
        return 0;
    const struct http_options *options = &worker->server->options;
    int64_t due_us = http_timers_due_us(worker);
    struct http_link *link = http_list_oldest(&worker->open);
    if (link != NULL)
        earlier(&due_us, CONTAINER_OF(link, struct http_request, link)->deadline_us);
    if ((link = http_list_oldest(&worker->idle)) != NULL)
        earlier(&due_us, CONTAINER_OF(link, struct http_connection, link)->idle_since_us +
                             (int64_t)options->idle_timeout_ms * 1000);
    if (worker->draining) {
        earlier(&due_us, worker->drain_deadline_us);
        earlier(&due_us, worker->idle_deadline_us);
    }
    int left_ms = due_us == INT64_MAX ? TURN_MAX_MS : clock_left_ms(due_us);
    return left_ms < TURN_MAX_MS ? left_ms : TURN_MAX_MS;
}

static void turn(struct http_worker *worker)
{
    int wait_ms = turn_wait_ms(worker);
    while (h2o_evloop_run(worker->loop, wait_ms) != 0)
        CHECK(errno == EINTR);
    worker->now_us = clock_monotonic_us();
    http_timers_run(worker);
    http_requests_expire(worker);
    http_connections_expire(worker);
    if (worker->after_turn != NULL)
        worker->after_turn(worker->after_turn_arg);
    http_streams_run(worker);
    http_head_limit_run(worker);
}

static void begin_drain(struct http_worker *worker)
{
    int64_t drain_us = (int64_t)worker->server->options.drain_timeout_ms * 1000;
    int64_t grace_us = drain_us / 4 < IDLE_GRACE_US ? drain_us / 4 : IDLE_GRACE_US;
    worker->draining = true;
    worker->drain_deadline_us = worker->now_us + drain_us;
    worker->idle_deadline_us = worker->now_us + grace_us;
    worker->context.shutdown_requested = 1; /* libh2o answers with Connection: close from now on */
    /* Who is in the backlog has connected; closing the listener would reset them. */
    http_accept_pending(worker, INT_MAX);
    h2o_socket_close(worker->listener);
    worker->listener = NULL;
    http_streams_stop(worker);
}

static bool drained(const struct http_worker *worker)
{
    return worker->connections == 0 && atomic_load(&worker->references) == 1;
}

static void drain(struct http_worker *worker)
{
    begin_drain(worker);
    while (!drained(worker) && worker->now_us < worker->drain_deadline_us) {
        turn(worker);
        if (worker->now_us >= worker->idle_deadline_us) {
            http_connections_end_idle(worker);
            worker->idle_deadline_us = worker->now_us + IDLE_GRACE_US;
        }
    }
    for (int i = 0; worker->connections > 0; i++) {
        CHECK(i < ABORT_TURNS);
        http_requests_abort(worker);
        http_connections_abort(worker);
        http_lingers_end(worker);
        worker->drain_deadline_us = worker->idle_deadline_us = worker->now_us + ABORT_TURN_US;
        turn(worker);
    }
}

/** libh2o keeps freed memory in thread-local lists and forgets them with the thread. */
static void free_recycled(void)
{
    h2o_mem_recycle_t *buffers = &h2o_socket_buffer_prototype.allocator;
    while (buffers->cnt > 0)
        free(h2o_mem_alloc_recycle(buffers, 1));
    void *chunks[RECYCLED_CHUNKS];
    for (size_t i = 0; i < RECYCLED_CHUNKS; i++) {
        h2o_mem_pool_t pool;
        h2o_mem_init_pool(&pool);
        h2o_mem_alloc_pool(&pool, 1);
        chunks[i] = pool.chunks;
    }
    for (size_t i = 0; i < RECYCLED_CHUNKS; i++)
        free(chunks[i]);
}

static void open_loop(struct http_worker *worker)
{
    const struct http_options *options = &worker->server->options;
    worker->now_us = clock_monotonic_us();
    worker->loop = h2o_evloop_create();
    h2o_context_init(&worker->context, worker->loop, &worker->server->config);
    worker->accept =
        (h2o_accept_ctx_t){.ctx = &worker->context, .hosts = worker->server->config.hosts};
    http_inbox_init(worker);
    if (options->on_worker_start != NULL)
        options->on_worker_start(worker, options->context);
    worker->listener =
        h2o_evloop_socket_create(worker->loop, worker->listen_fd, H2O_SOCKET_FLAG_DONT_READ);
    worker->listener->data = worker;
    h2o_socket_read_start(worker->listener, http_on_listener);
}

static void close_loop(struct http_worker *worker)
{
    const struct http_options *options = &worker->server->options;
    if (options->on_worker_stop != NULL)
        options->on_worker_stop(worker, options->context);
    http_timers_free(worker);
    http_inbox_close(worker);
    h2o_multithread_queue_t *queue = worker->context.queue;
    h2o_context_dispose(&worker->context);
    if (strcmp(H2O_VERSION, "2.2.5") == 0)
        free(queue); /* it forgets this, and the loop's epoll descriptor */
    h2o_evloop_destroy(worker->loop);
    free_recycled();
    buf_free(&worker->scratch);
}

void *http_worker_main(void *arg)
{
    struct http_worker *worker = arg;
    open_loop(worker);
    sem_post(&worker->server->started);
    while (!atomic_load_explicit(&worker->server->stopping, memory_order_relaxed))
        turn(worker);
    drain(worker);
    close_loop(worker);
    return NULL;
}

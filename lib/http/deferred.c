/* Answers that come from other threads: open deferreds and a worker's inbox.
 * Owner: lib/http. Thread: http_post any, the rest the worker's.
 */
#include "http/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

void http_inbox_wake(struct http_worker *worker)
{
    uint64_t one = 1;
    ssize_t n = write(worker->wake_fd, &one, sizeof(one));
    CHECK(n == (ssize_t)sizeof(one) || errno == EAGAIN); /* EAGAIN: it is awake already */
}

static void on_wake(h2o_socket_t *socket, const char *err)
{
    (void)err;
    struct http_worker *worker = socket->data;
    uint64_t count;
    ssize_t n = read(h2o_socket_get_fd(socket), &count, sizeof(count));
    CHECK(n == (ssize_t)sizeof(count) || errno == EAGAIN || errno == EINTR);
    http_inbox_run(worker);
}

void http_inbox_init(struct http_worker *worker)
{
    worker->wake_socket =
        h2o_evloop_socket_create(worker->loop, worker->wake_fd, H2O_SOCKET_FLAG_DONT_READ);
    worker->wake_socket->data = worker;
    h2o_socket_read_start(worker->wake_socket, on_wake);
}

/** Calls back each of the list; the worker may be gone afterwards. */
static void complete_all(struct http_worker *worker, struct queue_node *node)
{
    int count = 0;
    while (node != NULL) {
        struct http_deferred *deferred = CONTAINER_OF(node, struct http_deferred, node);
        node = node->next; /* deferred's memory ends in complete */
        if (deferred->request != NULL)
            deferred->request->deferred = NULL;
        deferred->complete(deferred);
        count++;
    }
    http_worker_unreference(worker, count);
}

void http_defer(struct http_request *request, struct http_deferred *deferred,
                void (*complete)(struct http_deferred *))
{
    CHECK(request->magic == HTTP_REQUEST_MAGIC && request->req != NULL);
    CHECK(request->deferred == NULL);
    *deferred =
        (struct http_deferred){.worker = request->worker, .request = request, .complete = complete};
    request->deferred = deferred;
    atomic_fetch_add(&request->worker->references, 1);
}

void http_task_init(struct http_worker *worker, struct http_deferred *task,
                    void (*complete)(struct http_deferred *))
{
    *task = (struct http_deferred){.worker = worker, .complete = complete};
    atomic_fetch_add(&worker->references, 1);
}

void http_deferred_detach(struct http_request *request)
{
    if (request->deferred != NULL)
        request->deferred->request = NULL;
    request->deferred = NULL;
}

void http_post(struct http_deferred *list)
{
    if (list == NULL)
        return;
    struct http_worker *worker = list->worker;
    struct queue_node *first = &list->node, *last = first;
    while (last->next != NULL)
        last = last->next;

    pthread_mutex_lock(&worker->lock);
    bool closed = worker->closed, asleep = worker->inbox == NULL;
    if (!closed) {
        *worker->inbox_last = first;
        worker->inbox_last = &last->next;
        if (asleep) /* under the lock: the descriptor lives until closed is set */
            http_inbox_wake(worker);
    }
    pthread_mutex_unlock(&worker->lock);
    if (closed)
        complete_all(worker, first);
}

void http_inbox_run(struct http_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    struct queue_node *first = worker->inbox;
    worker->inbox = NULL;
    worker->inbox_last = &worker->inbox;
    pthread_mutex_unlock(&worker->lock);
    complete_all(worker, first);
}

void http_inbox_close(struct http_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->closed = true;
    pthread_mutex_unlock(&worker->lock);
    http_inbox_run(worker);
    h2o_socket_close(worker->wake_socket);
    worker->wake_socket = NULL;
}

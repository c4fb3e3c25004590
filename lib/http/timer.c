/* What a worker's loop offers to async clients: timers by the monotonic clock, watched descriptors.
 * libh2o's own timers follow the wall clock, which may jump.
 * Owner: lib/http. Thread: the worker's.
 */
#include "http/internal.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"

/* One list per delay: each is ordered by itself, so that starting and stopping cost the same for
 * one timer and for 100,000. */
static const int class_ms[HTTP_TIMER_CLASSES] = {1,   5,    10,   25,   50,    100,
                                                 250, 1000, 2500, 5000, 15000, 60000};

struct http_timer {
    struct http_link link;
    int64_t due_us;
    void (*fire)(void *);
    void *arg;
};

void http_timers_init(struct http_worker *worker)
{
    for (size_t i = 0; i < HTTP_TIMER_CLASSES; i++)
        http_list_init(&worker->timers[i]);
}

struct http_timer *http_timer_start(struct http_worker *worker, int delay_ms, void (*fire)(void *),
                                    void *arg)
{
    size_t class = 0;
    while (class < HTTP_TIMER_CLASSES - 1 && class_ms[class] < delay_ms)
        class ++;
    struct http_timer *timer = mem_alloc(sizeof(*timer));
    *timer = (struct http_timer){
        .due_us = clock_monotonic_us() + (int64_t)class_ms[class] * 1000, .fire = fire, .arg = arg};
    http_list_append(&worker->timers[class], &timer->link);
    return timer;
}

void http_timer_stop(struct http_timer *timer)
{
    http_list_remove(&timer->link);
    free(timer);
}

void http_timers_run(struct http_worker *worker)
{
    for (size_t i = 0; i < HTTP_TIMER_CLASSES; i++) {
        struct http_link *link;
        while ((link = http_list_oldest(&worker->timers[i])) != NULL) {
            struct http_timer *timer = CONTAINER_OF(link, struct http_timer, link);
            if (timer->due_us > worker->now_us)
                break;
            void (*fire)(void *) = timer->fire;
            void *arg = timer->arg;
            http_timer_stop(timer);
            fire(arg);
        }
    }
}

int64_t http_timers_due_us(const struct http_worker *worker)
{
    int64_t due_us = INT64_MAX;
    for (size_t i = 0; i < HTTP_TIMER_CLASSES; i++) {
        struct http_link *link = http_list_oldest(&worker->timers[i]);
        if (link != NULL && CONTAINER_OF(link, struct http_timer, link)->due_us < due_us)
            due_us = CONTAINER_OF(link, struct http_timer, link)->due_us;
    }
    return due_us;
}

void http_timers_free(struct http_worker *worker)
{
    for (size_t i = 0; i < HTTP_TIMER_CLASSES; i++) {
        struct http_link *end = &worker->timers[i].anchor, *next;
        for (struct http_link *link = end->newer; link != end; link = next) {
            next = link->newer;
            http_timer_stop(CONTAINER_OF(link, struct http_timer, link));
        }
    }
}

/* ---- descriptors */

struct http_watch {
    h2o_socket_t *socket;
    void (*ready)(void *, bool, bool);
    void *arg;
};

static void on_readable(h2o_socket_t *socket, const char *err)
{
    (void)err; /* the client library sees errors itself when it reads */
    struct http_watch *watch = socket->data;
    watch->ready(watch->arg, true, false);
}

static void on_writable(h2o_socket_t *socket, const char *err)
{
    (void)err;
    struct http_watch *watch = socket->data;
    watch->ready(watch->arg, false, true);
}

struct http_watch *http_watch_new(struct http_worker *worker, int fd,
                                  void (*ready)(void *arg, bool readable, bool writable), void *arg)
{
    /* A duplicate, because closing the h2o socket closes its descriptor. */
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0)
        return NULL;
    struct http_watch *watch = mem_alloc(sizeof(*watch));
    *watch = (struct http_watch){
        .socket = h2o_evloop_socket_create(worker->loop, copy, H2O_SOCKET_FLAG_DONT_READ),
        .ready = ready,
        .arg = arg,
    };
    watch->socket->data = watch;
    return watch;
}

void http_watch_read(struct http_watch *watch, bool on)
{
    if (on && !h2o_socket_is_reading(watch->socket))
        h2o_socket_read_start(watch->socket, on_readable);
    else if (!on && h2o_socket_is_reading(watch->socket))
        h2o_socket_read_stop(watch->socket);
}

void http_watch_write_once(struct http_watch *watch)
{
    if (!h2o_socket_is_writing(watch->socket))
        h2o_socket_notify_write(watch->socket, on_writable);
}

void http_watch_free(struct http_watch *watch)
{
    if (watch == NULL)
        return;
    h2o_socket_close(watch->socket);
    free(watch);
}

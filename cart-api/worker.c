/* What belongs to one HTTP worker.
 * Owner: cart-api. Thread: the worker's.
 */
#include "cart-api/worker.h"

#include <stdlib.h>

#include "base/memory.h"
#include "cart-api/app.h"
#include "cart-api/live_seat.h"
#include "cart-api/read_routes.h"
#include "io/redis_async.h"

/* ---- the worker's loop as lib/io sees it */

static void *watch_new(void *loop, int fd, void (*ready)(void *, bool, bool), void *arg)
{
    return http_watch_new(loop, fd, ready, arg);
}

static void watch_read(void *watch, bool on)
{
    http_watch_read(watch, on);
}

static void watch_write_once(void *watch)
{
    http_watch_write_once(watch);
}

static void watch_free(void *watch)
{
    http_watch_free(watch);
}

static void *timer_start(void *loop, int delay_ms, void (*fire)(void *), void *arg)
{
    return http_timer_start(loop, delay_ms, fire, arg);
}

static void timer_stop(void *timer)
{
    http_timer_stop(timer);
}

static const struct redis_loop loop_of_worker = {
    .watch_new = watch_new,
    .watch_read = watch_read,
    .watch_write_once = watch_write_once,
    .watch_free = watch_free,
    .timer_start = timer_start,
    .timer_stop = timer_stop,
};

/** Who says that it is the Redis that we knew, with all that it had? */
static void redis_connected(void *arg)
{
    struct worker *worker = arg;
    view_trust_doubt_all(&worker->app->view_check.trust);
    view_check_start(&worker->app->view_check);
}

static void after_turn(void *arg)
{
    struct worker *worker = arg;
    redis_async_flush(worker->redis);
    view_post_finished(worker);
}

void worker_start(struct http_worker *http, void *context)
{
    struct app *app = context;
    struct worker *worker = mem_calloc(1, sizeof(*worker));
    struct redis_async_options options = {
        .loop = &loop_of_worker,
        .loop_context = http,
        .endpoint = app->redis,
        .connected = redis_connected,
        .connected_arg = worker,
        .connect_timeout_ms = (int)app->settings->redis_connect_timeout_ms,
        .command_timeout_ms = (int)app->settings->redis_timeout_ms,
        .pending_max = (size_t)app->settings->redis_pending_max,
    };
    worker->app = app;
    worker->http = http;
    worker->redis = redis_async_new(&options);
    worker->live = live_worker_start(worker, app->live);
    http_worker_set_local(http, worker);
    http_worker_set_after_turn(http, after_turn, worker);
}

void worker_stop(struct http_worker *http, void *context)
{
    struct worker *worker = http_worker_local(http);
    (void)context;
    redis_async_free(worker->redis); /* its callbacks may submit folds */
    view_abandon_waiting(worker);
    view_post_finished(worker);
    live_worker_stop(worker->live);
    http_worker_set_after_turn(http, NULL, NULL);
    http_worker_set_local(http, NULL);
    free(worker);
}

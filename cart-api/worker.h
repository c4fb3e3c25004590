/* What belongs to one HTTP worker: its ids, its Redis connection, the reads that wait there.
 * Owner: cart-api; the local of its http_worker. Thread: the worker's.
 */
#ifndef CARTWRIGHT_CART_API_WORKER_H
#define CARTWRIGHT_CART_API_WORKER_H

#include "base/uuid.h"
#include "http/http.h"

struct app;
struct live_worker;
struct redis_async;
struct view_call;

struct worker {
    struct app *app;
    struct http_worker *http;
    struct uuid_source ids;
    struct redis_async *redis;
    struct live_worker *live;
    struct view_call *waiting;      /* for a timer, see view.c */
    struct http_deferred *finished; /* answered in this turn, to be posted at its end */
};

/** http_options.on_worker_start and on_worker_stop; context is the struct app. */
void worker_start(struct http_worker *http, void *context);
void worker_stop(struct http_worker *http, void *context);

#endif

/* What the parts of the running daemon know of each other.
 * Owner: cart-api; made and ended by app.c. Thread: as each member says.
 */
#ifndef CARTWRIGHT_CART_API_APP_H
#define CARTWRIGHT_CART_API_APP_H

#include <stdatomic.h>

#include "base/metrics.h"
#include "cart-api/counters.h"
#include "cart-api/decide.h"
#include "cart-api/janitor.h"
#include "cart-api/live_hub.h"
#include "io/pg_pool.h"
#include "cart-api/settings.h"
#include "cart-api/view_check.h"
#include "cart-api/view_links.h"
#include "cart-api/worker.h"
#include "eventstore/committer.h"
#include "eventstore/relay.h"
#include "http/auth.h"
#include "http/http.h"
#include "http/ops.h"

enum { APP_CHECKS = 3 };

struct app {
    const struct api_settings *settings;
    struct cart_limits limits;
    struct ip_ranges trusted_proxies;
    struct metrics *metrics;
    struct api_counters counters;
    _Atomic(struct committer *) committer; /* NULL until the store has been reached */
    _Atomic(struct relay *) relay;         /* as committer */
    struct pg_pool *readers;
    struct redis_endpoint *redis;  /* the workers' */
    struct view_links *view_links; /* the readers' */
    struct view_check view_check;
    struct live_hub *live;
    struct auth *auth;      /* NULL without keys of tokens */
    struct janitor janitor; /* its thread's */
    struct http_server *server;
    struct ops_check checks[APP_CHECKS];
    struct ops ops;
    char trouble[256]; /* why the store was not reached, as logged last; the main thread's */
};

/** Makes what needs no server and starts to listen. 0, or -1 with err; app_stop in both cases. */
int app_start(const struct api_settings *settings, struct app *app, struct error *err) WARN_UNUSED;

/** Called again and again by the main thread: connects what is not connected. -1: err is permanent,
 * give up. */
int app_tick(struct app *app, struct error *err) WARN_UNUSED;

/** Answers what is under way, finishes what was accepted, ends the threads, frees. */
void app_stop(struct app *app);

/** The connection to the store that each part makes for itself. */
struct pg_options app_pg_options(const struct api_settings *settings, const char *application_name);

#endif

/* The running daemon: what is started in which order, and ended in which.
 * Owner: cart-api. Thread: the main thread's, but for the checks and the lanes' callbacks.
 */
#include "cart-api/app.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "cart-api/cart_aggregate.h"
#include "cart-api/command_call.h"
#include "cart-api/janitor.h"
#include "cart-api/routes.h"
#include "io/redis_async.h"

enum { BODY_BYTES_MAX = 64 * 1024 };

struct pg_options app_pg_options(const struct api_settings *settings, const char *application_name)
{
    return (struct pg_options){
        .connection_string = settings->postgres_connection_string,
        .application_name = application_name,
        .connect_timeout_ms = (int)settings->postgres_connect_timeout_ms,
        .statement_timeout_ms = (int)settings->postgres_statement_timeout_ms,
    };
}

/* ---- readiness */

static bool store_ready(void *arg, char *why, size_t size)
{
    struct app *app = arg;
    struct committer *committer = atomic_load_explicit(&app->committer, memory_order_acquire);
    if (committer != NULL && committer_connected(committer))
        return true;
    snprintf(why, size, "%s",
             committer == NULL ? "The event store has not been reached yet."
                               : "A lane has lost the event store.");
    return false;
}

static bool relay_ready(void *arg, char *why, size_t size)
{
    struct app *app = arg;
    struct relay *relay = atomic_load_explicit(&app->relay, memory_order_acquire);
    if (relay != NULL)
        return relay_healthy(relay, why, size);
    snprintf(why, size, "The relay waits for the event store.");
    return false;
}

/* ---- start */

static int listen_http(struct app *app, struct error *err)
{
    const struct api_settings *settings = app->settings;
    struct http_options options = {
        .address = settings->http_address,
        .port = (int)settings->http_port,
        .share_port = settings->http_share_port,
        .workers = (int)settings->http_workers,
        .max_connections = (int)settings->http_connections_max,
        .request_timeout_ms = (int)settings->http_request_timeout_ms,
        .idle_timeout_ms = (int)settings->http_idle_timeout_ms,
        .max_body_bytes = BODY_BYTES_MAX,
        .drain_timeout_ms = (int)settings->drain_timeout_ms,
        .routes = api_routes,
        .route_count = api_route_count,
        .context = app,
        .metrics = app->metrics,
        .auth = app->auth,
        .limits = &settings->limits,
        .trusted_proxies = &app->trusted_proxies,
        .ops = &app->ops,
        .on_worker_start = worker_start,
        .on_worker_stop = worker_stop,
    };
    app->checks[0] = (struct ops_check){"event_store", store_ready, app};
    app->checks[1] = (struct ops_check){"relay", relay_ready, app};
    app->checks[2] = (struct ops_check){"auth_keys", auth_ready, app->auth};
    app->ops = (struct ops){app->metrics, app->checks, ARRAY_SIZE(app->checks)};
    return http_server_start(&options, err, &app->server);
}

int app_start(const struct api_settings *settings, struct app *app, struct error *err)
{
    *app = (struct app){.settings = settings};
    app->limits = (struct cart_limits){
        .default_currency = settings->default_currency,
        .quantity_max = (int32_t)settings->quantity_max,
        .lines_max = (int32_t)settings->lines_max,
    };
    app->metrics = metrics_new();
    api_counters_add(app->metrics, &app->counters);
    app->view_check.app = app;
    view_trust_init(&app->view_check.trust, category_cart.partitions);
    if (ip_ranges_parse(settings->trusted_proxies, err, &app->trusted_proxies) != 0 ||
        redis_endpoint_new(settings->redis_connection_string, err, &app->redis) != 0 ||
        view_links_new(settings->redis_connection_string, (int)settings->readers, err,
                       &app->view_links) != 0 ||
        auth_open(&settings->auth, app->metrics, err, &app->auth) != 0)
        return -1;
    struct error unresolved; /* views are folded until the name is known */
    if (redis_endpoint_resolve(app->redis, &unresolved) != 0)
        log_warning("Redis not found", LOG_TEXT("reason", unresolved.message));
    struct pg_pool_options readers = {
        .pg = app_pg_options(settings, "cart-api reader"),
        .threads = (int)settings->readers,
        .queue_capacity = (size_t)settings->reader_queue_capacity,
        .chore = janitor_work,
        .context = app,
    };
    app->readers = pg_pool_start(&readers);
    app->live = live_hub_start(app);
    return listen_http(app, err);
}

static void appended(void *context, struct appended *events)
{
    struct app *app = context;
    struct relay *relay = atomic_load_explicit(&app->relay, memory_order_acquire);
    if (relay != NULL)
        relay_offer(relay, events);
    else
        free(events);
}

static int start_relay(struct app *app, struct error *err)
{
    const struct api_settings *settings = app->settings;
    struct relay_options options = {
        .category = &category_cart,
        .inspect = cart_inspect,
        .pg = app_pg_options(settings, "cart-api relay"),
        .kafka_bootstrap_servers = settings->kafka_bootstrap_servers,
        .lease_ttl_ms = (int)settings->relay_lease_ttl_ms,
        .poll_ms = (int)settings->relay_poll_ms,
        .metrics = app->metrics,
    };
    struct relay *relay;
    if (relay_start(&options, err, &relay) != 0)
        return -1;
    atomic_store_explicit(&app->relay, relay, memory_order_release);
    return 0;
}

static int start_committer(struct app *app, struct error *err)
{
    const struct api_settings *settings = app->settings;
    struct committer_options options = {
        .category = &category_cart,
        .aggregate = &cart_aggregate,
        .pg = app_pg_options(settings, "cart-api lane"),
        .lanes = (int)settings->lanes,
        .queue_capacity = (size_t)settings->queue_capacity,
        .batch_max = (int)settings->batch_max,
        .cache_bytes = (size_t)settings->cache_bytes,
        .snapshot_interval = (int)settings->snapshot_interval,
        .commit_timeout_ms = (int)settings->commit_timeout_ms,
        .metrics = app->metrics,
        .done = command_call_done,
        .appended = appended,
        .context = app,
    };
    struct committer *committer;
    if (committer_start(&options, err, &committer) != 0)
        return -1;
    atomic_store_explicit(&app->committer, committer, memory_order_release);
    return 0;
}

/** The same trouble every second is one story: told when it changes. */
static void report_trouble(struct app *app, const char *reason)
{
    if (strcmp(app->trouble, reason) == 0)
        return;
    snprintf(app->trouble, sizeof(app->trouble), "%s", reason);
    log_warning("event store not reached, trying on", LOG_TEXT("reason", reason));
}

int app_tick(struct app *app, struct error *err)
{
    struct error failure;
    if (redis_endpoint_resolve(app->redis, &failure) != 0)
        log_debug("Redis not found", LOG_TEXT("reason", failure.message));
    if (atomic_load(&app->committer) != NULL)
        return 0;
    /* First the committer: it checks that the store is one that this binary may touch. */
    if (start_committer(app, &failure) == 0) {
        log_info("event store reached");
        return start_relay(app, err);
    }
    if (failure.kind == ERROR_PERMANENT) {
        *err = failure;
        return -1;
    }
    report_trouble(app, failure.message);
    return 0;
}

void app_stop(struct app *app)
{
    http_server_stop(app->server); /* answers what is under way: lanes and readers still work */
    pg_pool_stop(app->readers);    /* before the committer: the janitor gives it commands */
    committer_stop(atomic_load(&app->committer));
    live_hub_stop(app->live);
    relay_stop(atomic_load(&app->relay)); /* last: it publishes what the lanes have appended */
    view_links_free(app->view_links);
    view_trust_free(&app->view_check.trust);
    redis_endpoint_free(app->redis);
    auth_close(app->auth);
    metrics_free(app->metrics);
}

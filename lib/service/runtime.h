/* What the parts of the skeleton share; no service includes it.
 * Owner: lib/service. Thread: the service's.
 */
#ifndef CARTWRIGHT_SERVICE_RUNTIME_H
#define CARTWRIGHT_SERVICE_RUNTIME_H

#include "http/auth.h"
#include "io/pg_pool.h"
#include "service/batch.h"
#include "service/counters.h"
#include "service/feed.h"
#include "service/health.h"
#include "service/log_limit.h"
#include "service/service.h"
#include "service/signals.h"
#include "service/store.h"

struct service_runtime {
    const struct service *service;
    void *state; /* the service's own */
    void *settings;
    const struct service_settings *common; /* the same memory */
    struct setting_table table;
    const char *config_file;
    struct signals signals;
    struct metrics *metrics;
    struct counters counters;
    struct health health;
    size_t condition_kafka, condition_postgres, condition_own;
    struct store store;
    struct ip_ranges trusted_proxies;
    struct auth *auth;     /* NULL without keys of tokens */
    struct pg_pool *calls; /* NULL when the service has no routes */
    struct log_limit troubles, rejections;
    struct feed feeds[SERVICE_CATEGORIES_MAX];
    size_t feed_count;
    struct batch batch;
    int64_t tick_us, watch_us; /* when the service's and the skeleton's periodic work is due */
    int64_t starting_us;       /* until then it is looked often whether all is ready; 0: it was */
    bool refused;              /* must end with code 1: the store is not ours to use */
};

/** Logs a warning about something that will be tried again, unless it was just said. */
void runtime_trouble(struct service_runtime *runtime, const char *what, const struct error *err);

/** Every partition asks load_position again. */
void runtime_reload(struct service_runtime *runtime);

/** loop.c: until a drain is asked for. */
void loop_run(struct service_runtime *runtime);

#endif

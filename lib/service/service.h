/* A service: something that reacts to every event of one or more categories, in order, exactly once
 * by position. It is a const descriptor that service_run() drives. Owner: lib/service. Thread: all
 * callbacks run on the service's one thread; only readiness and metrics are read by others.
 *
 * Anatomy of a turn: poll what is there (never waiting for more) -> position check per event ->
 * prefetch(batch) -> handle(event) one by one -> rejected ones to the dead letter topic, confirmed
 * -> flush(positions) -> Kafka offsets. Nothing before flush is believed to have happened: a crash
 * or a RETRY at any place repeats the events since the last flush.
 */
#ifndef CARTWRIGHT_SERVICE_SERVICE_H
#define CARTWRIGHT_SERVICE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "base/error.h"
#include "base/metrics.h"
#include "eventstore/category.h"
#include "eventstore/event_record.h"
#include "eventstore/migrations.h"
#include "http/auth_settings.h"
#include "http/limits.h"
#include "http/http.h"
#include "io/pg.h"

struct service_runtime; /* the skeleton, as callbacks see it */

enum service_outcome {
    SERVICE_HANDLED,
    /* Not now (err says why): the partition pauses, then the same event comes again, with back-off.
     */
    SERVICE_RETRY,
    /* Never (err says why): to the dead letter topic. */
    SERVICE_REJECT,
    /* The effect is not where we believed: everything not flushed is discarded, and load_position
     * is asked again for each partition. From flush and tick. */
    SERVICE_RELOAD,
};

/** How far a partition is. */
struct service_position {
    const struct category *category;
    int partition;
    int64_t position; /* of the last event whose effect is there; 0: none */
    int64_t offset;   /* where in the topic to go on; -1: not known */
};

/** Settings that every service has; the first member of its settings struct. */
struct service_settings {
    char *http_address, *log_level;
    char *postgres_connection_string, *postgres_admin_connection_string;
    char *kafka_bootstrap_servers, *kafka_group_id, *kafka_instance_id;
    bool http_share_port;
    int64_t http_port, batch_max, retry_max_ms, drain_timeout_ms, call_threads;
    char *trusted_proxies;
    struct auth_settings auth;
    struct limit_settings limits;
};

/** A verb on the command line, such as --rebuild: runs instead of the service; its exit code.
 * Settings are loaded and checked, the log is set up. */
struct service_verb {
    const char *name; /* "--rebuild" */
    const char *help;
    int (*run)(const void *settings);
    /* A verb with arguments has these two instead of run: what they are, for --help, and who takes
     * all that follows the verb on the command line. */
    const char *arguments;
    int (*run_with)(const void *settings, int argc, char **argv);
};

enum { SERVICE_CATEGORIES_MAX = 4, SERVICE_CONDITIONS_MAX = 4 };

struct service {
    const char *name;    /* "denormalizer": also the default consumer group */
    const char *summary; /* one line for --help */
    const char *http_port;
    const struct category
        *categories[SERVICE_CATEGORIES_MAX]; /* what it reads; NULL-terminated if fewer */
    /* How long the broker may collect records before it hands them over: each answer costs the
     * broker and each flush costs the store about the same for one event as for many. 0: each at
     * once. */
    int collect_ms;

    const struct setting *settings; /* its own, beside struct service_settings' */
    size_t setting_count, settings_size;
    const struct service_verb *verbs;
    size_t verb_count;
    /* Conditions of /readyz beside the skeleton's (kafka, postgres); service_condition sets them.
     */
    const char *conditions[SERVICE_CONDITIONS_MAX];
    /* Its own tables beside the store's, or NULL: --migrate applies them, without them it does not
     * start. */
    const struct migration_set *schema;
    /* Its own HTTP calls (service/call.h), or NULL. Their context is the service's state. */
    const struct http_route *routes;
    size_t route_count;

    /** Judges settings beyond what the table can: -1 with one line that says what to do. May be
     * NULL. */
    int (*check)(const void *settings, struct error *err);
    /** Makes the state. Must not need a server: they may be away for now. */
    int (*open)(struct service_runtime *runtime, struct error *err, void **ret_state);
    /** The durable position of the effect. HANDLED, or RETRY while it cannot be told. */
    enum service_outcome (*load_position)(void *state, const struct category *category,
                                          int partition, struct error *err,
                                          struct service_position *ret_position);
    /** Whether these bytes are an event at all, whatever their position; -1: to the dead letter
     * topic. Pure; asked only for events that do not follow the last one. */
    int (*inspect)(void *state, const struct category *category, const struct event_record *event,
                   struct error *err);
    /** What handle will be asked next, so that it can be fetched in one go. A failure is kept for
     * handle. Events stay valid until flush or discard returned. May be NULL. */
    void (*prefetch)(void *state, const struct category *category,
                     const struct event_record *const *events, size_t count);
    /** One event, in order within its partition. HANDLED, RETRY or REJECT. */
    enum service_outcome (*handle)(void *state, const struct category *category,
                                   const struct event_record *event, struct error *err);
    /** Makes durable what was handled since the last flush, and with it the positions. HANDLED,
     * RETRY (discard follows) or RELOAD (discard follows). */
    enum service_outcome (*flush)(void *state, const struct service_position *positions,
                                  size_t count, struct error *err);
    /** Forgets what was handled and not flushed: those events come again. */
    void (*discard)(void *state);
    /** About each second, or after *ret_again_ms if it sets that. HANDLED or RELOAD. May be NULL.
     */
    enum service_outcome (*tick)(void *state, int *ret_again_ms);
    /** SIGHUP: the new settings are good; copy what may change. May be NULL. */
    void (*reload)(void *state, const void *settings);
    void (*close)(void *state);
};

/** The whole main(): command line, settings, signals, HTTP, the loop, drain. Its exit code. */
int service_run(const struct service *service, int argc, char **argv);

/* ---- what callbacks may ask */

const void *service_settings(const struct service_runtime *runtime);
struct metrics *service_metrics(struct service_runtime *runtime);

/** A usable connection to the event store, shared by the service's callbacks and the skeleton;
 * retriable error while there is none (it is tried again with back-off, so this is cheap to ask).
 */
int service_store(struct service_runtime *runtime, struct error *err,
                  struct pg **ret_pg) WARN_UNUSED;

/** How threads of the service connect to the store. */
struct pg_options service_pg_options(const struct service_runtime *runtime);

/** Sets a condition of the descriptor; why is for an operator, when not ok. */
void service_condition(struct service_runtime *runtime, size_t index, bool ok, const char *why);

/** Says something that will be tried again in the log, unless that was just said. */
void service_trouble(struct service_runtime *runtime, const char *what, const struct error *err);

#endif

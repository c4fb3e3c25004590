/* service_run: the main() of every service, as a list.
 * Owner: lib/service. Thread: the service's.
 */
#include "service/service.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "eventstore/migrate.h"
#include "http/http.h"
#include "io/kafka_end.h"
#include "service/command_line.h"
#include "service/runtime.h"
#include "service/settings.h"

enum {
    HTTP_CONNECTIONS_MAX = 64,
    HTTP_REQUEST_TIMEOUT_MS = 2000,
    HTTP_IDLE_TIMEOUT_MS = 30000,
    HTTP_BODY_MAX = 1024,
    HTTP_DRAIN_TIMEOUT_MS = 500,
    /* of a service with calls of its own */
    CALL_CONNECTIONS_MAX = 1024,
    CALL_REQUEST_TIMEOUT_MS = 10000,
    CALL_BODY_MAX = 64 * 1024,
    CALL_QUEUE = 256,
};

const void *service_settings(const struct service_runtime *runtime)
{
    return runtime->settings;
}

struct metrics *service_metrics(struct service_runtime *runtime)
{
    return runtime->metrics;
}

int service_store(struct service_runtime *runtime, struct error *err, struct pg **ret_pg)
{
    return store_use(&runtime->store, err, ret_pg);
}

struct pg_options service_pg_options(const struct service_runtime *runtime)
{
    return runtime->store.options;
}

void service_trouble(struct service_runtime *runtime, const char *what, const struct error *err)
{
    runtime_trouble(runtime, what, err);
}

void service_condition(struct service_runtime *runtime, size_t index, bool ok, const char *why)
{
    struct error err;
    bool changed = health_set(&runtime->health, runtime->condition_own + index, ok, why);
    if (ok && changed)
        log_info("ready", LOG_TEXT("what", runtime->service->conditions[index]));
    if (ok)
        return;
    error_set(&err, ERROR_RETRIABLE, "%s", why);
    runtime_trouble(runtime, runtime->service->conditions[index], &err);
}

static void init_parts(struct service_runtime *runtime)
{
    const struct service *service = runtime->service;
    runtime->metrics = metrics_new();
    counters_init(&runtime->counters, service, runtime->metrics);
    health_init(&runtime->health);
    runtime->condition_kafka = health_add(&runtime->health, "kafka");
    runtime->condition_postgres = health_add(&runtime->health, "postgres");
    runtime->condition_own = runtime->health.count;
    for (size_t i = 0; i < SERVICE_CONDITIONS_MAX && service->conditions[i] != NULL; i++)
        health_add(&runtime->health, service->conditions[i]);
    runtime->store.options = (struct pg_options){
        .connection_string = runtime->common->postgres_connection_string,
        .application_name = service->name,
        .connect_timeout_ms = STORE_CONNECT_TIMEOUT_MS,
        .statement_timeout_ms = STORE_TIMEOUT_MS,
    };
    runtime->store.own = service->schema;
    unsigned series = 0;
    for (size_t i = 0; i < SERVICE_CATEGORIES_MAX && service->categories[i] != NULL; i++) {
        feed_init(&runtime->feeds[i], runtime, service->categories[i], series);
        series += (unsigned)service->categories[i]->partitions;
        runtime->feed_count++;
    }
}

static void free_parts(struct service_runtime *runtime)
{
    for (size_t i = 0; i < runtime->feed_count; i++)
        feed_free(&runtime->feeds[i]);
    batch_free(&runtime->batch);
    store_close(&runtime->store);
    health_destroy(&runtime->health);
    counters_free(&runtime->counters);
    metrics_free(runtime->metrics);
}

/* Ends the process at once when the Kafka client hangs: everything that must be durable is. */
static void close_feeds(struct service_runtime *runtime)
{
    int timeout_ms = (int)runtime->common->drain_timeout_ms / 2;
    for (size_t i = 0; i < runtime->feed_count; i++) {
        if (!feed_close(&runtime->feeds[i], timeout_ms)) {
            log_warning("the Kafka client does not close; ending without it");
            _exit(runtime->refused ? 1 : 0);
        }
    }
}

static int refuse(const struct error *err)
{
    log_error(err->message);
    return 1;
}

static struct http_options http_options_of(const struct service_runtime *runtime,
                                           const struct ops *ops)
{
    const struct service *service = runtime->service;
    bool calls = service->route_count > 0;
    return (struct http_options){
        .address = runtime->common->http_address,
        .port = (int)runtime->common->http_port,
        .share_port = runtime->common->http_share_port,
        .workers = 1,
        .max_connections = calls ? CALL_CONNECTIONS_MAX : HTTP_CONNECTIONS_MAX,
        .request_timeout_ms = calls ? CALL_REQUEST_TIMEOUT_MS : HTTP_REQUEST_TIMEOUT_MS,
        .idle_timeout_ms = HTTP_IDLE_TIMEOUT_MS,
        .max_body_bytes = calls ? CALL_BODY_MAX : HTTP_BODY_MAX,
        .drain_timeout_ms = HTTP_DRAIN_TIMEOUT_MS,
        .routes = service->routes,
        .route_count = service->route_count,
        .context = runtime->state,
        .metrics = runtime->metrics,
        .auth = runtime->auth,
        .limits = &runtime->common->limits,
        .trusted_proxies = &runtime->trusted_proxies,
        .ops = ops,
    };
}

static struct pg_pool *start_calls(const struct service_runtime *runtime)
{
    struct pg_pool_options options = {
        .pg = runtime->store.options,
        .threads = (int)runtime->common->call_threads,
        .queue_capacity = CALL_QUEUE,
    };
    return runtime->service->route_count > 0 ? pg_pool_start(&options) : NULL;
}

static int serve(struct service_runtime *runtime, const struct ops *ops)
{
    const struct service *service = runtime->service;
    struct error err;
    struct http_server *http;
    if (service->open(runtime, &err, &runtime->state) != 0)
        return refuse(&err);
    struct http_options options = http_options_of(runtime, ops);
    runtime->calls = start_calls(runtime);
    if (http_server_start(&options, &err, &http) != 0) {
        pg_pool_stop(runtime->calls);
        service->close(runtime->state);
        return refuse(&err);
    }
    log_info("started", LOG_TEXT("version", CARTWRIGHT_VERSION),
             LOG_TEXT("httpAddress", runtime->common->http_address),
             LOG_INT("httpPort", http_server_port(http)));
    loop_run(runtime);
    log_info("draining");
    close_feeds(runtime);
    http_server_stop(http); /* its calls need the service's state and the pool */
    pg_pool_stop(runtime->calls);
    service->close(runtime->state);
    log_info("stopped");
    return runtime->refused ? 1 : 0;
}

static int run(struct service_runtime *runtime)
{
    struct error err;
    signals_start(&runtime->signals, (int)runtime->common->drain_timeout_ms);
    init_parts(runtime);
    CHECK(ip_ranges_parse(runtime->common->trusted_proxies, &err, &runtime->trusted_proxies) == 0);
    if (auth_open(&runtime->common->auth, runtime->metrics, &err, &runtime->auth) != 0) {
        free_parts(runtime);
        return refuse(&err);
    }
    health_add_check(&runtime->health, (struct ops_check){"auth_keys", auth_ready, runtime->auth});
    struct ops ops = {runtime->metrics, runtime->health.checks, runtime->health.count};
    int code = serve(runtime, &ops);
    auth_close(runtime->auth);
    free_parts(runtime);
    return code;
}

static int migrate(const struct service_runtime *runtime)
{
    const struct service *service = runtime->service;
    struct pg_options options = {
        .connection_string = runtime->common->postgres_admin_connection_string,
        .application_name = service->name,
        .connect_timeout_ms = STORE_CONNECT_TIMEOUT_MS,
        .statement_timeout_ms = STORE_TIMEOUT_MS,
    };
    struct error err;
    struct pg *pg;
    int applied;
    if (service->schema == NULL) {
        printf("%s has no tables of its own\n", service->name);
        return 0;
    }
    if (options.connection_string[0] == '\0') {
        error_set(&err, ERROR_PERMANENT,
                  "postgres_admin_connection_string is empty; set it to the owner's libpq URI");
        return refuse(&err);
    }
    if (pg_open(&options, &err, &pg) != 0)
        return refuse(&err);
    int rc = component_migrate(pg, service->schema, &err, &applied);
    pg_close(pg);
    if (rc != 0)
        return refuse(&err);
    printf("schema of %s, %d migrations applied\n", service->name, applied);
    return 0;
}

static int run_command(struct service_runtime *runtime, const struct command_line *line)
{
    struct error err;
    enum log_level level;
    if (settings_load(runtime->service, &runtime->table, line->config_file, &err,
                      &runtime->settings) != 0)
        return refuse(&err);
    runtime->common = runtime->settings;
    CHECK(log_level_parse(runtime->common->log_level, &level) == 0);
    log_set_level(level);
    int code = 0;
    if (line->command == COMMAND_CHECK_CONFIG)
        printf("%s: the settings are good\n", runtime->service->name);
    else if (line->command == COMMAND_MIGRATE)
        code = migrate(runtime);
    else if (line->command == COMMAND_VERB)
        code = line->verb->arguments != NULL
                   ? line->verb->run_with(runtime->settings, line->argument_count, line->arguments)
                   : line->verb->run(runtime->settings);
    else
        code = run(runtime);
    settings_free(&runtime->table, runtime->settings);
    return code;
}

int service_run(const struct service *service, int argc, char **argv)
{
    struct error err;
    struct command_line line;
    int code = 0;
    signal(SIGPIPE, SIG_IGN);
    log_init(service->name, LOG_INFO);
    if (command_line_parse(service, argc, argv, &err, &line) != 0)
        return refuse(&err);
    /* Not on the stack: the thread that waits for signals outlives us by a moment. */
    static struct service_runtime runtime;
    runtime.service = service;
    runtime.table = settings_table_new(service);
    runtime.config_file = line.config_file;
    if (line.command == COMMAND_HELP)
        command_line_print_help(service, &runtime.table);
    else if (line.command == COMMAND_VERSION)
        printf("%s %s\n", service->name, CARTWRIGHT_VERSION);
    else
        code = run_command(&runtime, &line);
    settings_table_free(&runtime.table);
    return kafka_end_process(code);
}

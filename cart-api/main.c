/* cart-api: commands, views and history of carts over HTTP; the relay of their events.
 * Owner: cart-api. Thread: the main thread, which starts the others and waits for signals.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "cart-api/app.h"
#include "cart-api/verbs.h"
#include "io/kafka_end.h"

enum { TICK_MS = 1000, EXIT_USAGE = 2 };

struct arguments {
    const char *config_file; /* NULL: none */
    enum { SERVE, CHECK_CONFIG, MIGRATE, CREATE_TOPICS } verb;
};

static void print_help(void)
{
    printf("usage: cart-api [--config FILE] "
           "[--check-config | --migrate | --create-topics | --help | --version]\n\n"
           "Serves carts over HTTP: commands to the event store, views from Redis.\n\n"
           "  --config FILE     settings, `name = value` per line\n"
           "  --check-config    judge the settings and leave\n"
           "  --migrate         bring the database to this binary's schema and leave\n"
           "  --create-topics   make the Kafka topics that are missing and leave\n\n"
           "Signals: SIGTERM and SIGINT end it after what is under way; SIGHUP reads log_level "
           "and the keys of tokens again.\n\n");
    config_print_help(&api_settings_table);
}

/** -1: go on; else the exit code. */
static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            print_help();
            return EXIT_SUCCESS;
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("cart-api %s\n", CARTWRIGHT_VERSION);
            return EXIT_SUCCESS;
        }
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
            arguments->config_file = argv[++i];
        } else if (strcmp(argv[i], "--check-config") == 0) {
            arguments->verb = CHECK_CONFIG;
        } else if (strcmp(argv[i], "--migrate") == 0) {
            arguments->verb = MIGRATE;
        } else if (strcmp(argv[i], "--create-topics") == 0) {
            arguments->verb = CREATE_TOPICS;
        } else {
            fprintf(stderr, "cart-api: unknown argument %s; --help lists them\n", argv[i]);
            return EXIT_USAGE;
        }
    }
    return -1;
}

/* ---- serving */

static void block_signals(sigset_t *waited_for)
{
    sigemptyset(waited_for);
    sigaddset(waited_for, SIGTERM);
    sigaddset(waited_for, SIGINT);
    sigaddset(waited_for, SIGHUP);
    CHECK(pthread_sigmask(SIG_BLOCK, waited_for, NULL) == 0); /* inherited by all threads */
    signal(SIGPIPE, SIG_IGN);
}

static void reload(struct app *app, const char *config_file)
{
    struct api_settings settings = {0};
    struct error err;
    enum log_level level;
    auth_reload(app->auth);
    if (api_settings_load(config_file, &settings, &err) != 0) {
        log_error("settings not reloaded, the old ones stay", LOG_TEXT("reason", err.message));
    } else {
        CHECK(log_level_parse(settings.log_level, &level) == 0);
        log_set_level(level);
        log_info("log_level reloaded", LOG_TEXT("log_level", settings.log_level));
    }
    api_settings_free(&settings);
}

/** Until a signal ends it: 0, or -1 with err. */
static int run(struct app *app, const char *config_file, const sigset_t *signals, struct error *err)
{
    const struct timespec tick = {.tv_sec = TICK_MS / 1000, .tv_nsec = TICK_MS % 1000 * 1000000L};
    for (;;) {
        if (app_tick(app, err) != 0)
            return -1;
        int number = sigtimedwait(signals, NULL, &tick);
        if (number == SIGHUP)
            reload(app, config_file);
        else if (number == SIGTERM || number == SIGINT)
            return 0;
    }
}

static int serve(const struct api_settings *settings, const char *config_file, struct error *err)
{
    struct app app = {0};
    enum log_level level;
    sigset_t signals;
    if (api_settings_check(settings, err) != 0)
        return -1;
    CHECK(log_level_parse(settings->log_level, &level) == 0);
    log_init("cart-api", level);
    block_signals(&signals);
    int rc = app_start(settings, &app, err);
    if (rc == 0) {
        log_info("listening", LOG_TEXT("address", settings->http_address),
                 LOG_INT("port", settings->http_port));
        rc = run(&app, config_file, &signals, err);
        log_info(rc == 0 ? "stopping" : "giving up");
    }
    app_stop(&app);
    if (rc == 0)
        log_info("stopped");
    return rc;
}

static int run_verb(const struct arguments *arguments, const struct api_settings *settings,
                    struct error *err)
{
    switch (arguments->verb) {
    case SERVE:
        return serve(settings, arguments->config_file, err);
    case CHECK_CONFIG:
        if (api_settings_check(settings, err) != 0)
            return -1;
        printf("cart-api: the settings are fine\n");
        return 0;
    case MIGRATE:
        return verb_migrate(settings, err);
    case CREATE_TOPICS:
        return verb_create_topics(settings, err);
    }
    NOT_REACHED();
}

int main(int argc, char **argv)
{
    struct arguments arguments = {.verb = SERVE};
    struct api_settings settings = {0};
    struct error err;
    int rc = parse_arguments(argc, argv, &arguments);
    if (rc >= 0)
        return rc;
    rc = api_settings_load(arguments.config_file, &settings, &err);
    if (rc == 0)
        rc = run_verb(&arguments, &settings, &err);
    if (rc != 0)
        fprintf(stderr, "cart-api: %s\n", err.message);
    api_settings_free(&settings);
    return kafka_end_process(rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

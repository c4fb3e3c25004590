/* What the kafka_*.c files share: settings, errors, calls that may never return.
 * Owner: lib/io. Thread: any.
 */
#include "io/kafka_client.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/memory.h"
#include "io/kafka_end.h"

/* Calls on threads of their own that have not ended. Global, because whoever gave one up is gone
 * when main() returns, and only the process as a whole can ask. */
static atomic_int calls_running;

static int apply(rd_kafka_conf_t *conf, const struct kafka_property *properties, size_t count,
                 struct error *err)
{
    char reason[200];
    struct buf number = {0};
    for (size_t i = 0; i < count; i++) {
        const char *text = properties[i].text;
        if (text == NULL) {
            buf_clear(&number);
            buf_int(&number, properties[i].number);
            text = buf_cstr(&number);
        }
        if (rd_kafka_conf_set(conf, properties[i].name, text, reason, sizeof(reason)) !=
            RD_KAFKA_CONF_OK) {
            buf_free(&number);
            return error_set(err, ERROR_PERMANENT, "Kafka client setting %s: %s",
                             properties[i].name, reason);
        }
    }
    buf_free(&number);
    return 0;
}

/* Libraries do not log. What matters comes as an error as well. */
static void drop_log(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    (void)client;
    (void)level;
    (void)facility;
    (void)text;
}

int kafka_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, const char *bootstrap_servers,
                     const char *client_id, const struct kafka_property *properties, size_t count,
                     struct error *err, rd_kafka_t **ret_client)
{
    const struct kafka_property common[] = {
        {"bootstrap.servers", bootstrap_servers, 0},
        {"client.id", client_id, 0},
        {"socket.nagle.disable", "true", 0},
        {"socket.keepalive.enable", "true", 0},
        {"socket.timeout.ms", NULL, 10000},
        {"socket.connection.setup.timeout.ms", NULL, 5000},
        /* A broker that comes back is found within a second, and while it is away its absence is
         * reported as often: kafka_consumer_trouble counts on it. */
        {"reconnect.backoff.ms", NULL, 100},
        {"reconnect.backoff.max.ms", NULL, 1000},
        /* A topic that was made anew is noticed without waiting the default five minutes. */
        {"topic.metadata.refresh.interval.ms", NULL, 10000},
        {"log.connection.close", "false", 0},
        /* The largest record any of ours writes or reads, with room. */
        {"message.max.bytes", NULL, 4000000},
    };
    char reason[200];
    rd_kafka_conf_set_log_cb(conf, drop_log);
    if (apply(conf, common, ARRAY_SIZE(common), err) != 0 ||
        apply(conf, properties, count, err) != 0) {
        rd_kafka_conf_destroy(conf);
        return -1;
    }
    rd_kafka_t *client = rd_kafka_new(type, conf, reason, sizeof(reason));
    if (client == NULL) {
        rd_kafka_conf_destroy(conf);
        return error_set(err, ERROR_PERMANENT, "Kafka client: %s", reason);
    }
    *ret_client = client;
    return 0;
}

static enum error_kind kind_of(rd_kafka_resp_err_t code)
{
    static const rd_kafka_resp_err_t permanent[] = {
        RD_KAFKA_RESP_ERR__FATAL,
        RD_KAFKA_RESP_ERR__INVALID_ARG,
        RD_KAFKA_RESP_ERR__AUTHENTICATION,
        RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
        RD_KAFKA_RESP_ERR_INVALID_MSG,
        RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE,
        RD_KAFKA_RESP_ERR_INVALID_RECORD,
        RD_KAFKA_RESP_ERR_INVALID_CONFIG,
        RD_KAFKA_RESP_ERR_INVALID_PARTITIONS,
        RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR,
        RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT,
        RD_KAFKA_RESP_ERR_INVALID_GROUP_ID,
        RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
    };
    for (size_t i = 0; i < ARRAY_SIZE(permanent); i++) {
        if (permanent[i] == code)
            return ERROR_PERMANENT;
    }
    return ERROR_RETRIABLE;
}

int kafka_fail(struct error *err, rd_kafka_resp_err_t code, const char *what)
{
    return error_set(err, kind_of(code), "%s: %s", what, rd_kafka_err2str(code));
}

int kafka_fail_object(struct error *err, rd_kafka_error_t *error, const char *what)
{
    error_set(err, kind_of(rd_kafka_error_code(error)), "%s: %s", what,
              rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    return -1;
}

bool kafka_client_fatal(rd_kafka_t *client, struct error *err)
{
    char reason[200];
    if (rd_kafka_fatal_error(client, reason, sizeof(reason)) == RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    error_set(err, ERROR_PERMANENT, "Kafka client is fatal: %s", reason);
    return true;
}

void kafka_trouble_note(struct kafka_trouble *trouble, rd_kafka_resp_err_t code, const char *what)
{
    error_set(&trouble->error, kind_of(code), "%s: %s", rd_kafka_err2str(code), what);
    trouble->at_us = clock_monotonic_us();
}

/* A call on a thread of its own; freed by whichever of the two sides lets go last. */
struct bounded_call {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool done, abandoned;
    void (*run)(void *argument);
    void *argument;
};

static void bounded_free(struct bounded_call *call)
{
    pthread_mutex_destroy(&call->lock);
    pthread_cond_destroy(&call->ended);
    free(call);
}

static void *bounded_main(void *argument)
{
    struct bounded_call *call = argument;
    call->run(call->argument);
    pthread_mutex_lock(&call->lock);
    call->done = true;
    bool last = call->abandoned;
    atomic_fetch_sub(&calls_running, 1);
    pthread_cond_signal(&call->ended);
    pthread_mutex_unlock(&call->lock);
    if (last)
        bounded_free(call);
    return NULL;
}

static void start_detached(struct bounded_call *call)
{
    pthread_t thread;
    pthread_attr_t detached;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    /* Signals are the main thread's. */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    CHECK(pthread_create(&thread, &detached, bounded_main, call) == 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&detached);
}

bool kafka_run_bounded(void (*run)(void *argument), void *argument, int timeout_ms)
{
    struct bounded_call *call = mem_calloc(1, sizeof(*call));
    struct timespec deadline;
    pthread_condattr_t monotonic;
    call->run = run;
    call->argument = argument;
    pthread_mutex_init(&call->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&call->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    int64_t end_ns = deadline.tv_nsec + (int64_t)timeout_ms * 1000000;
    deadline.tv_sec += end_ns / 1000000000;
    deadline.tv_nsec = end_ns % 1000000000;

    atomic_fetch_add(&calls_running, 1);
    start_detached(call);
    pthread_mutex_lock(&call->lock);
    while (!call->done && pthread_cond_timedwait(&call->ended, &call->lock, &deadline) == 0)
        ;
    bool done = call->done;
    call->abandoned = !done;
    pthread_mutex_unlock(&call->lock);
    if (done)
        bounded_free(call);
    return done;
}

int kafka_end_process(int code)
{
    if (atomic_load(&calls_running) == 0)
        return code;
    fflush(NULL);
    _exit(code);
}

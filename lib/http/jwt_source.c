/* Where the keys of tokens come from, and how they stay fresh.
 * Owner: lib/http. Thread: run() and what it calls are the source's own thread's, the rest any.
 */
#include "http/jwt_source.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "io/http_client.h"

enum {
    FETCH_CONNECT_MS = 2000,
    FETCH_MS = 5000,
    MISSED_FILE_MS = 1000, /* between looks that unknown key ids cause */
    MISSED_URL_MS = 10000,
    RETRY_MIN_MS = 1000, /* after a failure, doubled up to the refresh time */
};

struct jwt_keyring {
    atomic_int references;
    uint64_t generation;
    struct jwt_keys *keys;
};

struct jwt_source {
    struct jwt_source_options options;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct jwt_keyring *ring; /* under lock; NULL before the first set */
    bool stopping, wanted;    /* under lock */
    int64_t tried_us;         /* under lock; when the keys were looked for last */
    _Atomic(uint64_t) generation;
    char trouble[256]; /* the thread's: why it failed, as logged last */
    struct metric *loads;
};

/* ---- reading a set */

static int read_all(int fd, struct buf *text, struct error *err)
{
    ssize_t n;
    do {
        buf_reserve(text, 4096);
        n = read(fd, text->data + text->len, 4096);
        if (n > 0)
            text->len += (size_t)n;
    } while ((n > 0 && text->len <= JWT_KEYS_BYTES_MAX) || (n < 0 && errno == EINTR));
    return n < 0 ? error_set(err, ERROR_PERMANENT, "cannot be read: %m") : 0;
}

static int parse_file(int fd, struct buf *text, struct error *err, struct jwt_keys **ret_keys)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return error_set(err, ERROR_PERMANENT, "not a regular file");
    if ((status.st_mode & S_IWOTH) != 0)
        return error_set(err, ERROR_PERMANENT,
                         "everybody can change this file, and so log in as anybody; chmod 600 it");
    struct jwt_keys *keys;
    if (read_all(fd, text, err) != 0 ||
        jwt_keys_parse(buf_slice(text), JWT_KEYS_FILE, err, &keys) != 0)
        return -1;
    if (jwt_keys_secret(keys) && (status.st_mode & S_IROTH) != 0) {
        jwt_keys_free(keys);
        return error_set(err, ERROR_PERMANENT,
                         "it holds a secret and others can read it; chmod 600 it");
    }
    *ret_keys = keys;
    return 0;
}

static int read_file(const char *path, struct error *err, struct jwt_keys **ret_keys)
{
    struct buf text = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set(err, ERROR_PERMANENT, "auth_keys_file %s: cannot be opened: %m", path);
    int rc = parse_file(fd, &text, err, ret_keys);
    close(fd);
    if (text.len > 0)
        explicit_bzero(text.data, text.len);
    buf_free(&text);
    return rc == 0 ? 0 : error_prefix(err, "auth_keys_file %s", path);
}

static int fetch(const char *url, struct error *err, struct jwt_keys **ret_keys)
{
    struct http_client_call call = {
        .method = "GET",
        .url = url,
        .headers = {"Accept: application/jwk-set+json, application/json"},
        .connect_timeout_ms = FETCH_CONNECT_MS,
        .timeout_ms = FETCH_MS,
        .answer_bytes_max = JWT_KEYS_BYTES_MAX,
    };
    struct http_client_answer answer;
    if (http_client_run(&call, err, &answer) != 0)
        return error_prefix(err, "auth_jwks_url");
    int rc = answer.status == 200
                 ? jwt_keys_parse(buf_slice(&answer.body), JWT_KEYS_URL, err, ret_keys)
                 : error_set(err, ERROR_RETRIABLE, "it answered %d", answer.status);
    http_client_answer_free(&answer);
    return rc == 0 ? 0 : error_prefix(err, "auth_jwks_url");
}

static int load(const struct jwt_source *source, struct error *err, struct jwt_keys **ret_keys)
{
    if (source->options.file[0] != '\0')
        return read_file(source->options.file, err, ret_keys);
    return fetch(source->options.url, err, ret_keys);
}

/* ---- handing it out */

void jwt_source_release(struct jwt_keyring *ring)
{
    if (ring == NULL || atomic_fetch_sub(&ring->references, 1) > 1)
        return;
    jwt_keys_free(ring->keys);
    free(ring);
}

const struct jwt_keys *jwt_source_take(struct jwt_source *source, struct jwt_keyring **ret_ring)
{
    pthread_mutex_lock(&source->lock);
    struct jwt_keyring *ring = source->ring;
    if (ring != NULL)
        atomic_fetch_add(&ring->references, 1);
    pthread_mutex_unlock(&source->lock);
    *ret_ring = ring;
    return ring != NULL ? ring->keys : NULL;
}

uint64_t jwt_source_generation(const struct jwt_source *source)
{
    return atomic_load_explicit(&source->generation, memory_order_acquire);
}

uint64_t jwt_keyring_generation(const struct jwt_keyring *ring)
{
    return ring->generation;
}

static void replace(struct jwt_source *source, struct jwt_keys *keys)
{
    struct jwt_keyring *ring = mem_calloc(1, sizeof(*ring)), *old;
    atomic_init(&ring->references, 1);
    ring->keys = keys;
    pthread_mutex_lock(&source->lock);
    old = source->ring;
    ring->generation = old != NULL ? old->generation + 1 : 1;
    source->ring = ring;
    atomic_store_explicit(&source->generation, ring->generation, memory_order_release);
    pthread_mutex_unlock(&source->lock);
    jwt_source_release(old);
}

/* ---- staying fresh */

void jwt_source_missed(struct jwt_source *source)
{
    int64_t pause_ms = source->options.file[0] != '\0' ? MISSED_FILE_MS : MISSED_URL_MS;
    pthread_mutex_lock(&source->lock);
    if (clock_monotonic_us() - source->tried_us >= pause_ms * 1000) {
        source->wanted = true;
        pthread_cond_signal(&source->wake);
    }
    pthread_mutex_unlock(&source->lock);
}

void jwt_source_reload(struct jwt_source *source)
{
    pthread_mutex_lock(&source->lock);
    source->wanted = true;
    pthread_cond_signal(&source->wake);
    pthread_mutex_unlock(&source->lock);
}

enum { LOADED, FAILED };

/** Looks for the keys once; the old ones stay when there are no new ones. */
static bool refresh(struct jwt_source *source)
{
    struct jwt_keys *keys = NULL;
    struct error err;
    bool loaded = load(source, &err, &keys) == 0;
    metric_add(source->loads, loaded ? LOADED : FAILED, 1);
    if (loaded) {
        if (source->trouble[0] != '\0' || jwt_source_generation(source) == 0)
            log_info("keys of tokens read", LOG_INT("keys", (int64_t)jwt_keys_count(keys)));
        source->trouble[0] = '\0';
        replace(source, keys);
    } else if (strcmp(source->trouble, err.message) != 0) {
        memcpy(source->trouble, err.message, sizeof(source->trouble));
        log_warning("keys of tokens not read, the old ones stay", LOG_TEXT("reason", err.message));
    }
    return loaded;
}

/** Until it is time, or somebody wants them; false: the source stops. */
static bool wait_for_turn(struct jwt_source *source, int64_t until_us)
{
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    pthread_mutex_lock(&source->lock);
    while (!source->stopping && !source->wanted &&
           pthread_cond_timedwait(&source->wake, &source->lock, &until) != ETIMEDOUT) {
    }
    bool go_on = !source->stopping;
    source->wanted = false;
    source->tried_us = clock_monotonic_us();
    pthread_mutex_unlock(&source->lock);
    return go_on;
}

static void *run(void *arg)
{
    struct jwt_source *source = arg;
    int64_t refresh_ms = source->options.refresh_s * 1000, retry_ms = RETRY_MIN_MS;
    int64_t pause_ms = jwt_source_generation(source) > 0 ? refresh_ms : 0;
    while (wait_for_turn(source, clock_monotonic_us() + pause_ms * 1000)) {
        if (refresh(source)) {
            pause_ms = refresh_ms;
            retry_ms = RETRY_MIN_MS;
        } else {
            pause_ms = retry_ms < refresh_ms ? retry_ms : refresh_ms;
            retry_ms = pause_ms * 2;
        }
    }
    return NULL;
}

/* ---- open and close */

static void add_metrics(struct jwt_source *source)
{
    static const char *const outcomes[] = {[LOADED] = "loaded", [FAILED] = "failed"};
    static const struct metric_spec loads = {
        .name = "cartwright_auth_key_loads_total",
        .help = "Times that the keys of tokens were looked for, by outcome",
        .type = METRIC_COUNTER,
        .label = "outcome",
        .series = ARRAY_SIZE(outcomes),
        .label_values = outcomes,
    };
    if (source->options.metrics != NULL)
        source->loads = metrics_add(source->options.metrics, &loads);
}

int jwt_source_open(const struct jwt_source_options *options, struct error *err,
                    struct jwt_source **ret_source)
{
    struct jwt_keys *keys = NULL;
    pthread_condattr_t monotonic;
    if (options->file[0] != '\0' && read_file(options->file, err, &keys) != 0)
        return -1;
    struct jwt_source *source = mem_calloc(1, sizeof(*source));
    source->options = *options;
    add_metrics(source);
    CHECK(pthread_mutex_init(&source->lock, NULL) == 0 && pthread_condattr_init(&monotonic) == 0 &&
          pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
          pthread_cond_init(&source->wake, &monotonic) == 0);
    pthread_condattr_destroy(&monotonic);
    if (keys != NULL)
        replace(source, keys);
    CHECK(pthread_create(&source->thread, NULL, run, source) == 0);
    *ret_source = source;
    return 0;
}

void jwt_source_close(struct jwt_source *source)
{
    if (source == NULL)
        return;
    pthread_mutex_lock(&source->lock);
    source->stopping = true;
    pthread_cond_signal(&source->wake);
    pthread_mutex_unlock(&source->lock);
    pthread_join(source->thread, NULL); /* a fetch under way ends by its own time-out */
    jwt_source_release(source->ring);
    pthread_cond_destroy(&source->wake);
    pthread_mutex_destroy(&source->lock);
    free(source);
}

/* A bounded pool of threads that read the event store, each with its own connection.
 * Owner: cart-api. Thread: see each function.
 */
#include "cart-api/readers.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

enum { CONNECT_PAUSE_US = 250000, CHORE_PAUSE_MS = 1000 };

struct reader {
    struct readers *readers;
    pthread_t thread;
    struct pg *pg;
    int64_t connect_after_us; /* no try before: jobs fail at once while the server is away */
    struct error connect_error;
    int64_t chore_at_us; /* INT64_MAX: none */
};

/* base/queue.h has one taker; here there are many. */
struct readers {
    struct readers_options options;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct queue_node *first, **last;
    size_t length;
    bool closed;
    struct reader threads[];
};

static void wait_filled(struct readers *readers, int64_t until_us)
{
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    if (until_us == INT64_MAX)
        pthread_cond_wait(&readers->filled, &readers->lock);
    else
        pthread_cond_timedwait(&readers->filled, &readers->lock, &until);
}

/** The next job; NULL when until_us has passed, or when all is done and the pool stops. */
static struct reader_job *take_job(struct readers *readers, int64_t until_us, bool *ret_closed)
{
    pthread_mutex_lock(&readers->lock);
    while (readers->first == NULL && !readers->closed && clock_monotonic_us() < until_us)
        wait_filled(readers, until_us);
    struct queue_node *node = readers->first;
    if (node != NULL) {
        readers->first = node->next;
        readers->length--;
        if (readers->first == NULL)
            readers->last = &readers->first;
    }
    *ret_closed = readers->closed;
    pthread_mutex_unlock(&readers->lock);
    return node != NULL ? CONTAINER_OF(node, struct reader_job, node) : NULL;
}

/** Makes the connection usable or explains why not. */
static int connect_reader(struct reader *reader, struct error *err)
{
    if (reader->pg != NULL && pg_usable(reader->pg))
        return 0;
    pg_close(reader->pg);
    reader->pg = NULL;
    if (clock_monotonic_us() < reader->connect_after_us) {
        *err = reader->connect_error;
        return -1;
    }
    if (pg_open(&reader->readers->options.pg, err, &reader->pg) == 0)
        return 0;
    reader->connect_error = *err;
    reader->connect_after_us = clock_monotonic_us() + CONNECT_PAUSE_US;
    return -1;
}

static int try_job(struct reader *reader, struct reader_job *job, struct error *err)
{
    if (connect_reader(reader, err) != 0)
        return -1;
    return job->run(job, reader->pg, err);
}

static void run_job(struct reader *reader, struct reader_job *job)
{
    struct error err;
    int rc;
    if (clock_monotonic_us() > job->deadline_us) {
        rc = error_set(&err, ERROR_RETRIABLE, "waited too long for a reader");
    } else {
        bool was_connected = reader->pg != NULL;
        rc = try_job(reader, job, &err);
        /* A connection that died while it was idle says so only when it is used. */
        if (rc != 0 && was_connected && !(reader->pg != NULL && pg_usable(reader->pg)))
            rc = try_job(reader, job, &err);
    }
    job->done(job, rc == 0 ? NULL : &err);
}

static void run_chore(struct reader *reader)
{
    struct error err;
    int pause_ms = CHORE_PAUSE_MS;
    if (connect_reader(reader, &err) == 0)
        pause_ms = reader->readers->options.chore(reader->readers->options.context, reader->pg);
    reader->chore_at_us = clock_monotonic_us() + pause_ms * (int64_t)1000;
}

static void *reader_main(void *arg)
{
    struct reader *reader = arg;
    for (bool closed = false;;) {
        struct reader_job *job = take_job(reader->readers, reader->chore_at_us, &closed);
        if (job != NULL)
            run_job(reader, job);
        else if (closed)
            break;
        if (!closed && clock_monotonic_us() >= reader->chore_at_us)
            run_chore(reader);
    }
    pg_close(reader->pg);
    return NULL;
}

static void init_queue(struct readers *readers)
{
    pthread_condattr_t attributes;
    readers->last = &readers->first;
    CHECK(pthread_mutex_init(&readers->lock, NULL) == 0);
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&readers->filled, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
}

struct readers *readers_start(const struct readers_options *options)
{
    size_t count = (size_t)options->threads;
    struct readers *readers = mem_calloc(1, sizeof(*readers) + count * sizeof(readers->threads[0]));
    readers->options = *options;
    init_queue(readers);
    for (size_t i = 0; i < count; i++) {
        struct reader *reader = &readers->threads[i];
        reader->readers = readers;
        reader->chore_at_us = i == 0 && options->chore != NULL ? clock_monotonic_us() : INT64_MAX;
        CHECK(pthread_create(&reader->thread, NULL, reader_main, reader) == 0);
    }
    return readers;
}

bool readers_submit(struct readers *readers, struct reader_job *job)
{
    pthread_mutex_lock(&readers->lock);
    bool accepted = !readers->closed && readers->length < readers->options.queue_capacity;
    if (accepted) {
        job->node.next = NULL;
        *readers->last = &job->node;
        readers->last = &job->node.next;
        readers->length++;
        pthread_cond_signal(&readers->filled);
    }
    pthread_mutex_unlock(&readers->lock);
    return accepted;
}

void readers_stop(struct readers *readers)
{
    if (readers == NULL)
        return;
    pthread_mutex_lock(&readers->lock);
    readers->closed = true;
    pthread_cond_broadcast(&readers->filled);
    pthread_mutex_unlock(&readers->lock);
    for (int i = 0; i < readers->options.threads; i++)
        CHECK(pthread_join(readers->threads[i].thread, NULL) == 0);
    pthread_cond_destroy(&readers->filled);
    pthread_mutex_destroy(&readers->lock);
    free(readers);
}

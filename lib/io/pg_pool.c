/* A bounded pool of threads with a connection each, for statements off the event loops.
 * Owner: lib/io. Thread: see each function.
 */
#include "io/pg_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"

enum { CONNECT_PAUSE_US = 250000, CHORE_PAUSE_MS = 1000 };

struct pool_member {
    struct pg_pool *pool;
    pthread_t thread;
    struct pg *pg;
    int64_t connect_after_us; /* no try before: jobs fail at once while the server is away */
    struct error connect_error;
    int64_t chore_at_us; /* INT64_MAX: none */
};

/* base/queue.h has one taker; here there are many. */
struct pg_pool {
    struct pg_pool_options options;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct queue_node *first, **last;
    size_t length;
    bool closed;
    struct pool_member threads[];
};

static void wait_filled(struct pg_pool *pool, int64_t until_us)
{
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    if (until_us == INT64_MAX)
        pthread_cond_wait(&pool->filled, &pool->lock);
    else
        pthread_cond_timedwait(&pool->filled, &pool->lock, &until);
}

/** The next job; NULL when until_us has passed, or when all is done and the pool stops. */
static struct pg_job *take_job(struct pg_pool *pool, int64_t until_us, bool *ret_closed)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->first == NULL && !pool->closed && clock_monotonic_us() < until_us)
        wait_filled(pool, until_us);
    struct queue_node *node = pool->first;
    if (node != NULL) {
        pool->first = node->next;
        pool->length--;
        if (pool->first == NULL)
            pool->last = &pool->first;
    }
    *ret_closed = pool->closed;
    pthread_mutex_unlock(&pool->lock);
    return node != NULL ? CONTAINER_OF(node, struct pg_job, node) : NULL;
}

/** Makes the connection usable or explains why not. */
static int connect_member(struct pool_member *member, struct error *err)
{
    if (member->pg != NULL && pg_usable(member->pg))
        return 0;
    pg_close(member->pg);
    member->pg = NULL;
    if (clock_monotonic_us() < member->connect_after_us) {
        *err = member->connect_error;
        return -1;
    }
    if (pg_open(&member->pool->options.pg, err, &member->pg) == 0)
        return 0;
    member->connect_error = *err;
    member->connect_after_us = clock_monotonic_us() + CONNECT_PAUSE_US;
    return -1;
}

static int try_job(struct pool_member *member, struct pg_job *job, struct error *err)
{
    if (connect_member(member, err) != 0)
        return -1;
    return job->run(job, member->pg, err);
}

static void run_job(struct pool_member *member, struct pg_job *job)
{
    struct error err;
    int rc;
    if (clock_monotonic_us() > job->deadline_us) {
        rc = error_set(&err, ERROR_RETRIABLE, "waited too long for a connection");
    } else {
        bool was_connected = member->pg != NULL;
        rc = try_job(member, job, &err);
        /* A connection that died while it was idle says so only when it is used. */
        if (rc != 0 && was_connected && !(member->pg != NULL && pg_usable(member->pg)))
            rc = try_job(member, job, &err);
    }
    job->done(job, rc == 0 ? NULL : &err);
}

static void run_chore(struct pool_member *member)
{
    struct error err;
    int pause_ms = CHORE_PAUSE_MS;
    if (connect_member(member, &err) == 0)
        pause_ms = member->pool->options.chore(member->pool->options.context, member->pg);
    member->chore_at_us = clock_monotonic_us() + pause_ms * (int64_t)1000;
}

static void *member_main(void *arg)
{
    struct pool_member *member = arg;
    for (bool closed = false;;) {
        struct pg_job *job = take_job(member->pool, member->chore_at_us, &closed);
        if (job != NULL)
            run_job(member, job);
        else if (closed)
            break;
        if (!closed && clock_monotonic_us() >= member->chore_at_us)
            run_chore(member);
    }
    pg_close(member->pg);
    return NULL;
}

static void init_queue(struct pg_pool *pool)
{
    pthread_condattr_t attributes;
    pool->last = &pool->first;
    CHECK(pthread_mutex_init(&pool->lock, NULL) == 0);
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&pool->filled, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
}

struct pg_pool *pg_pool_start(const struct pg_pool_options *options)
{
    size_t count = (size_t)options->threads;
    struct pg_pool *pool = mem_calloc(1, sizeof(*pool) + count * sizeof(pool->threads[0]));
    pool->options = *options;
    init_queue(pool);
    for (size_t i = 0; i < count; i++) {
        struct pool_member *member = &pool->threads[i];
        member->pool = pool;
        member->chore_at_us = i == 0 && options->chore != NULL ? clock_monotonic_us() : INT64_MAX;
        CHECK(pthread_create(&member->thread, NULL, member_main, member) == 0);
    }
    return pool;
}

bool pg_pool_submit(struct pg_pool *pool, struct pg_job *job)
{
    pthread_mutex_lock(&pool->lock);
    bool accepted = !pool->closed && pool->length < pool->options.queue_capacity;
    if (accepted) {
        job->node.next = NULL;
        *pool->last = &job->node;
        pool->last = &job->node.next;
        pool->length++;
        pthread_cond_signal(&pool->filled);
    }
    pthread_mutex_unlock(&pool->lock);
    return accepted;
}

void pg_pool_stop(struct pg_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->closed = true;
    pthread_cond_broadcast(&pool->filled);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->options.threads; i++)
        CHECK(pthread_join(pool->threads[i].thread, NULL) == 0);
    pthread_cond_destroy(&pool->filled);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

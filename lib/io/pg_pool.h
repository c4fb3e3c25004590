/* A bounded pool of threads with a connection each, for statements off the event loops.
 * Owner: lib/io. Thread: pg_pool_submit from any; jobs run on the pool's threads.
 */
#ifndef CARTWRIGHT_IO_PG_POOL_H
#define CARTWRIGHT_IO_PG_POOL_H

#include "base/error.h"
#include "base/queue.h"
#include "io/pg.h"

/** Embedded in what is to be done. */
struct pg_job {
    struct queue_node node;
    int64_t deadline_us; /* monotonic; a job not begun by then fails */
    /* Works; 0, or -1 with err. Called once more on a new connection when this one was lost, so it
     * starts by forgetting what it has. */
    int (*run)(struct pg_job *job, struct pg *pg, struct error *err);
    /* Takes the job back; err is NULL when run succeeded. */
    void (*done)(struct pg_job *job, const struct error *err);
};

struct pg_pool_options {
    struct pg_options pg;
    int threads;
    size_t queue_capacity;
    /* A chore for the first thread between jobs: returns in how many ms it wants to be called
     * again. */
    int (*chore)(void *context, struct pg *pg);
    void *context;
};

struct pg_pool;

struct pg_pool *pg_pool_start(const struct pg_pool_options *options);

/** False when too many jobs wait or the pool stops (the caller keeps the job). */
bool pg_pool_submit(struct pg_pool *pool, struct pg_job *job) WARN_UNUSED;

/** Finishes what was submitted, joins, frees. NULL is fine. */
void pg_pool_stop(struct pg_pool *pool);

#endif

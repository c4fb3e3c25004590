/* A bounded pool of threads that read the event store, each with its own connection.
 * Owner: cart-api. Thread: readers_submit from any; jobs run on the pool's threads.
 */
#ifndef CARTWRIGHT_CART_API_READERS_H
#define CARTWRIGHT_CART_API_READERS_H

#include "base/error.h"
#include "base/queue.h"
#include "io/pg.h"

/** Embedded in what is to be read. */
struct reader_job {
    struct queue_node node;
    int64_t deadline_us; /* monotonic; a job not begun by then fails */
    /* Reads; 0, or -1 with err. Called once more on a new connection when this one was lost, so it
     * starts by forgetting what it has. */
    int (*run)(struct reader_job *job, struct pg *pg, struct error *err);
    /* Takes the job back; err is NULL when run succeeded. */
    void (*done)(struct reader_job *job, const struct error *err);
};

struct readers_options {
    struct pg_options pg;
    int threads;
    size_t queue_capacity;
    /* A chore for the first thread between jobs: returns in how many ms it wants to be called
     * again. */
    int (*chore)(void *context, struct pg *pg);
    void *context;
};

struct readers;

struct readers *readers_start(const struct readers_options *options);

/** False when too many jobs wait or the pool stops (the caller keeps the job). */
bool readers_submit(struct readers *readers, struct reader_job *job) WARN_UNUSED;

/** Finishes what was submitted, joins, frees. NULL is fine. */
void readers_stop(struct readers *readers);

#endif

/* Work that is due, from a table of the service: claimed by lease, done by a bounded number of
 * threads, each with a connection. What must reach the outside world (a charge, a mail) is a row
 * first, so that it survives every crash.
 * Owner: lib/service. Thread: start and stop from one, work_kick from any.
 *
 * A runner claims one row at a time by the service's own statement, which
 *   - picks a due row that nobody has leased: ... FOR UPDATE SKIP LOCKED LIMIT 1,
 *   - leases it: lease_until = clock_timestamp() + $1 ms, attempt = attempt + 1,
 *   - returns what run() needs, with the new attempt: the fence.
 * run() does the call and writes its outcome in one transaction (pg_transaction, facts_append),
 * WHERE id = … AND attempt = …: a runner whose lease was taken over changes nothing. A row whose
 * runner died is due again when the lease ends, so the lease is longer than any call may take.
 */
#ifndef CARTWRIGHT_SERVICE_WORK_H
#define CARTWRIGHT_SERVICE_WORK_H

#include "base/error.h"
#include "base/metrics.h"
#include "io/pg.h"
#include "service/facts.h"

/** What a runner owns; run() gets it. */
struct work_runner {
    struct pg *pg;      /* usable when run() is called */
    struct facts facts; /* of the service's category, empty when run() is called */
    struct pg_params params;
    struct uuid_source random;
    void *local; /* as work_options.local_new made it */
};

enum work_outcome {
    WORK_DONE,   /* the outcome is written, whatever it is */
    WORK_FAILED, /* it could not be written: err says why; the row is due again after its lease */
};

struct work_options {
    const char *name; /* "charges": for the log and the metrics' label */
    struct pg_options pg;
    const struct category *category; /* of the facts; NULL: none */
    int runners;
    int poll_ms;  /* how often due rows are looked for when nobody kicks */
    int lease_ms; /* $1 of claim */
    const struct pg_statement *claim;
    /** row 0 of claimed is what was claimed. */
    enum work_outcome (*run)(void *context, struct work_runner *runner,
                             const struct pg_result *claimed, struct error *err);
    /** What each runner has for itself (an HTTP client); both or none may be NULL. */
    void *(*local_new)(void *context);
    void (*local_free)(void *local);
    void *context;
    struct metrics *metrics;
};

struct work;

/** One per process (its metrics have no label). Needs no server: they may be away, the runners keep
 * trying. */
struct work *work_start(const struct work_options *options);

/** There may be due rows. */
void work_kick(struct work *work);

/** Claims nothing more, waits for what is under way (calls have deadlines), joins, frees. NULL is
 * fine. */
void work_stop(struct work *work);

/** When the attempt-th try (from 1) did not get through: how long until the next. From half of to
 * the whole of first_ms * 2^(attempt-1), at most max_ms. Pure but for the random bytes. */
int work_backoff_ms(struct work_runner *runner, int attempt, int first_ms, int max_ms);

#endif

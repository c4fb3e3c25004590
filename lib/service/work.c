/* Work that is due, from a table of the service.
 * Owner: lib/service. Thread: work_start and work_stop one, work_kick any, the rest the runners'.
 */
#include "service/work.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "service/backoff.h"
#include "service/log_limit.h"
#include "service/store.h"

enum { CONNECT_RETRY_MAX_MS = 5000, FAILED_PAUSE_MS = 500 };

struct runner {
    struct work *work;
    pthread_t thread;
    struct work_runner own;
    int attempt;       /* failed connections in a row */
    int64_t resume_us; /* not before: the store is away */
};

struct work {
    struct work_options options;
    pthread_mutex_t lock;
    pthread_cond_t kicked;
    uint64_t kicks; /* runners compare it with what they saw */
    bool stopping;
    struct log_limit troubles; /* under lock */
    struct metric *claims, *failures;
    struct runner runners[];
};

static const struct metric_spec claims_row = {"cartwright_work_claims_total",
                                              "Rows of due work that were claimed.",
                                              METRIC_COUNTER,
                                              NULL,
                                              0,
                                              NULL};
static const struct metric_spec failures_row = {"cartwright_work_failures_total",
                                                "Claimed rows whose outcome could not be written.",
                                                METRIC_COUNTER,
                                                NULL,
                                                0,
                                                NULL};

int work_backoff_ms(struct work_runner *runner, int attempt, int first_ms, int max_ms)
{
    uint32_t random;
    uuid_random(&runner->random, &random, sizeof(random));
    return backoff_from_ms(attempt, first_ms, max_ms, random);
}

/* Waits until kicked since *seen, or for pause_ms; false when it is over. */
static bool pause_runner(struct work *work, uint64_t *seen, int pause_ms)
{
    int64_t until_us = clock_monotonic_us() + pause_ms * INT64_C(1000);
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    pthread_mutex_lock(&work->lock);
    while (!work->stopping && work->kicks == *seen && clock_monotonic_us() < until_us)
        pthread_cond_timedwait(&work->kicked, &work->lock, &until);
    *seen = work->kicks;
    bool goes_on = !work->stopping;
    pthread_mutex_unlock(&work->lock);
    return goes_on;
}

static int connect_runner(struct runner *runner, struct error *err)
{
    struct work_runner *own = &runner->own;
    if (own->pg != NULL && pg_usable(own->pg))
        return 0;
    pg_close(own->pg);
    own->pg = NULL;
    if (pg_open(&runner->work->options.pg, err, &own->pg) == 0) {
        runner->attempt = 0;
        return 0;
    }
    runner->attempt++;
    return -1;
}

/* 1: a row was claimed and run, 0: none is due, -1: not now. */
static int run_one(struct runner *runner, struct error *err)
{
    const struct work_options *options = &runner->work->options;
    struct work_runner *own = &runner->own;
    struct pg_result *claimed;
    if (connect_runner(runner, err) != 0)
        return -1;
    pg_params_clear(&own->params);
    pg_param_int32(&own->params, options->lease_ms);
    if (pg_run(own->pg, options->claim, &own->params, STORE_TIMEOUT_MS, err, &claimed) != 0)
        return -1;
    if (pg_rows(claimed) == 0) {
        pg_result_free(claimed);
        return 0;
    }
    metric_add(runner->work->claims, 0, 1);
    work_kick(runner->work); /* where one is due there may be more: the next runner looks */
    enum work_outcome outcome = options->run(options->context, own, claimed, err);
    pg_result_free(claimed);
    facts_clear(&own->facts);
    if (outcome == WORK_DONE)
        return 1;
    metric_add(runner->work->failures, 0, 1);
    return -1;
}

static void report(struct work *work, const struct error *err)
{
    pthread_mutex_lock(&work->lock);
    bool passes = log_limit_passes(&work->troubles, err->message, clock_monotonic_us());
    pthread_mutex_unlock(&work->lock);
    if (passes)
        log_warning("due work waits", LOG_TEXT("work", work->options.name),
                    LOG_TEXT("why", err->message));
}

static void *runner_main(void *arg)
{
    struct runner *runner = arg;
    struct work *work = runner->work;
    uint64_t seen = 0;
    int pause_ms = 0;
    while (pause_runner(work, &seen, pause_ms)) {
        struct error err;
        int rc = run_one(runner, &err);
        pause_ms = rc > 0 ? 0 : work->options.poll_ms;
        if (rc >= 0)
            continue;
        report(work, &err);
        pause_ms = runner->attempt > 0 ? work_backoff_ms(&runner->own, runner->attempt,
                                                         FAILED_PAUSE_MS, CONNECT_RETRY_MAX_MS)
                                       : FAILED_PAUSE_MS;
    }
    return NULL;
}

static void init_lock(struct work *work)
{
    pthread_condattr_t attributes;
    CHECK(pthread_mutex_init(&work->lock, NULL) == 0);
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&work->kicked, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
}

struct work *work_start(const struct work_options *options)
{
    size_t count = (size_t)options->runners;
    struct work *work = mem_calloc(1, sizeof(*work) + count * sizeof(work->runners[0]));
    work->options = *options;
    work->claims = metrics_add(options->metrics, &claims_row);
    work->failures = metrics_add(options->metrics, &failures_row);
    init_lock(work);
    for (size_t i = 0; i < count; i++) {
        struct runner *runner = &work->runners[i];
        runner->work = work;
        runner->own.facts.category = options->category;
        if (options->local_new != NULL)
            runner->own.local = options->local_new(options->context);
        CHECK(pthread_create(&runner->thread, NULL, runner_main, runner) == 0);
    }
    return work;
}

void work_kick(struct work *work)
{
    pthread_mutex_lock(&work->lock);
    work->kicks++;
    pthread_cond_signal(&work->kicked);
    pthread_mutex_unlock(&work->lock);
}

static void free_runner(const struct work_options *options, struct runner *runner)
{
    if (options->local_free != NULL)
        options->local_free(runner->own.local);
    facts_free(&runner->own.facts);
    pg_params_free(&runner->own.params);
    pg_close(runner->own.pg);
}

void work_stop(struct work *work)
{
    if (work == NULL)
        return;
    pthread_mutex_lock(&work->lock);
    work->stopping = true;
    pthread_cond_broadcast(&work->kicked);
    pthread_mutex_unlock(&work->lock);
    for (int i = 0; i < work->options.runners; i++) {
        CHECK(pthread_join(work->runners[i].thread, NULL) == 0);
        free_runner(&work->options, &work->runners[i]);
    }
    pthread_cond_destroy(&work->kicked);
    pthread_mutex_destroy(&work->lock);
    free(work);
}

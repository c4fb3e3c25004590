/* The pool of connections while the server is away: every job comes back, none waits for ever.
 * Owner: tests. Thread: the test's and the pool's.
 */
#include "../test.h"

#include <semaphore.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "io/pg_pool.h"

struct job {
    struct pg_job job;
    bool failed;
    enum error_kind kind;
    sem_t *done, *hold;
};

static int run(struct pg_job *job, struct pg *pg, struct error *err)
{
    (void)job;
    (void)pg;
    (void)err;
    fail_msg("there is no server to ask");
    return -1;
}

static void done(struct pg_job *pg_job, const struct error *err)
{
    struct job *job = CONTAINER_OF(pg_job, struct job, job);
    job->failed = err != NULL;
    job->kind = err != NULL ? err->kind : ERROR_PERMANENT;
    sem_post(job->done);
    if (job->hold != NULL)
        sem_wait(job->hold);
}

static struct pg_pool *start(int threads, size_t capacity)
{
    struct pg_pool_options options = {
        .pg = {.connection_string = "host=127.0.0.1 port=1 dbname=none",
               .application_name = "test",
               .connect_timeout_ms = 500,
               .statement_timeout_ms = 500},
        .threads = threads,
        .queue_capacity = capacity,
    };
    return pg_pool_start(&options);
}

static struct job job_of(sem_t *finished)
{
    return (struct job){
        .job = {.deadline_us = clock_monotonic_us() + 5000000, .run = run, .done = done},
        .done = finished};
}

static void every_job_comes_back_with_the_reason(void **state)
{
    (void)state;
    enum { JOBS = 50 };
    static struct job jobs[JOBS];
    sem_t finished;
    sem_init(&finished, 0, 0);
    struct pg_pool *readers = start(4, JOBS);
    for (size_t i = 0; i < JOBS; i++) {
        jobs[i] = job_of(&finished);
        assert_true(pg_pool_submit(readers, &jobs[i].job));
    }
    pg_pool_stop(readers); /* finishes what was submitted */
    for (size_t i = 0; i < JOBS; i++) {
        assert_int_equal(sem_trywait(&finished), 0);
        assert_true(jobs[i].failed);
        assert_int_equal(jobs[i].kind, ERROR_RETRIABLE);
    }
    sem_destroy(&finished);
}

static void a_full_queue_refuses(void **state)
{
    (void)state;
    sem_t finished, hold;
    sem_init(&finished, 0, 0);
    sem_init(&hold, 0, 0);
    struct job jobs[] = {job_of(&finished), job_of(&finished), job_of(&finished),
                         job_of(&finished)};
    jobs[0].hold = &hold;
    struct pg_pool *readers = start(1, 2);
    assert_true(pg_pool_submit(readers, &jobs[0].job));
    sem_wait(&finished); /* the only thread is held */
    assert_true(pg_pool_submit(readers, &jobs[1].job));
    assert_true(pg_pool_submit(readers, &jobs[2].job));
    assert_false(pg_pool_submit(readers, &jobs[3].job));
    sem_post(&hold);
    pg_pool_stop(readers);
    sem_destroy(&hold);
    sem_destroy(&finished);
}

static void a_job_that_is_too_late_fails(void **state)
{
    (void)state;
    sem_t finished;
    sem_init(&finished, 0, 0);
    struct job job = job_of(&finished);
    job.job.deadline_us = clock_monotonic_us() - 1;
    struct pg_pool *readers = start(1, 1);
    assert_true(pg_pool_submit(readers, &job.job));
    sem_wait(&finished);
    assert_true(job.failed);
    pg_pool_stop(readers);
    sem_destroy(&finished);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_comes_back_with_the_reason),
        cmocka_unit_test(a_full_queue_refuses),
        cmocka_unit_test(a_job_that_is_too_late_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Overcomes doubts about the views in Redis.
 * Owner: cart-api. Thread: any; the check itself runs on a reader's.
 */
#include "cart-api/view_check.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "cart-api/app.h"
#include "eventstore/read.h"
#include "views/view_positions.h"

enum { PAUSE_US = 10000 };

/* The projection's positions, as an array that the caller frees. */
static int read_positions(struct app *app, struct error *err, int64_t *positions)
{
    int count = app->view_check.trust.partitions;
    struct view_position *there = mem_alloc((size_t)count * sizeof(there[0]));
    struct view_connection *views = view_links_take(app->view_links);
    int rc = view_connection_use(views, err);
    if (rc == 0)
        rc = view_positions_read(views, count, err, there);
    view_links_give(app->view_links, views);
    for (int i = 0; rc == 0 && i < count; i++)
        positions[i] = there[i].position;
    free(there);
    return rc;
}

static int run(struct pg_job *job, struct pg *pg, struct error *err)
{
    struct view_check *check = CONTAINER_OF(job, struct view_check, job);
    enum view_trust_need need = view_trust_look(&check->trust);
    if (need == VIEW_TRUST_ALL_IS_WELL)
        return 0;
    int64_t *numbers = mem_alloc((size_t)check->trust.partitions * sizeof(numbers[0]));
    int rc = 0;
    if (need == VIEW_TRUST_NEEDS_HEADS) {
        rc = read_heads(pg, &category_cart, (int)check->app->settings->read_timeout_ms, err,
                        numbers);
        if (rc == 0)
            view_trust_aim(&check->trust, numbers);
    }
    if (rc == 0)
        rc = read_positions(check->app, err, numbers);
    if (rc == 0)
        view_trust_reach(&check->trust, numbers);
    free(numbers);
    return rc;
}

static void done(struct pg_job *job, const struct error *err)
{
    struct view_check *check = CONTAINER_OF(job, struct view_check, job);
    if (err != NULL)
        log_debug("views not checked", LOG_TEXT("reason", err->message));
    atomic_store(&check->not_before_us, clock_monotonic_us() + PAUSE_US);
    atomic_store(&check->running, false);
}

void view_check_start(struct view_check *check)
{
    int64_t now_us = clock_monotonic_us();
    /* Without a committer nobody has looked yet whether the store is one that we may read. */
    if (now_us < atomic_load(&check->not_before_us) ||
        atomic_load(&check->app->committer) == NULL || atomic_exchange(&check->running, true))
        return;
    check->job.run = run;
    check->job.done = done;
    check->job.deadline_us = INT64_MAX;
    if (!pg_pool_submit(check->app->readers, &check->job))
        atomic_store(&check->running, false);
}

/* What has to be done now and then: old recorded answers are deleted, idle carts told so.
 * Owner: cart-api. Thread: a reader's.
 */
#include "cart-api/janitor.h"

#include "base/clock.h"
#include "base/log.h"
#include "cart-api/app.h"
#include "cart-api/idle_sweep.h"
#include "eventstore/answers.h"

enum { BATCH = 2000, PAUSE_MS = 60000, PAUSE_BEHIND_MS = 100, PAUSE_UNCHECKED_MS = 1000 };

/** Deletes one small batch of answers that are older than an Idempotency-Key is remembered. Returns
 * in how many ms to come again. */
static int sweep_answers(struct app *app, struct pg *pg)
{
    struct error err;
    int64_t count;
    int64_t keep_us = app->settings->answers_retention_hours * 3600 * 1000000;
    if (answers_sweep(pg, &category_cart, clock_wall_us() - keep_us, BATCH,
                      (int)app->settings->read_timeout_ms, &err, &count) != 0) {
        log_warning("old answers not swept", LOG_TEXT("reason", err.message));
        return PAUSE_MS;
    }
    metric_add(app->counters.answers_swept, 0, count);
    return count == BATCH ? PAUSE_BEHIND_MS : PAUSE_MS;
}

static int sweep_abandoned(struct app *app, struct pg *pg)
{
    bool more = idle_sweep_step(app, pg, IDLE_ABANDON);
    return more ? PAUSE_BEHIND_MS : (int)app->settings->idle_sweep_ms;
}

static int sweep_expired(struct app *app, struct pg *pg)
{
    bool more = idle_sweep_step(app, pg, IDLE_EXPIRE);
    return more ? PAUSE_BEHIND_MS : (int)app->settings->idle_sweep_ms;
}

static int (*const chores[JANITOR_CHORES])(struct app *app, struct pg *pg) = {
    sweep_answers,
    sweep_abandoned,
    sweep_expired,
};

int janitor_work(void *context, struct pg *pg)
{
    struct app *app = context;
    int64_t *due_us = app->janitor.due_us, next_us = INT64_MAX;
    if (atomic_load_explicit(&app->committer, memory_order_acquire) == NULL)
        return PAUSE_UNCHECKED_MS; /* nobody has looked yet whether this is a store of ours */
    for (size_t i = 0; i < ARRAY_SIZE(chores); i++) {
        if (clock_monotonic_us() >= due_us[i])
            due_us[i] = clock_monotonic_us() + chores[i](app, pg) * (int64_t)1000;
        if (due_us[i] < next_us)
            next_us = due_us[i];
    }
    int64_t pause_ms = (next_us - clock_monotonic_us()) / 1000;
    return pause_ms > 0 ? (int)pause_ms : 0;
}

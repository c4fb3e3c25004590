/* Deletes recorded answers that are older than an Idempotency-Key is remembered.
 * Owner: cart-api. Thread: a reader's.
 */
#include "cart-api/janitor.h"

#include "base/clock.h"
#include "base/log.h"
#include "cart-api/app.h"
#include "eventstore/answers.h"

enum { BATCH = 2000, PAUSE_MS = 60000, PAUSE_BEHIND_MS = 100, PAUSE_UNCHECKED_MS = 1000 };

int janitor_sweep(void *context, struct pg *pg)
{
    struct app *app = context;
    struct error err;
    int64_t count;
    if (atomic_load_explicit(&app->committer, memory_order_acquire) == NULL)
        return PAUSE_UNCHECKED_MS; /* nobody has looked yet whether this is a store of ours */
    int64_t keep_us = app->settings->answers_retention_hours * 3600 * 1000000;
    if (answers_sweep(pg, &category_cart, clock_wall_us() - keep_us, BATCH,
                      (int)app->settings->read_timeout_ms, &err, &count) != 0) {
        log_warning("old answers not swept", LOG_TEXT("reason", err.message));
        return PAUSE_MS;
    }
    metric_add(app->counters.answers_swept, 0, count);
    return count == BATCH ? PAUSE_BEHIND_MS : PAUSE_MS;
}

/* Deletes recorded answers that are older than an Idempotency-Key is remembered.
 * Owner: cart-api. Thread: a reader's.
 */
#include "cart-api/janitor.h"

#include "base/clock.h"
#include "base/log.h"
#include "cart-api/app.h"

enum { BATCH = 2000, PAUSE_MS = 60000, PAUSE_BEHIND_MS = 100, PAUSE_UNCHECKED_MS = 1000 };

static const struct pg_statement sweep = {
    .name = "sweep_answers",
    .sql = "WITH gone AS ("
           "  DELETE FROM cart_answers WHERE ctid = ANY (ARRAY("
           "    SELECT ctid FROM cart_answers WHERE recorded_at < $1 LIMIT $2))"
           "  RETURNING 1)"
           " SELECT count(*)::bigint FROM gone",
};

int janitor_sweep(void *context, struct pg *pg)
{
    struct app *app = context;
    struct pg_params params = {0};
    struct pg_result *result;
    struct error err;
    if (atomic_load_explicit(&app->committer, memory_order_acquire) == NULL)
        return PAUSE_UNCHECKED_MS; /* nobody has looked yet whether this is a store of ours */
    int64_t keep_us = app->settings->answers_retention_hours * 3600 * 1000000;
    pg_param_time(&params, clock_wall_us() - keep_us);
    pg_param_int64(&params, BATCH);
    int rc = pg_run(pg, &sweep, &params, (int)app->settings->read_timeout_ms, &err, &result);
    pg_params_free(&params);
    if (rc != 0) {
        log_warning("old answers not swept", LOG_TEXT("reason", err.message));
        return PAUSE_MS;
    }
    int64_t count = pg_get_int64(result, 0, 0);
    pg_result_free(result);
    metric_add(app->counters.answers_swept, 0, count);
    return count == BATCH ? PAUSE_BEHIND_MS : PAUSE_MS;
}

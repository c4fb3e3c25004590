/* Recorded answers of commands with an Idempotency-Key.
 * Owner: lib/eventstore. Thread: the connection's.
 */
#include "eventstore/answers.h"

int answers_sweep(struct pg *pg, const struct category *category, int64_t before_us, int limit,
                  int timeout_ms, struct error *err, int64_t *ret_count)
{
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_time(&params, before_us);
    pg_param_int64(&params, limit);
    int rc = pg_run(pg, &category->statements->answers_sweep, &params, timeout_ms, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return -1;
    *ret_count = pg_get_int64(result, 0, 0);
    pg_result_free(result);
    return 0;
}

/* Who publishes a partition.
 * Owner: lib/eventstore. Thread: the connection's.
 */
#include "eventstore/lease.h"

int lease_claim(struct pg *pg, const struct category *category, const struct uuid *owner,
                int ttl_ms, int timeout_ms, struct error *err, struct lease *ret_leases,
                size_t *ret_count)
{
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_uuid(&params, owner);
    pg_param_int32(&params, ttl_ms);
    pg_param_int32(&params, category->partitions);
    int rc = pg_run(pg, &category->statements->lease_claim, &params, timeout_ms, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return -1;
    CHECK(pg_rows(result) <= category->partitions);
    for (int row = 0; row < pg_rows(result); row++) {
        ret_leases[row] = (struct lease){
            .partition = pg_get_int16(result, row, 0),
            .epoch = pg_get_int64(result, row, 1),
            .position = pg_get_int64(result, row, 2),
        };
    }
    *ret_count = (size_t)pg_rows(result);
    pg_result_free(result);
    return 0;
}

int lease_advance(struct pg *pg, const struct category *category, const struct uuid *owner,
                  const struct lease *leases, size_t count, int timeout_ms, struct error *err)
{
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_uuid(&params, owner);
    pg_array_begin(&params, PG_INT2);
    for (size_t i = 0; i < count; i++)
        pg_array_int16(&params, (int16_t)leases[i].partition);
    pg_array_end(&params);
    pg_array_begin(&params, PG_INT8);
    for (size_t i = 0; i < count; i++)
        pg_array_int64(&params, leases[i].epoch);
    pg_array_end(&params);
    pg_array_begin(&params, PG_INT8);
    for (size_t i = 0; i < count; i++)
        pg_array_int64(&params, leases[i].position);
    pg_array_end(&params);
    int rc = pg_run(pg, &category->statements->lease_advance, &params, timeout_ms, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return -1;
    pg_result_free(result);
    return 0;
}

int lease_release(struct pg *pg, const struct category *category, const struct uuid *owner,
                  int timeout_ms, struct error *err)
{
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_uuid(&params, owner);
    int rc = pg_run(pg, &category->statements->lease_release, &params, timeout_ms, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return -1;
    pg_result_free(result);
    return 0;
}

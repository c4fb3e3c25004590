/* Up to which time everything has been observed.
 * Owner: fraud. Thread: the service's.
 */
#include "fraud/watermark.h"

#include <stdlib.h>

#include "base/memory.h"
#include "eventstore/read.h"

static const struct pg_statement positions_statement = {
    "fraud_positions",
    "SELECT category, partition, position FROM consumer_positions WHERE consumer = $1",
};

static const struct pg_statement clock_statement = {
    "fraud_clock",
    "SELECT clock_timestamp()",
};

static size_t partition_count(const struct watermark *watermark)
{
    size_t count = 0;
    for (size_t i = 0; i < WATERMARK_CATEGORIES_MAX && watermark->categories[i] != NULL; i++)
        count += (size_t)watermark->categories[i]->partitions;
    return count;
}

/* The clock first: what is recorded while we look may be in the heads or not. */
static int sample(struct watermark *watermark, struct pg *pg, int timeout_ms, struct error *err)
{
    struct pg_result *result;
    if (pg_run(pg, &clock_statement, NULL, timeout_ms, err, &result) != 0)
        return -1;
    int64_t now_us = pg_get_time(result, 0, 0);
    pg_result_free(result);
    if (watermark->heads == NULL)
        watermark->heads = mem_calloc(partition_count(watermark), sizeof(watermark->heads[0]));
    int64_t *heads = watermark->heads;
    for (size_t i = 0; i < WATERMARK_CATEGORIES_MAX && watermark->categories[i] != NULL; i++) {
        if (read_heads(pg, watermark->categories[i], timeout_ms, err, heads) != 0)
            return -1;
        heads += watermark->categories[i]->partitions;
    }
    watermark->sampled_us = now_us;
    return 0;
}

/* Index into heads; -1: a category that is not ours any more. */
static int place_of(const struct watermark *watermark, struct slice category, int partition)
{
    int at = 0;
    for (size_t i = 0; i < WATERMARK_CATEGORIES_MAX && watermark->categories[i] != NULL; i++) {
        const struct category *ours = watermark->categories[i];
        if (slice_equal(category, slice_of(ours->name)))
            return partition < ours->partitions ? at + partition : -1;
        at += ours->partitions;
    }
    return -1;
}

static bool reached(const struct watermark *watermark, const struct pg_result *result)
{
    size_t count = partition_count(watermark);
    int64_t *positions = mem_calloc(count, sizeof(positions[0]));
    bool all = true;
    for (int row = 0; row < pg_rows(result); row++) {
        int place = place_of(watermark, pg_get_bytes(result, row, 0), pg_get_int16(result, row, 1));
        if (place >= 0)
            positions[place] = pg_get_int64(result, row, 2);
    }
    for (size_t i = 0; i < count; i++)
        all = all && positions[i] >= watermark->heads[i];
    free(positions);
    return all;
}

int watermark_advance(struct watermark *watermark, struct pg *pg, int timeout_ms, struct error *err)
{
    struct pg_params params = {0};
    struct pg_result *result;
    if (watermark->sampled_us == 0 && sample(watermark, pg, timeout_ms, err) != 0)
        return -1;
    pg_param_bytes(&params, slice_of(watermark->consumer));
    int rc = pg_run(pg, &positions_statement, &params, timeout_ms, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return -1;
    if (reached(watermark, result)) {
        watermark->complete_us = watermark->sampled_us;
        watermark->sampled_us = 0;
    }
    pg_result_free(result);
    return 0;
}

void watermark_free(struct watermark *watermark)
{
    free(watermark->heads);
    watermark->heads = NULL;
}

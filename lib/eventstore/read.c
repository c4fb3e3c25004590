/* Reading the event store: by stream, version, time, partition.
 * Owner: lib/eventstore. Thread: the connection's.
 */
#include "eventstore/read.h"

#include "eventstore/read_internal.h"

/* timestamptz 'infinity' as the wire has it, less the epoch that pg_param_time takes off. */
static void param_upto_us(struct pg_params *params, int64_t upto_us)
{
    if (upto_us == 0)
        pg_param_int64(params, INT64_MAX);
    else
        pg_param_time(params, upto_us);
}

void read_record(const struct pg_result *result, int row, struct event_record *event)
{
    *event = (struct event_record){
        .partition = pg_get_int16(result, row, 0),
        .position = pg_get_int64(result, row, 1),
        .stream_id = pg_get_bytes(result, row, 2),
        .version = pg_get_int32(result, row, 3),
        .event_id = pg_get_uuid(result, row, 4),
        .type = pg_get_bytes(result, row, 5),
        .payload = pg_get_bytes(result, row, 6),
        .actor = pg_get_bytes(result, row, 7),
        .correlation_id = pg_get_uuid(result, row, 8),
        .causation_id = pg_get_uuid(result, row, 9),
        .trace_flags = (uint8_t)pg_get_int16(result, row, 10),
        .recorded_at_us = pg_get_time(result, row, 11),
    };
}

/* Runs the statement and feeds every row to the sink; frees params. */
static int feed(struct pg *pg, const struct pg_statement *statement, struct pg_params *params,
                event_sink sink, void *argument, int timeout_ms, struct error *err)
{
    struct pg_result *result;
    int rc = pg_run(pg, statement, params, timeout_ms, err, &result);
    pg_params_free(params);
    if (rc != 0)
        return rc;
    for (int row = 0; rc == 0 && row < pg_rows(result); row++) {
        struct event_record event;
        read_record(result, row, &event);
        rc = sink(argument, &event);
    }
    pg_result_free(result);
    return rc;
}

int read_stream(struct pg *pg, const struct category *category, const struct stream_range *range,
                event_sink sink, void *argument, int timeout_ms, struct error *err)
{
    struct pg_params params = {0};
    int32_t after = range->after_version;
    int32_t upto = range->upto_version > 0 ? range->upto_version : INT32_MAX;
    if (range->backwards) {
        upto = after > 0 ? after - 1 : upto;
        after = 0;
    }
    pg_param_bytes(&params, range->stream_id);
    pg_param_int32(&params, after);
    pg_param_int32(&params, upto);
    param_upto_us(&params, range->upto_us);
    pg_param_int64(&params, range->limit);
    return feed(pg,
                range->backwards ? &category->statements->stream_backwards
                                 : &category->statements->stream_forwards,
                &params, sink, argument, timeout_ms, err);
}

int read_partition(struct pg *pg, const struct category *category, int partition, int64_t after,
                   int limit, event_sink sink, void *argument, int timeout_ms, struct error *err)
{
    struct pg_params params = {0};
    pg_param_int16(&params, (int16_t)partition);
    pg_param_int64(&params, after);
    pg_param_int64(&params, limit);
    return feed(pg, &category->statements->partition, &params, sink, argument, timeout_ms, err);
}

int read_heads(struct pg *pg, const struct category *category, int timeout_ms, struct error *err,
               int64_t *ret_positions)
{
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_int32(&params, category->partitions);
    int rc = pg_run(pg, &category->statements->heads, &params, timeout_ms, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return rc;
    CHECK(pg_rows(result) == category->partitions);
    for (int row = 0; row < category->partitions; row++)
        ret_positions[row] = pg_get_int64(result, row, 1);
    pg_result_free(result);
    return 0;
}

int read_version(struct pg *pg, const struct category *category, struct slice stream_id,
                 int timeout_ms, struct error *err, int32_t *ret_version)
{
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_bytes(&params, stream_id);
    int rc = pg_run(pg, &category->statements->stream_version, &params, timeout_ms, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return rc;
    *ret_version = pg_get_int32(result, 0, 0);
    pg_result_free(result);
    return 0;
}

int read_stream_ids(struct pg *pg, const struct category *category, struct slice after, int limit,
                    event_sink sink, void *argument, int timeout_ms, struct error *err)
{
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_bytes(&params, after);
    pg_param_int64(&params, limit);
    int rc = pg_run(pg, &category->statements->stream_ids, &params, timeout_ms, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return rc;
    for (int row = 0; rc == 0 && row < pg_rows(result); row++) {
        struct event_record event = {.stream_id = pg_get_bytes(result, row, 0)};
        rc = sink(argument, &event);
    }
    pg_result_free(result);
    return rc;
}

/* Folding streams: the snapshot, if there is one, then the events after it.
 * Owner: lib/eventstore. Thread: the connection's.
 */
#include "eventstore/read.h"

#include <stdlib.h>

#include "base/memory.h"
#include "eventstore/read_internal.h"

enum { FOLD_PAGE = 2000, FOLD_EVENT_COLUMNS = 12 };

static int read_snapshot(struct pg *pg, const struct category *category,
                         const struct stream_fold *fold, int timeout_ms, struct error *err,
                         int32_t *ret_version)
{
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_bytes(&params, fold->stream_id);
    pg_param_int32(&params, fold->upto_version > 0 ? fold->upto_version : INT32_MAX);
    int rc = pg_run(pg, &category->statements->snapshot, &params, timeout_ms, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return rc;
    *ret_version = 0;
    if (pg_rows(result) == 1) {
        int32_t version = pg_get_int32(result, 0, 0);
        struct slice payload = pg_get_bytes(result, 0, 2);
        if (fold->snapshot(fold->argument, payload, version, pg_get_int64(result, 0, 1)) == 0)
            *ret_version = version;
    }
    pg_result_free(result);
    return 0;
}

struct paged {
    const struct stream_fold *fold;
    int32_t last_version;
    int count;
};

static int take_paged(void *argument, const struct event_record *event)
{
    struct paged *paged = argument;
    paged->last_version = event->version;
    paged->count++;
    return paged->fold->event(paged->fold->argument, event);
}

int read_fold(struct pg *pg, const struct category *category, const struct stream_fold *fold,
              int timeout_ms, struct error *err)
{
    struct paged paged = {.fold = fold};
    /* A snapshot has no time of its own: a bound in time folds from the first event. */
    if (fold->upto_us == 0 && fold->snapshot != NULL &&
        read_snapshot(pg, category, fold, timeout_ms, err, &paged.last_version) != 0)
        return -1;
    do {
        struct stream_range range = {
            .stream_id = fold->stream_id,
            .after_version = paged.last_version,
            .upto_version = fold->upto_version,
            .upto_us = fold->upto_us,
            .limit = FOLD_PAGE,
        };
        paged.count = 0;
        int rc = read_stream(pg, category, &range, take_paged, &paged, timeout_ms, err);
        if (rc != 0)
            return rc;
    } while (paged.count == FOLD_PAGE);
    return 0;
}

static int read_snapshots(struct pg *pg, const struct category *category,
                          const struct stream_fold *folds, size_t count, int timeout_ms,
                          struct error *err, int32_t *versions)
{
    struct pg_params params = {0};
    struct pg_result *result;
    pg_array_begin(&params, PG_TEXT);
    for (size_t i = 0; i < count; i++)
        pg_array_bytes(&params, folds[i].stream_id);
    pg_array_end(&params);
    int rc = pg_run(pg, &category->statements->snapshots, &params, timeout_ms, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return rc;
    for (int row = 0; row < pg_rows(result); row++) {
        int i = pg_get_int32(result, row, 0) - 1;
        int32_t version = pg_get_int32(result, row, 1);
        struct slice payload = pg_get_bytes(result, row, 3);
        if (folds[i].snapshot(folds[i].argument, payload, version, pg_get_int64(result, row, 2)) ==
            0)
            versions[i] = version;
    }
    pg_result_free(result);
    return 0;
}

static int read_events(struct pg *pg, const struct category *category,
                       const struct stream_fold *folds, size_t count, int timeout_ms,
                       struct error *err, const int32_t *versions, int *ret_results)
{
    struct pg_params params = {0};
    struct pg_result *result;
    pg_array_begin(&params, PG_TEXT);
    for (size_t i = 0; i < count; i++)
        pg_array_bytes(&params, folds[i].stream_id);
    pg_array_end(&params);
    pg_array_begin(&params, PG_INT4);
    for (size_t i = 0; i < count; i++)
        pg_array_int32(&params, versions[i]);
    pg_array_end(&params);
    int rc = pg_run(pg, &category->statements->fold_events, &params, timeout_ms, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return rc;
    for (int row = 0; row < pg_rows(result); row++) {
        int i = pg_get_int32(result, row, FOLD_EVENT_COLUMNS) - 1;
        struct event_record event;
        read_record(result, row, &event);
        if (ret_results[i] == 0)
            ret_results[i] = folds[i].event(folds[i].argument, &event);
    }
    pg_result_free(result);
    return 0;
}

int read_folds(struct pg *pg, const struct category *category, const struct stream_fold *folds,
               size_t count, int timeout_ms, struct error *err, int *ret_results)
{
    int32_t *versions = mem_calloc(count, sizeof(*versions));
    for (size_t i = 0; i < count; i++)
        ret_results[i] = 0;
    int rc = read_snapshots(pg, category, folds, count, timeout_ms, err, versions);
    if (rc == 0)
        rc = read_events(pg, category, folds, count, timeout_ms, err, versions, ret_results);
    free(versions);
    return rc;
}

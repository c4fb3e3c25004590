/* The sweep for idle carts.
 * Owner: cart-api. Thread: the janitor's.
 *
 * An event that is old enough, and that nothing of its cart has followed, is the mark of an idle
 * cart. So the sweep of a kind is a cursor per partition that follows the time of the events at a
 * distance of the kind's patience: each event is looked at once, by its place in the primary key,
 * and costs one look at the index of streams. The cursor moves when all carts before it were
 * decided; moved twice or not at all, it only costs time, because the decision is made on the
 * cart's state.
 */
#include "cart-api/idle_sweep.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "cart-api/app.h"
#include "cart-api/idle_command.h"

enum { EVENTS_PER_PARTITION = 64, LOCK_CLASS = 100 };

/* What follows an event does not make its cart busy: for expiry, that it was told to be abandoned.
 */
#define SWEEP(name, kind, unless_followed_by)                                                      \
    {                                                                                              \
        name, "SELECT c.partition, c.position, coalesce(s.reached, c.position), s.carts "          \
              "FROM cart_idle_sweeps c CROSS JOIN LATERAL ("                                       \
              "  WITH next AS (SELECT e.position, e.stream_id, e.version, e.type, e.recorded_at "  \
              "                  FROM cart_events e WHERE e.partition = c.partition "              \
              "                   AND e.position > c.position ORDER BY e.position LIMIT $2), "     \
              "  young AS (SELECT min(position) AS position FROM next WHERE recorded_at > $1), "   \
              "  old AS (SELECT next.* FROM next, young WHERE young.position IS NULL "             \
              "             OR next.position < young.position) "                                   \
              "  SELECT max(old.position) AS reached, array_agg(DISTINCT old.stream_id) "          \
              "         FILTER (WHERE old.type NOT IN "                                            \
              "                       ('CartCheckedOut', 'CartExpired', 'CartAbandoned') "         \
              "                   AND NOT EXISTS (SELECT FROM cart_events l "                      \
              "                                    WHERE l.stream_id = old.stream_id "             \
              "                                      AND l.version > old.version "                 \
              "                                      AND " unless_followed_by ")) AS carts "       \
              "    FROM old) AS s "                                                                \
              "WHERE c.kind = '" kind "' ORDER BY c.partition"                                     \
    }

static const struct idle_sweep {
    const char *kind;
    struct pg_statement look;
} sweeps[IDLE_KINDS] = {
    [IDLE_ABANDON] = {"abandon", SWEEP("idle_abandon", "abandon", "true")},
    [IDLE_EXPIRE] = {"expire", SWEEP("idle_expire", "expire", "l.type <> 'CartAbandoned'")},
};

static const struct pg_statement try_lock = {"idle_lock", "SELECT pg_try_advisory_lock($1, $2)"};
static const struct pg_statement unlock = {"idle_unlock", "SELECT pg_advisory_unlock($1, $2)"};
static const struct pg_statement advance = {
    "idle_advance", "UPDATE cart_idle_sweeps c SET position = n.reached "
                    "FROM unnest($2::smallint[], $3::bigint[], $4::bigint[]) "
                    "AS n(partition, position, reached) "
                    "WHERE c.kind = $1 AND c.partition = n.partition AND c.position = n.position"};

static int run(struct app *app, struct pg *pg, const struct pg_statement *statement,
               struct pg_params *params, struct error *err, struct pg_result **ret_result)
{
    int rc = pg_run(pg, statement, params, (int)app->settings->read_timeout_ms, err, ret_result);
    pg_params_free(params);
    return rc;
}

/** Takes or gives back the lock that keeps two processes from doing the same work. */
static int lock(struct app *app, struct pg *pg, const struct pg_statement *statement,
                enum idle_kind kind, struct error *err, bool *ret_held)
{
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_int32(&params, LOCK_CLASS);
    pg_param_int32(&params, (int32_t)kind);
    if (run(app, pg, statement, &params, err, &result) != 0)
        return -1;
    *ret_held = pg_get_bool(result, 0, 0);
    pg_result_free(result);
    return 0;
}

static int64_t patience_us(const struct app *app, enum idle_kind kind)
{
    const struct api_settings *settings = app->settings;
    int64_t seconds =
        kind == IDLE_ABANDON ? settings->cart_abandon_after_s : settings->cart_expire_after_s;
    return seconds * 1000000;
}

static int look(struct app *app, struct pg *pg, enum idle_kind kind, struct error *err,
                struct pg_result **ret_result)
{
    struct pg_params params = {0};
    pg_param_time(&params, clock_wall_us() - patience_us(app, kind));
    pg_param_int64(&params, EVENTS_PER_PARTITION);
    return run(app, pg, &sweeps[kind].look, &params, err, ret_result);
}

enum { PARTITION, POSITION, REACHED, CARTS };

static struct idle_outcome tell_carts(struct app *app, const struct pg_result *seen,
                                      enum idle_kind kind)
{
    struct idle_order order = {
        .kind = kind,
        .after_us = patience_us(app, kind),
        .deadline_us = clock_monotonic_us() + app->settings->command_timeout_ms * (int64_t)1000,
    };
    struct committer *committer = atomic_load_explicit(&app->committer, memory_order_acquire);
    struct slice *carts = mem_alloc((size_t)pg_rows(seen) * EVENTS_PER_PARTITION * sizeof(*carts));
    size_t count = 0;
    for (int row = 0; row < pg_rows(seen); row++) {
        struct pg_array array = pg_get_array(seen, row, CARTS);
        while (array.count > 0)
            carts[count++] = pg_array_next(&array);
    }
    struct idle_outcome outcome = idle_commands_run(committer, &order, carts, count);
    metric_add(app->counters.idle_carts, kind, outcome.told);
    free(carts);
    return outcome;
}

static int move_cursors(struct app *app, struct pg *pg, const struct pg_result *seen,
                        enum idle_kind kind, struct error *err)
{
    static const enum pg_type types[] = {PG_INT2, PG_INT8, PG_INT8};
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_bytes(&params, slice_of(sweeps[kind].kind));
    for (int column = PARTITION; column <= REACHED; column++) {
        pg_array_begin(&params, types[column]);
        for (int row = 0; row < pg_rows(seen); row++) {
            if (column == PARTITION)
                pg_array_int16(&params, pg_get_int16(seen, row, column));
            else
                pg_array_int64(&params, pg_get_int64(seen, row, column));
        }
        pg_array_end(&params);
    }
    if (run(app, pg, &advance, &params, err, &result) != 0)
        return -1;
    pg_result_free(result);
    return 0;
}

/** Whether a cursor has moved as far as one step may: then there is probably more. */
static bool is_behind(const struct pg_result *seen)
{
    for (int row = 0; row < pg_rows(seen); row++) {
        if (pg_get_int64(seen, row, REACHED) - pg_get_int64(seen, row, POSITION) ==
            EVENTS_PER_PARTITION)
            return true;
    }
    return false;
}

static bool has_moved(const struct pg_result *seen)
{
    for (int row = 0; row < pg_rows(seen); row++) {
        if (pg_get_int64(seen, row, REACHED) > pg_get_int64(seen, row, POSITION))
            return true;
    }
    return false;
}

static int step(struct app *app, struct pg *pg, enum idle_kind kind, struct error *err,
                bool *ret_behind)
{
    struct pg_result *seen;
    int rc = 0;
    if (look(app, pg, kind, err, &seen) != 0)
        return -1;
    bool decided = tell_carts(app, seen, kind).undecided == 0;
    *ret_behind = decided && is_behind(seen);
    if (decided && has_moved(seen))
        rc = move_cursors(app, pg, seen, kind, err);
    pg_result_free(seen);
    return rc;
}

bool idle_sweep_step(struct app *app, struct pg *pg, enum idle_kind kind)
{
    struct error err;
    bool held = false, behind = false;
    if (patience_us(app, kind) == 0)
        return false;
    int rc = lock(app, pg, &try_lock, kind, &err, &held);
    if (rc == 0 && held) {
        rc = step(app, pg, kind, &err, &behind);
        /* On a connection that is lost, the lock is lost too. */
        if (pg_usable(pg) && lock(app, pg, &unlock, kind, &err, &held) != 0)
            rc = -1;
    }
    if (rc != 0)
        log_warning("idle carts not swept", LOG_TEXT("kind", sweeps[kind].kind),
                    LOG_TEXT("reason", err.message));
    return rc == 0 && behind;
}

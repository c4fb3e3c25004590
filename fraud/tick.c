/* Between batches: verdicts for what waits, and the sweep of what no rule looks at any more.
 * Owner: fraud. Thread: the service's.
 */
#include "fraud/state.h"

#include "base/clock.h"
#include "base/log.h"

enum { WAITING_AGAIN_MS = 20, IDLE_AGAIN_MS = 50, LOOK_EVERY_MS = 1000, SWEEP_EVERY_MS = 60000 };
enum { SWEEP_AGAIN_MS = 100 };
enum { STATEMENT_TIMEOUT_MS = 5000, SWEEP_ROWS_MAX = 5000 };

static const struct pg_statement waiting_statement = {
    "fraud_waiting",
    "SELECT count(*)::bigint FROM (SELECT FROM fraud_checkouts WHERE state = 'waiting' "
    "LIMIT 1000) AS w",
};

/* Never what a waiting checkout may still ask about. */
static const struct pg_statement sweep_statement = {
    "fraud_sweep",
    "WITH swept AS (DELETE FROM fraud_bundles WHERE ctid = ANY (ARRAY("
    "SELECT ctid FROM fraud_bundles WHERE expires_at < least($1, "
    "(SELECT min(at) FROM fraud_checkouts WHERE state = 'waiting')) "
    "ORDER BY expires_at LIMIT $2)) RETURNING count) "
    "SELECT count(*)::bigint, coalesce(sum(count), 0)::bigint FROM swept",
};

static void tell(const struct fraud *self, const struct court_case *decided)
{
    static const unsigned series[] = {
        [FRAUD_EVENT_CLEARED] = 0, [FRAUD_EVENT_HELD] = 1, [FRAUD_EVENT_BLOCKED] = 2};
    metric_add(self->metrics[FRAUD_VERDICTS], series[decided->verdict], 1);
    metric_add(self->metrics[FRAUD_INCOMPLETE], 0, decided->incomplete);
    if (decided->incomplete)
        log_warning("a checkout was judged by what was observed in time",
                    LOG_TEXT("cartId", decided->cart_id));
    if (decided->verdict != FRAUD_EVENT_CLEARED)
        log_info(decided->verdict == FRAUD_EVENT_HELD ? "checkout held" : "checkout blocked",
                 LOG_TEXT("cartId", decided->cart_id), LOG_TEXT("rule", decided->rule),
                 LOG_INT("score", decided->score));
}

static int look(struct fraud *self, struct pg *pg, struct error *err)
{
    struct pg_result *result;
    if (pg_run(pg, &waiting_statement, NULL, STATEMENT_TIMEOUT_MS, err, &result) != 0)
        return -1;
    int64_t waiting = pg_get_int64(result, 0, 0);
    pg_result_free(result);
    self->waiting = waiting > 0;
    metric_set(self->metrics[FRAUD_WAITING], 0, waiting);
    self->look_us = clock_monotonic_us() + LOOK_EVERY_MS * INT64_C(1000);
    return 0;
}

static int judge(struct fraud *self, struct pg *pg, struct error *err)
{
    struct court *court = &self->court;
    if (watermark_advance(&self->watermark, pg, STATEMENT_TIMEOUT_MS, err) != 0)
        return -1;
    court->rules = &self->rules;
    struct court_call call = {self->watermark.complete_us, self->lateness_us, self->patience_ms};
    int rc = court_sit(court, pg, &call, STATEMENT_TIMEOUT_MS, err);
    if (rc == FACTS_STALE)
        return 0; /* the next look sees the other's verdict */
    if (rc != 0)
        return -1;
    facts_offer(&court->facts, effect_relay(self->effect));
    for (size_t i = 0; i < court->case_count; i++)
        tell(self, &court->cases[i]);
    return 0;
}

static int sweep(struct fraud *self, struct pg *pg, struct error *err)
{
    struct pg_params params = {0};
    struct pg_result *result;
    if (watermark_advance(&self->watermark, pg, STATEMENT_TIMEOUT_MS, err) != 0)
        return -1;
    if (self->watermark.complete_us == 0) {
        self->sweep_us = clock_monotonic_us() + SWEEP_AGAIN_MS * INT64_C(1000);
        return 0;
    }
    pg_param_time(&params, self->watermark.complete_us);
    pg_param_int64(&params, SWEEP_ROWS_MAX);
    int rc = pg_run(pg, &sweep_statement, &params, STATEMENT_TIMEOUT_MS, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return -1;
    bool full = pg_get_int64(result, 0, 0) == SWEEP_ROWS_MAX;
    metric_add(self->metrics[FRAUD_SWEPT], 0, pg_get_int64(result, 0, 1));
    pg_result_free(result);
    int64_t pause_ms = full ? SWEEP_AGAIN_MS : SWEEP_EVERY_MS;
    self->sweep_us = clock_monotonic_us() + pause_ms * 1000;
    return 0;
}

static int work(struct fraud *self, struct error *err)
{
    int64_t now_us = clock_monotonic_us();
    struct pg *pg;
    if (!self->waiting && now_us < self->look_us && now_us < self->sweep_us)
        return 0;
    if (service_store(self->runtime, err, &pg) != 0)
        return -1;
    if (now_us >= self->look_us && look(self, pg, err) != 0)
        return -1;
    if (self->waiting && judge(self, pg, err) != 0)
        return -1;
    return now_us >= self->sweep_us ? sweep(self, pg, err) : 0;
}

enum service_outcome fraud_tick(void *state, int *ret_again_ms)
{
    struct fraud *self = fraud_of_state(state);
    struct error err;
    effect_tick(self->effect);
    *ret_again_ms = IDLE_AGAIN_MS;
    if (work(self, &err) != 0) {
        service_trouble(self->runtime, "verdicts", &err);
        *ret_again_ms = LOOK_EVERY_MS;
    } else if (self->waiting) {
        *ret_again_ms = self->court.full ? 0 : WAITING_AGAIN_MS;
    }
    return SERVICE_HANDLED;
}

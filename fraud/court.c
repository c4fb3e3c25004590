/* Verdicts: waiting checkouts that are complete are judged in one transaction.
 * Owner: fraud. Thread: the service's.
 */
#include "fraud/court.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "proto/fraud_codec.h"

static const struct pg_statement docket_statement = {
    "fraud_docket",
    "SELECT c.cart_id, c.at > $1 OR c.noted_at > $2, e.payload, e.event_id, e.correlation_id, "
    "e.trace_flags, "
    "(SELECT f.type FROM fraud_events f WHERE f.stream_id = c.cart_id "
    "ORDER BY f.version DESC LIMIT 1) "
    "FROM fraud_checkouts c "
    "JOIN cart_events e ON e.partition = c.partition AND e.position = c.position "
    "WHERE c.state = 'waiting' AND ((c.at <= $1 AND c.noted_at <= $2) OR "
    "c.noted_at <= clock_timestamp() - $3::bigint * interval '1 ms') "
    "ORDER BY c.at LIMIT $4 FOR UPDATE OF c SKIP LOCKED",
};

static const struct pg_statement close_statement = {
    "fraud_close",
    "WITH held AS (UPDATE fraud_checkouts SET state = 'held' WHERE cart_id = ANY ($1)) "
    "DELETE FROM fraud_checkouts WHERE cart_id = ANY ($2)",
};

struct session {
    struct court *court;
    const struct court_call *call;
};

/* ---- one checkout */

static void pronounce(struct court *court, const struct pg_result *docket, int row,
                      enum fraud_event_type type, const struct fraud_verdict *verdict)
{
    const struct cart_event *checkout = &court->decoded.event;
    int64_t now_us = clock_wall_us();
    struct fraud_event event = {
        .cart_id = checkout->cart_id,
        .version = 1,
        .event_id = uuid_v7(&court->ids, now_us),
        .occurred_at_us = now_us,
        .actor = slice_of("fraud"),
        .correlation_id = pg_get_uuid(docket, row, 4),
        .causation_id = pg_get_uuid(docket, row, 3),
        .order_id = checkout->checked_out.order_id,
        .user_id = checkout->checked_out.user_id,
        .type = type,
        .verdict = *verdict,
    };
    buf_clear(&court->payload);
    fraud_event_encode(&event, &court->payload);
    struct fact fact = {
        .stream_id = event.cart_id,
        .version = event.version,
        .event_id = event.event_id,
        .type = fraud_event_type_name(type),
        .payload = buf_slice(&court->payload),
        .actor = event.actor,
        .correlation_id = event.correlation_id,
        .causation_id = event.causation_id,
        .trace_flags = (uint8_t)pg_get_int16(docket, row, 5),
        .recorded_at_us = now_us,
    };
    facts_add(&court->facts, &fact);
}

static int judge_one(struct court *court, struct pg *pg, const struct pg_result *docket, int row,
                     struct court_case *decided, int timeout_ms, struct error *err)
{
    struct fraud_verdict verdict;
    if (cart_event_decode(pg_get_bytes(docket, row, 2), &court->decoded, err) != 0)
        return -1;
    sightings_of_cart(&court->decoded.event, &court->sightings);
    judge_begin(&court->judge, court->rules, &court->sightings);
    if (evidence_weigh(&court->evidence, pg, &court->judge, timeout_ms, err) != 0)
        return -1;
    decided->verdict = judge_verdict(&court->judge, &verdict);
    decided->score = verdict.score;
    if (verdict.hit_count > 0)
        snprintf(decided->rule, sizeof(decided->rule), "%.*s", (int)verdict.hits[0].rule.len,
                 verdict.hits[0].rule.data);
    pronounce(court, docket, row, decided->verdict, &verdict);
    return 0;
}

/* One that has its verdict: the row was noted again by a replay, and becomes what the fact says. */
static bool has_verdict(const struct pg_result *docket, int row, struct court_case *decided)
{
    if (pg_is_null(docket, row, 6))
        return false;
    bool held = slice_equal(pg_get_bytes(docket, row, 6),
                            slice_of(fraud_event_type_name(FRAUD_EVENT_HELD)));
    decided->verdict = held ? FRAUD_EVENT_HELD : FRAUD_EVENT_CLEARED;
    return true;
}

/* ---- the session */

static int close_rows(struct court *court, struct pg *pg, const struct pg_result *docket,
                      const enum fraud_event_type *verdicts, int timeout_ms, struct error *err)
{
    struct pg_params *params = &court->params;
    struct pg_result *result;
    pg_params_clear(params);
    for (int held = 1; held >= 0; held--) {
        pg_array_begin(params, PG_TEXT);
        for (int row = 0; row < pg_rows(docket); row++) {
            if ((verdicts[row] == FRAUD_EVENT_HELD) == (held == 1))
                pg_array_bytes(params, pg_get_bytes(docket, row, 0));
        }
        pg_array_end(params);
    }
    if (pg_run(pg, &close_statement, params, timeout_ms, err, &result) != 0)
        return -1;
    pg_result_free(result);
    return 0;
}

static int judge_docket(struct court *court, struct pg *pg, const struct pg_result *docket,
                        int timeout_ms, struct error *err)
{
    enum fraud_event_type verdicts[COURT_DOCKET_MAX] = {FRAUD_EVENT_CLEARED};
    for (int row = 0; row < pg_rows(docket); row++) {
        struct slice cart_id = pg_get_bytes(docket, row, 0);
        struct court_case decided = {.incomplete = pg_get_bool(docket, row, 1)};
        if (has_verdict(docket, row, &decided)) {
            verdicts[row] = decided.verdict;
            continue;
        }
        if (judge_one(court, pg, docket, row, &decided, timeout_ms, err) != 0)
            return error_prefix(err, "cart %.*s", (int)cart_id.len, cart_id.data);
        snprintf(decided.cart_id, sizeof(decided.cart_id), "%.*s", (int)cart_id.len, cart_id.data);
        verdicts[row] = decided.verdict;
        court->cases[court->case_count++] = decided;
    }
    if (close_rows(court, pg, docket, verdicts, timeout_ms, err) != 0)
        return -1;
    return facts_append(&court->facts, pg, timeout_ms, err);
}

static int sit(void *argument, struct pg *pg, int timeout_ms, struct error *err)
{
    const struct session *session = argument;
    struct court *court = session->court;
    struct pg_result *docket;
    pg_params_clear(&court->params);
    pg_param_time(&court->params, session->call->complete_us - session->call->lateness_us);
    pg_param_time(&court->params, session->call->complete_us);
    pg_param_int64(&court->params, session->call->patience_ms);
    pg_param_int64(&court->params, COURT_DOCKET_MAX);
    if (pg_run(pg, &docket_statement, &court->params, timeout_ms, err, &docket) != 0)
        return -1;
    court->full = pg_rows(docket) == COURT_DOCKET_MAX;
    int rc = pg_rows(docket) > 0 ? judge_docket(court, pg, docket, timeout_ms, err) : 0;
    pg_result_free(docket);
    return rc;
}

int court_sit(struct court *court, struct pg *pg, const struct court_call *call, int timeout_ms,
              struct error *err)
{
    struct session session = {court, call};
    court->case_count = 0;
    int rc = pg_transaction(pg, sit, &session, timeout_ms, err);
    if (rc != 0) {
        court->case_count = 0;
        facts_clear(&court->facts);
    }
    return rc;
}

void court_free(struct court *court)
{
    facts_free(&court->facts);
    judge_free(&court->judge);
    cart_decoded_free(&court->decoded);
    sightings_free(&court->sightings);
    evidence_free(&court->evidence);
    buf_free(&court->payload);
    pg_params_free(&court->params);
}

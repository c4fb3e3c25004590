/* Fraud's words about carts. Owner: billing. */
#include "billing/verdict.h"

#include "eventstore/read.h"
#include "proto/fraud_codec.h"

static const struct {
    const char *word;
    enum charge_input input;
} verdicts[] = {
    {"cleared", CHARGE_CLEARED},   {"held", CHARGE_SUSPECTED},  {"blocked", CHARGE_BLOCKED},
    {"released", CHARGE_RELEASED}, {"refused", CHARGE_BLOCKED},
};

struct slice verdict_word(const struct fraud_event *event)
{
    switch (event->type) {
    case FRAUD_EVENT_CLEARED:
        return slice_of("cleared");
    case FRAUD_EVENT_HELD:
        return slice_of("held");
    case FRAUD_EVENT_BLOCKED:
        return slice_of("blocked");
    case FRAUD_EVENT_REVIEWED:
        return slice_of(event->reviewed.decision == FRAUD_RELEASE ? "released" : "refused");
    }
    NOT_REACHED();
}

enum charge_input verdict_input(struct slice word)
{
    for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
        if (slice_equal(word, slice_of(verdicts[i].word)))
            return verdicts[i].input;
    }
    NOT_REACHED();
}

struct payment_news verdict_news(const struct uuid *cause)
{
    return (struct payment_news){.code = slice_of("blocked_by_fraud"),
                                 .detail = slice_of("Fraud's verdict was against it."),
                                 .cause = cause};
}

/* ---- billing's own table */

int verdict_keep(struct pg *pg, const struct fraud_event *event, int timeout_ms, struct error *err)
{
    static const struct pg_statement statement = {
        "verdict_put", "INSERT INTO verdicts AS v (cart_id, verdict, version) VALUES ($1, $2, $3) "
                       "ON CONFLICT (cart_id) DO UPDATE SET verdict = excluded.verdict, "
                       "version = excluded.version WHERE v.version < excluded.version"};
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_bytes(&params, event->cart_id);
    pg_param_bytes(&params, verdict_word(event));
    pg_param_int32(&params, event->version);
    int rc = pg_run(pg, &statement, &params, timeout_ms, err, &result);
    pg_params_free(&params);
    if (rc == 0)
        pg_result_free(result);
    return rc;
}

int verdict_kept(struct pg *pg, struct slice cart_id, int timeout_ms, struct error *err,
                 struct pg_result **ret_result, struct slice *ret_word)
{
    static const struct pg_statement statement = {
        "verdict_get", "SELECT verdict FROM verdicts WHERE cart_id = $1"};
    struct pg_params params = {0};
    pg_param_bytes(&params, cart_id);
    int rc = pg_run(pg, &statement, &params, timeout_ms, err, ret_result);
    pg_params_free(&params);
    if (rc != 0)
        return -1;
    if (pg_rows(*ret_result) == 0) {
        pg_result_free(*ret_result);
        return 0;
    }
    *ret_word = pg_get_bytes(*ret_result, 0, 0);
    return 1;
}

/* ---- the event store */

struct last_word {
    struct fraud_decoded decoded;
    struct slice word;
    struct error *err;
};

static int take_word(void *argument, const struct event_record *record)
{
    struct last_word *last = argument;
    if (fraud_event_decode(record->payload, &last->decoded, last->err) != 0)
        return -1;
    last->word = verdict_word(&last->decoded.event);
    return 0;
}

int verdict_in_store(struct pg *pg, struct slice cart_id, int timeout_ms, struct error *err,
                     struct slice *ret_word)
{
    struct last_word last = {.err = err};
    struct stream_range range = {.stream_id = cart_id, .limit = 1, .backwards = true};
    int rc = read_stream(pg, &category_fraud, &range, take_word, &last, timeout_ms, err);
    fraud_decoded_free(&last.decoded);
    if (rc != 0)
        return -1;
    *ret_word = last.word;
    return last.word.len != 0;
}

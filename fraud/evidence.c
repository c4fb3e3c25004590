/* What is known about the keys of one checkout: bundles, and the events of its own cart.
 * Owner: fraud. Thread: the service's.
 */
#include "fraud/evidence.h"

#include "eventstore/read.h"
#include "fraud/bundle.h"

enum { QUESTIONS_PER_STATEMENT = 64, FIRST_BUNDLES = 64, PAGE_EVENTS = 500 };

/* The first are bundles that end after the checkout, of which a part may be before it. Of the
 * others as many are enough as observations are looked at: each has one at its end, and what ends
 * earlier is older than all of these. */
static const struct pg_statement bundles_statement = {
    "fraud_bundles_of",
    "SELECT q.i::integer, b.last_at <= q.upto, b.last_at, b.observations "
    "FROM unnest($1::integer[], $2::text[], $3::timestamptz[], $4::timestamptz[], "
    "$5::timestamptz[], $6::integer[]) WITH ORDINALITY AS q(feed, key, after, upto, beyond, most, "
    "i) CROSS JOIN LATERAL ("
    "(SELECT last_at, observations FROM fraud_bundles w "
    "WHERE w.feed = q.feed AND w.key = q.key AND w.last_at > q.upto AND w.last_at <= q.beyond) "
    "UNION ALL "
    "(SELECT last_at, observations FROM fraud_bundles w "
    "WHERE w.feed = q.feed AND w.key = q.key AND w.last_at > q.after AND w.last_at <= q.upto "
    "ORDER BY w.last_at DESC FETCH FIRST (q.most) ROWS WITH TIES)) AS b "
    "ORDER BY q.i, b.last_at DESC",
};

/* ---- bundles */

struct inquiry {
    const struct question *question;
    int most; /* bundles */
};

static void ask(struct evidence *evidence, const struct inquiry *inquiries, size_t count)
{
    struct pg_params *params = &evidence->params;
    pg_params_clear(params);
    PG_PARAM_ARRAY(params, PG_INT4, count, true,
                   pg_array_int32(params, (int32_t)inquiries[i].question->rule->feed));
    PG_PARAM_ARRAY(params, PG_TEXT, count, true,
                   pg_array_bytes(params, inquiries[i].question->key));
    PG_PARAM_ARRAY(params, PG_TIMESTAMPTZ, count, true,
                   pg_array_time(params, inquiries[i].question->after_us));
    PG_PARAM_ARRAY(params, PG_TIMESTAMPTZ, count, true,
                   pg_array_time(params, inquiries[i].question->upto_us));
    PG_PARAM_ARRAY(params, PG_TIMESTAMPTZ, count, true,
                   pg_array_time(params, inquiries[i].question->upto_us + BUNDLE_SPAN_US));
    PG_PARAM_ARRAY(params, PG_INT4, count, true, pg_array_int32(params, inquiries[i].most));
}

/* Whether older bundles could change the window: there may be some, and it is not full of newer. */
static bool wants_more(const struct window *window, const struct inquiry *inquiry, int bundles,
                       int64_t oldest_us)
{
    if (bundles < inquiry->most || inquiry->most >= inquiry->question->rule->keep)
        return false;
    return window_count(window) < window->keep || window->items[window->first]->at_us < oldest_us;
}

/* The rows from *row on that belong to the inquiry with this number (from 1). */
static int open_bundles(struct evidence *evidence, const struct pg_result *result, int number,
                        const struct inquiry *inquiry, int *row, bool *ret_more, struct error *err)
{
    const struct question *question = inquiry->question;
    int bundles = 0;
    int64_t oldest_us = INT64_MAX;
    window_clear(&evidence->window);
    evidence->window.keep = (size_t)question->rule->keep;
    for (; *row < pg_rows(result) && pg_get_int32(result, *row, 0) == number; ++*row) {
        if (pg_get_bool(result, *row, 1)) {
            bundles++;
            oldest_us = pg_get_time(result, *row, 2);
        }
        if (bundle_open(pg_get_bytes(result, *row, 3), question->after_us, question->upto_us,
                        &evidence->window, err) != 0)
            return -1;
    }
    *ret_more = wants_more(&evidence->window, inquiry, bundles, oldest_us);
    return 0;
}

/* Answers the inquiries, but those that want more: they come to the front and are counted. */
static int answer_some(struct evidence *evidence, struct pg *pg, struct judge *judge,
                       struct inquiry *inquiries, size_t *count, int timeout_ms, struct error *err)
{
    struct pg_result *result;
    size_t left = 0;
    int row = 0, rc = 0;
    ask(evidence, inquiries, *count);
    if (pg_run(pg, &bundles_statement, &evidence->params, timeout_ms, err, &result) != 0)
        return -1;
    for (size_t i = 0; rc == 0 && i < *count; i++) {
        const struct question *question = inquiries[i].question;
        bool more = false;
        rc = open_bundles(evidence, result, (int)i + 1, &inquiries[i], &row, &more, err);
        if (more)
            inquiries[left++] = (struct inquiry){question, question->rule->keep};
        else if (rc == 0)
            judge_answer(judge, question, &evidence->window);
    }
    pg_result_free(result);
    *count = left;
    return rc;
}

static int answer(struct evidence *evidence, struct pg *pg, struct judge *judge,
                  struct inquiry *inquiries, size_t count, int timeout_ms, struct error *err)
{
    while (count > 0) {
        if (answer_some(evidence, pg, judge, inquiries, &count, timeout_ms, err) != 0)
            return -1;
    }
    return 0;
}

static int weigh_bundles(struct evidence *evidence, struct pg *pg, struct judge *judge,
                         int timeout_ms, struct error *err)
{
    struct inquiry inquiries[QUESTIONS_PER_STATEMENT];
    size_t count = 0;
    for (size_t i = 0; i < judge->question_count; i++) {
        const struct question *question = &judge->questions[i];
        if (question->rule->of_own_cart)
            continue;
        int keep = question->rule->keep;
        inquiries[count++] =
            (struct inquiry){question, keep < FIRST_BUNDLES ? keep : FIRST_BUNDLES};
        if (count < QUESTIONS_PER_STATEMENT)
            continue;
        if (answer(evidence, pg, judge, inquiries, count, timeout_ms, err) != 0)
            return -1;
        count = 0;
    }
    return answer(evidence, pg, judge, inquiries, count, timeout_ms, err);
}

/* ---- the cart's own stream */

struct reading {
    struct evidence *evidence;
    int64_t after_us;
    int32_t version; /* of the last event read */
    int count;       /* of this page */
};

/* As anywhere, what cannot be read was not observed. */
static int take_event(void *argument, const struct event_record *record)
{
    struct reading *reading = argument;
    struct evidence *evidence = reading->evidence;
    struct error err;
    if (record->recorded_at_us <= reading->after_us)
        return 1;
    reading->version = record->version;
    reading->count++;
    if (cart_event_decode(record->payload, &evidence->decoded, &err) != 0)
        return 0;
    sightings_of_cart(&evidence->decoded.event, &evidence->sightings);
    replay_observe(&evidence->own, &evidence->sightings);
    return 0;
}

/* From the checkout back to where no question looks. */
static int read_own(struct evidence *evidence, struct pg *pg, const struct judge *judge,
                    int64_t after_us, int timeout_ms, struct error *err)
{
    struct reading reading = {.evidence = evidence, .after_us = after_us};
    int rc;
    do {
        struct stream_range range = {
            .stream_id = judge->cart_id,
            .after_version = reading.version,
            .upto_us = judge->at_us,
            .limit = PAGE_EVENTS,
            .backwards = true,
        };
        reading.count = 0;
        rc = read_stream(pg, &category_cart, &range, take_event, &reading, timeout_ms, err);
    } while (rc == 0 && reading.count == PAGE_EVENTS && reading.version > 1);
    return rc < 0 ? -1 : 0;
}

static int weigh_own(struct evidence *evidence, struct pg *pg, struct judge *judge, int timeout_ms,
                     struct error *err)
{
    int64_t after_us = judge->at_us;
    for (size_t i = 0; i < judge->question_count; i++) {
        const struct question *question = &judge->questions[i];
        if (question->rule->of_own_cart && question->after_us < after_us)
            after_us = question->after_us;
    }
    if (after_us == judge->at_us)
        return 0;
    evidence->own.rules = judge->rules;
    evidence->own.own_carts_only = true;
    evidence->own.observations_max = SIZE_MAX;
    int rc = read_own(evidence, pg, judge, after_us, timeout_ms, err);
    for (size_t i = 0; rc == 0 && i < judge->question_count; i++) {
        const struct question *question = &judge->questions[i];
        const struct window *window =
            question->rule->of_own_cart
                ? replay_window(&evidence->own, question->rule->feed, question->key)
                : NULL;
        if (window != NULL)
            judge_answer(judge, question, window);
    }
    replay_clear(&evidence->own);
    return rc;
}

int evidence_weigh(struct evidence *evidence, struct pg *pg, struct judge *judge, int timeout_ms,
                   struct error *err)
{
    if (weigh_bundles(evidence, pg, judge, timeout_ms, err) != 0)
        return -1;
    return weigh_own(evidence, pg, judge, timeout_ms, err);
}

void evidence_free(struct evidence *evidence)
{
    window_free(&evidence->window);
    replay_free(&evidence->own);
    cart_decoded_free(&evidence->decoded);
    sightings_free(&evidence->sightings);
    pg_params_free(&evidence->params);
}

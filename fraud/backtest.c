/* fraud --backtest: what the rules of a file would have said about the stored history. Reads the
 * store, changes nothing.
 *
 * PostgreSQL sorts the events by their times. A checkout is judged once everything up to a little
 * after it has been observed, as it is live. Owner: fraud. Thread: the only one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "fraud/replay.h"
#include "fraud/rules_file.h"
#include "fraud/state.h"

enum { CONNECT_TIMEOUT_MS = 5000, READ_TIMEOUT_MS = 30 * 60 * 1000 };
enum { OBSERVATIONS_MAX = 2000000 }; /* a few hundred MB */

static const struct pg_statement fetch_statement = {"backtest_fetch", "FETCH 500 FROM backtest"};

struct backtest_arguments {
    const char *file;
    int64_t since_us, until_us;
};

/* A checkout that waits for its verdict, with a copy of its payload behind it. */
struct stored {
    int64_t at_us;
    size_t length;
    char payload[];
};

struct backtest {
    const struct fraud_settings *settings;
    struct backtest_arguments arguments;
    struct rules rules;
    struct pg *pg;
    struct replay replay;
    struct cart_decoded decoded;
    struct payment_decoded payment;
    struct sightings sightings;
    struct stored **waiting; /* checkouts; those before waiting_first are judged */
    size_t waiting_first, waiting_end, waiting_capacity;
    int64_t events, unreadable;
    int64_t verdicts[FRAUD_EVENT_REVIEWED]; /* by enum fraud_event_type */
    int64_t hits[RULES_MAX];
};

/* ---- what is done with an event */

static int64_t slack_us(const struct backtest *backtest)
{
    return backtest->settings->lateness_ms * 1000;
}

static bool decode(struct backtest *backtest, bool is_payment, struct slice payload)
{
    struct error err;
    if (is_payment) {
        if (payment_event_decode(payload, &backtest->payment, &err) != 0)
            return false;
        sightings_of_payment(&backtest->payment.event, &backtest->sightings);
        return true;
    }
    if (cart_event_decode(payload, &backtest->decoded, &err) != 0)
        return false;
    sightings_of_cart(&backtest->decoded.event, &backtest->sightings);
    return true;
}

static void wait_for_verdict(struct backtest *backtest, int64_t at_us, struct slice payload)
{
    struct stored *stored = mem_alloc(sizeof(*stored) + payload.len);
    stored->at_us = at_us;
    stored->length = payload.len;
    memcpy(stored->payload, payload.data, payload.len);
    if (backtest->waiting_first == backtest->waiting_end)
        backtest->waiting_first = backtest->waiting_end = 0;
    backtest->waiting = mem_grown(backtest->waiting, backtest->waiting_end,
                                  &backtest->waiting_capacity, sizeof(backtest->waiting[0]));
    backtest->waiting[backtest->waiting_end++] = stored;
}

static void judge(struct backtest *backtest, const struct stored *stored)
{
    struct fraud_verdict verdict;
    struct slice payload = {stored->payload, stored->length};
    CHECK(decode(backtest, false, payload)); /* it was, when it was observed */
    backtest->verdicts[replay_judge(&backtest->replay, &backtest->sightings, &verdict)]++;
    for (size_t i = 0; i < backtest->rules.count; i++)
        backtest->hits[i] += backtest->replay.judge.spoken[i] != NULL;
}

/* All that were checked out long enough before this time. */
static void judge_upto(struct backtest *backtest, int64_t time_us)
{
    for (; backtest->waiting_first < backtest->waiting_end; backtest->waiting_first++) {
        struct stored *stored = backtest->waiting[backtest->waiting_first];
        if (stored->at_us >= time_us - slack_us(backtest))
            return;
        judge(backtest, stored);
        free(stored);
    }
}

static void take(struct backtest *backtest, bool is_payment, int64_t at_us, struct slice payload)
{
    const struct backtest_arguments *arguments = &backtest->arguments;
    backtest->events++;
    if (!decode(backtest, is_payment, payload)) {
        backtest->unreadable++;
        return;
    }
    replay_observe(&backtest->replay, &backtest->sightings);
    if (!is_payment && backtest->decoded.event.type == CART_EVENT_CHECKED_OUT &&
        at_us >= arguments->since_us)
        wait_for_verdict(backtest, at_us, payload);
}

static int64_t horizon_us(const struct rules *rules)
{
    int64_t longest = 0;
    for (size_t i = 0; i < rules->feed_count; i++)
        longest = rules->feeds[i].horizon_us > longest ? rules->feeds[i].horizon_us : longest;
    return longest;
}

/* What the rules may look at for the first checkout, to the last one. */
static int open_cursor(struct backtest *backtest, struct error *err)
{
    const struct backtest_arguments *arguments = &backtest->arguments;
    static const char columns[] = "recorded_at, payload, partition, position";
    int64_t from_us = arguments->since_us - horizon_us(&backtest->rules);
    struct buf sql = {0};
    buf_printf(&sql,
               "BEGIN READ ONLY; DECLARE backtest NO SCROLL CURSOR FOR "
               "SELECT is_payment, recorded_at, payload FROM ("
               "SELECT false AS is_payment, %s FROM cart_events UNION ALL "
               "SELECT true, %s FROM payment_events) AS events "
               "WHERE recorded_at BETWEEN to_timestamp(0) + %ld * interval '1 us' "
               "AND to_timestamp(0) + %ld * interval '1 us' "
               "ORDER BY recorded_at, is_payment, partition, position",
               columns, columns, from_us > 0 ? from_us : 0, arguments->until_us);
    int rc = pg_script(backtest->pg, buf_cstr(&sql), READ_TIMEOUT_MS, err);
    buf_free(&sql);
    return rc;
}

static int replay(struct backtest *backtest, struct error *err)
{
    bool more = true;
    if (open_cursor(backtest, err) != 0)
        return -1;
    while (more) {
        struct pg_result *result;
        if (pg_run(backtest->pg, &fetch_statement, NULL, READ_TIMEOUT_MS, err, &result) != 0)
            return -1;
        for (int row = 0; row < pg_rows(result); row++) {
            int64_t at_us = pg_get_time(result, row, 1);
            judge_upto(backtest, at_us);
            take(backtest, pg_get_bool(result, row, 0), at_us, pg_get_bytes(result, row, 2));
        }
        more = pg_rows(result) > 0;
        pg_result_free(result);
    }
    judge_upto(backtest, INT64_MAX);
    return pg_script(backtest->pg, "COMMIT", READ_TIMEOUT_MS, err);
}

/* ---- the frame */

static int open_all(struct backtest *backtest, struct error *err)
{
    struct pg_options options = {
        .connection_string = backtest->settings->common.postgres_connection_string,
        .application_name = "fraud --backtest",
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .statement_timeout_ms = READ_TIMEOUT_MS,
    };
    if (rules_load(backtest->arguments.file, err, &backtest->rules) != 0 ||
        pg_open(&options, err, &backtest->pg) != 0)
        return -1;
    backtest->replay =
        (struct replay){.rules = &backtest->rules, .observations_max = OBSERVATIONS_MAX};
    return 0;
}

static void close_all(struct backtest *backtest)
{
    while (backtest->waiting_first < backtest->waiting_end)
        free(backtest->waiting[backtest->waiting_first++]);
    free(backtest->waiting);
    replay_free(&backtest->replay);
    rules_free(&backtest->rules);
    cart_decoded_free(&backtest->decoded);
    payment_decoded_free(&backtest->payment);
    sightings_free(&backtest->sightings);
    pg_close(backtest->pg);
}

static void report(const struct backtest *backtest)
{
    printf("%ld events, %ld checkouts: %ld cleared, %ld held, %ld blocked\n", backtest->events,
           backtest->verdicts[FRAUD_EVENT_CLEARED] + backtest->verdicts[FRAUD_EVENT_HELD] +
               backtest->verdicts[FRAUD_EVENT_BLOCKED],
           backtest->verdicts[FRAUD_EVENT_CLEARED], backtest->verdicts[FRAUD_EVENT_HELD],
           backtest->verdicts[FRAUD_EVENT_BLOCKED]);
    if (backtest->unreadable > 0)
        printf("%ld events could not be read and were left out\n", backtest->unreadable);
    if (backtest->replay.evicted > 0)
        printf("%zu observations were dropped for want of memory: hits of long windows may be "
               "missing\n",
               backtest->replay.evicted);
    printf("\n%-40s %-8s %10s\n", "rule", "mode", "hits");
    for (size_t i = 0; i < backtest->rules.count; i++)
        printf("%-40s %-8s %10ld\n", backtest->rules.items[i].name,
               fraud_mode_name(backtest->rules.items[i].mode), backtest->hits[i]);
}

static int take_arguments(int argc, char **argv, struct backtest_arguments *arguments,
                          struct error *err)
{
    *arguments =
        (struct backtest_arguments){.until_us = clock_wall_us() + 86400 * INT64_C(1000000)};
    for (int i = 0; i < argc; i++) {
        bool since = strcmp(argv[i], "--since") == 0, until = strcmp(argv[i], "--until") == 0;
        if (since || until) {
            int64_t *time = since ? &arguments->since_us : &arguments->until_us;
            if (++i == argc || clock_parse(argv[i], strlen(argv[i]), time) != 0)
                return error_set(err, ERROR_PERMANENT,
                                 "%s needs a time such as 2026-11-21T12:00:00Z", argv[i - 1]);
        } else if (arguments->file == NULL && argv[i][0] != '-' && argv[i][0] != '\0') {
            arguments->file = argv[i];
        } else {
            return error_set(err, ERROR_PERMANENT, "--backtest does not know `%.64s`", argv[i]);
        }
    }
    return arguments->file != NULL
               ? 0
               : error_set(err, ERROR_PERMANENT, "--backtest needs a rules' file");
}

int backtest_run(const void *settings, int argc, char **argv)
{
    struct backtest backtest = {.settings = settings};
    struct error err;
    if (take_arguments(argc, argv, &backtest.arguments, &err) != 0) {
        log_error(err.message);
        return 1;
    }
    int rc = open_all(&backtest, &err);
    if (rc == 0)
        rc = replay(&backtest, &err);
    if (rc == 0)
        report(&backtest);
    else
        log_error("backtest not finished", LOG_TEXT("why", err.message));
    close_all(&backtest);
    return rc != 0;
}

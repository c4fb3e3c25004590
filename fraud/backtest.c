/* fraud --backtest: what the rules of a file would have said about the stored history. Reads the
 * store, changes nothing.
 *
 * The partitions of all categories are merged by event time. A checkout is judged once everything
 * up to a little after it has been observed, so what was recorded a little late counts as it does
 * live. Owner: fraud. Thread: the only one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "eventstore/read.h"
#include "fraud/replay.h"
#include "fraud/rules_file.h"
#include "fraud/state.h"

enum { PAGE = 500, CONNECT_TIMEOUT_MS = 5000, READ_TIMEOUT_MS = 30000 };
enum { OBSERVATIONS_MAX = 2000000 }; /* a few hundred MB */

struct backtest_arguments {
    const char *file;
    int64_t since_us, until_us;
};

/* An event that waits for its turn, with a copy of its payload behind it. */
struct stored {
    int64_t at_us;
    size_t length;
    char payload[];
};

/* A partition that is read page by page. */
struct source {
    const struct category *category;
    int partition;
    int64_t position; /* of the last event read */
    struct stored *events[PAGE];
    int next, count;
    bool ended;
};

struct backtest {
    const struct fraud_settings *settings;
    struct backtest_arguments arguments;
    struct rules rules;
    struct pg *pg;
    struct source *sources;
    size_t source_count;
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

/* ---- the merge */

static int64_t slack_us(const struct backtest *backtest)
{
    return backtest->settings->lateness_ms * 1000;
}

static int take_event(void *argument, const struct event_record *record)
{
    struct source *source = argument;
    struct stored *stored = mem_alloc(sizeof(*stored) + record->payload.len);
    stored->at_us = record->recorded_at_us;
    stored->length = record->payload.len;
    memcpy(stored->payload, record->payload.data, record->payload.len);
    source->events[source->count++] = stored;
    source->position = record->position;
    return 0;
}

static int refill(struct backtest *backtest, struct source *source, struct error *err)
{
    source->next = source->count = 0;
    if (read_partition(backtest->pg, source->category, source->partition, source->position, PAGE,
                       take_event, source, READ_TIMEOUT_MS, err) != 0)
        return -1;
    source->ended = source->count == 0;
    return 0;
}

/* The source whose next event is the earliest; NULL when all have ended. */
static int earliest(struct backtest *backtest, struct error *err, struct source **ret_source)
{
    struct source *best = NULL;
    for (size_t i = 0; i < backtest->source_count; i++) {
        struct source *source = &backtest->sources[i];
        if (!source->ended && source->next == source->count && refill(backtest, source, err) != 0)
            return -1;
        if (source->ended)
            continue;
        if (best == NULL || source->events[source->next]->at_us < best->events[best->next]->at_us)
            best = source;
    }
    *ret_source = best;
    return 0;
}

/* ---- what is done with an event */

static bool decode(struct backtest *backtest, const struct category *category,
                   const struct stored *stored)
{
    struct slice payload = {stored->payload, stored->length};
    struct error err;
    if (category == &category_payment) {
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

static void wait_for_verdict(struct backtest *backtest, struct stored *stored)
{
    if (backtest->waiting_first == backtest->waiting_end)
        backtest->waiting_first = backtest->waiting_end = 0;
    if (backtest->waiting_end == backtest->waiting_capacity) {
        backtest->waiting_capacity =
            backtest->waiting_capacity > 0 ? backtest->waiting_capacity * 2 : 64;
        backtest->waiting = mem_realloc(backtest->waiting,
                                        backtest->waiting_capacity * sizeof(backtest->waiting[0]));
    }
    backtest->waiting[backtest->waiting_end++] = stored;
}

static void judge(struct backtest *backtest, struct stored *stored)
{
    struct fraud_verdict verdict;
    CHECK(decode(backtest, &category_cart, stored)); /* it was, when it was observed */
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

static void take(struct backtest *backtest, const struct category *category, struct stored *stored)
{
    const struct backtest_arguments *arguments = &backtest->arguments;
    bool kept = false;
    backtest->events++;
    if (!decode(backtest, category, stored)) {
        backtest->unreadable++;
    } else {
        replay_observe(&backtest->replay, &backtest->sightings);
        kept = category == &category_cart &&
               backtest->decoded.event.type == CART_EVENT_CHECKED_OUT &&
               stored->at_us >= arguments->since_us && stored->at_us <= arguments->until_us;
    }
    if (kept)
        wait_for_verdict(backtest, stored);
    else
        free(stored);
}

static int64_t horizon_us(const struct rules *rules)
{
    int64_t longest = 0;
    for (size_t i = 0; i < rules->feed_count; i++)
        longest = rules->feeds[i].horizon_us > longest ? rules->feeds[i].horizon_us : longest;
    return longest;
}

static int replay(struct backtest *backtest, struct error *err)
{
    const struct backtest_arguments *arguments = &backtest->arguments;
    int64_t horizon = horizon_us(&backtest->rules);
    for (;;) {
        struct source *source;
        if (earliest(backtest, err, &source) != 0)
            return -1;
        if (source == NULL)
            break;
        struct stored *stored = source->events[source->next++];
        judge_upto(backtest, stored->at_us);
        if (stored->at_us > arguments->until_us || stored->at_us < arguments->since_us - horizon)
            free(stored);
        else
            take(backtest, source->category, stored);
    }
    judge_upto(backtest, INT64_MAX);
    return 0;
}

/* ---- the frame */

static int open_all(struct backtest *backtest, struct error *err)
{
    static const struct category *const categories[] = {&category_cart, &category_payment};
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
    backtest->sources = mem_calloc((size_t)(category_cart.partitions + category_payment.partitions),
                                   sizeof(struct source));
    for (size_t i = 0; i < ARRAY_SIZE(categories); i++) {
        for (int partition = 0; partition < categories[i]->partitions; partition++)
            backtest->sources[backtest->source_count++] =
                (struct source){.category = categories[i], .partition = partition};
    }
    return 0;
}

static void close_all(struct backtest *backtest)
{
    for (size_t i = 0; i < backtest->source_count; i++) {
        struct source *source = &backtest->sources[i];
        while (source->next < source->count)
            free(source->events[source->next++]);
    }
    while (backtest->waiting_first < backtest->waiting_end)
        free(backtest->waiting[backtest->waiting_first++]);
    free(backtest->waiting);
    free(backtest->sources);
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
    *arguments = (struct backtest_arguments){.until_us = INT64_MAX / 2};
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

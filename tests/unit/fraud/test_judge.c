/* From hits to a verdict; the keys of a checkout; contributing events; bounded memory of replays.
 */
#include "fraud/replay.h"
#include <stdio.h>

#include "tests/unit/test.h"

#define RULE(name, mode, score)                                                                    \
    "[" name "]\nevent = CartCheckedOut\nkey = user\naggregate = count\nwindow = 1h\n"             \
    "threshold = 0\nscore = " score "\nmode = " mode "\n"

static const int64_t NOW_US = INT64_C(1795262400000000);

static void parse(const char *text, struct rules *rules)
{
    struct error err = {.message = ""};
    if (rules_parse(slice_of(text), "test", &err, rules) != 0)
        fail_msg("%s", err.message);
}

static void checkout(struct replay *replay, struct sightings *sightings, int id,
                     const struct sold_line *lines, size_t count)
{
    struct cart_event event = {.cart_id = slice_of("c1"),
                               .version = 3,
                               .occurred_at_us = NOW_US + id,
                               .actor = slice_of("u1"),
                               .type = CART_EVENT_CHECKED_OUT};
    memcpy(event.event_id.bytes, &id, sizeof(id));
    event.checked_out.order_id = slice_of("o1");
    event.checked_out.user_id = slice_of("u1");
    event.checked_out.currency = slice_of("EUR");
    event.checked_out.lines = lines;
    event.checked_out.line_count = count;
    sightings_of_cart(&event, sightings);
    replay_observe(replay, sightings);
}

static enum fraud_event_type verdict_of(const char *text, int32_t *ret_score, size_t *ret_hits)
{
    struct rules rules;
    struct sightings sightings = {0};
    struct fraud_verdict verdict;
    parse(text, &rules);
    struct replay replay = {.rules = &rules, .observations_max = 100};
    checkout(&replay, &sightings, 1, NULL, 0);
    enum fraud_event_type type = replay_judge(&replay, &sightings, &verdict);
    *ret_score = verdict.score;
    *ret_hits = verdict.hit_count;
    replay_free(&replay);
    sightings_free(&sightings);
    rules_free(&rules);
    return type;
}

static void the_gravest_mode_decides(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum fraud_event_type type;
        int32_t score;
        size_t hits;
    } cases[] = {
        {RULE("a", "shadow", "90"), FRAUD_EVENT_CLEARED, 0, 1},
        {RULE("a", "shadow", "90") RULE("b", "review", "10"), FRAUD_EVENT_HELD, 10, 2},
        {RULE("a", "review", "0") RULE("b", "block", "5"), FRAUD_EVENT_BLOCKED, 5, 2},
        {"[verdict]\nblock_score = 50\n" RULE("a", "review", "20") RULE("b", "review", "30"),
         FRAUD_EVENT_BLOCKED, 50, 2},
        {"[verdict]\nblock_score = 51\n" RULE("a", "review", "20") RULE("b", "review", "30"),
         FRAUD_EVENT_HELD, 50, 2},
        {"[verdict]\nblock_score = 50\n" RULE("a", "shadow", "90"), FRAUD_EVENT_CLEARED, 0, 1},
        {"[a]\nevent = ItemAdded\nkey = user\naggregate = count\nwindow = 1h\nthreshold = 0\n"
         "score = 9\nmode = block\n",
         FRAUD_EVENT_CLEARED, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int32_t score;
        size_t hits;
        assert_int_equal(verdict_of(cases[i].text, &score, &hits), cases[i].type);
        assert_int_equal(score, cases[i].score);
        assert_int_equal(hits, cases[i].hits);
    }
}

/* A rule about products is asked for each line and tells of the one that speaks loudest. */
static void each_line_is_asked(void **state)
{
    (void)state;
    static const struct sold_line lines[] = {
        {{"p1", 2}, {"One", 3}, 100, 200, 2},
        {{"p2", 2}, {"Two", 3}, 100, 900, 9},
        {{"p3", 2}, {"Three", 5}, 100, 500, 5},
    };
    struct rules rules;
    struct sightings sightings = {0};
    struct fraud_verdict verdict;
    parse("[many]\nevent = SoldLine\nkey = user product\naggregate = sum\nvalue = quantity\n"
          "window = 1h\nthreshold = 3\nscore = 1\nmode = review\n",
          &rules);
    struct replay replay = {.rules = &rules, .observations_max = 100};
    checkout(&replay, &sightings, 1, lines, 3);
    assert_int_equal(replay_judge(&replay, &sightings, &verdict), FRAUD_EVENT_HELD);
    assert_int_equal(replay.judge.question_count, 3);
    assert_int_equal(verdict.hit_count, 1);
    assert_slice(verdict.hits[0].key, "user:u1 product:p2");
    assert_true(verdict.hits[0].value > 8.9 && verdict.hits[0].value < 9.1);
    assert_int_equal(verdict.hits[0].event_count, 1);
    replay_free(&replay);
    sightings_free(&sightings);
    rules_free(&rules);
}

static void a_hit_names_the_newest_hundred(void **state)
{
    (void)state;
    struct rules rules;
    struct sightings sightings = {0};
    struct fraud_verdict verdict;
    parse(RULE("a", "review", "1"), &rules);
    struct replay replay = {.rules = &rules, .observations_max = 1000};
    for (int id = 1; id <= 150; id++) {
        checkout(&replay, &sightings, id, NULL, 0);
        checkout(&replay, &sightings, id, NULL, 0); /* delivered twice, counted once */
    }
    replay_judge(&replay, &sightings, &verdict);
    assert_true(verdict.hits[0].value > 149.9 && verdict.hits[0].value < 150.1);
    assert_int_equal(verdict.hits[0].event_count, 100);
    int newest;
    memcpy(&newest, verdict.hits[0].event_ids[0].bytes, sizeof(newest));
    assert_int_equal(newest, 150);
    replay_free(&replay);
    sightings_free(&sightings);
    rules_free(&rules);
}

static void replays_are_bounded(void **state)
{
    (void)state;
    struct rules rules;
    struct sightings sightings = {0};
    parse("[a]\nevent = ItemAdded\nkey = cart\naggregate = count\nwindow = 1h\nthreshold = 5\n"
          "score = 1\nmode = review\n",
          &rules);
    struct replay replay = {.rules = &rules, .observations_max = 10};
    for (int i = 0; i < 100; i++) {
        char cart[16];
        struct cart_event event = {.version = 1,
                                   .occurred_at_us = NOW_US + i,
                                   .actor = slice_of("u1"),
                                   .type = CART_EVENT_ITEM_ADDED};
        snprintf(cart, sizeof(cart), "c%d", i);
        event.cart_id = slice_of(cart);
        memcpy(event.event_id.bytes, &i, sizeof(i));
        sightings_of_cart(&event, &sightings);
        replay_observe(&replay, &sightings);
        assert_true(replay.observations <= 10);
    }
    assert_int_equal(replay.evicted, 90);
    assert_int_equal(replay.windows.count, 10);
    replay_free(&replay);
    sightings_free(&sightings);
    rules_free(&rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gravest_mode_decides),
        cmocka_unit_test(each_line_is_asked),
        cmocka_unit_test(a_hit_names_the_newest_hundred),
        cmocka_unit_test(replays_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

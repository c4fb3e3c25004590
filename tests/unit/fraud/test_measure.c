/* Each aggregate: its value, its edges in time, and the events that made it. */
#include "fraud/measure.h"

#include "tests/unit/test.h"

enum { S = 1000000 };

static struct rule rule_of(enum rule_aggregate aggregate, int window_s, int within_s)
{
    return (struct rule){.aggregate = aggregate,
                         .window_us = window_s * (int64_t)S,
                         .within_us = within_s * (int64_t)S,
                         .keep = 100,
                         .at_least = 2,
                         .value = aggregate == AGGREGATE_DISTINCT ? FIELD_IP : FIELD_AMOUNT};
}

static int next_id;

static void put(struct window *window, int at_s, int64_t number, const char *item, const char *cart)
{
    struct observation observation = {.at_us = at_s * (int64_t)S, .number = number};
    next_id++;
    memcpy(observation.event_id.bytes, &next_id, sizeof(next_id));
    observation.item = slice_of(item);
    observation.cart_id = slice_of(cart);
    assert_true(window_add(window, &observation));
}

static double value_at(const struct rule *rule, const struct window *window, int at_s,
                       struct measure *measure)
{
    assert_true(measure_take(rule, window, at_s * (int64_t)S, slice_of("mine"), measure));
    return measure->value;
}

static void assert_near(double actual, double expected)
{
    assert_true(actual > expected - 1e-9 && actual < expected + 1e-9);
}

static void counts_within_the_window(void **state)
{
    (void)state;
    struct window window = {.keep = 100};
    struct measure measure;
    struct rule rule = rule_of(AGGREGATE_COUNT, 60, 60);
    put(&window, 100, 0, "", "mine");
    put(&window, 130, 0, "", "mine");
    put(&window, 160, 0, "", "mine");
    assert_near(value_at(&rule, &window, 159, &measure), 2); /* what is later does not count */
    assert_near(value_at(&rule, &window, 160, &measure), 2); /* after 100, up to 160 */
    assert_near(value_at(&rule, &window, 189, &measure), 2);
    assert_near(value_at(&rule, &window, 190, &measure), 1);
    assert_false(measure_take(&rule, &window, 220 * (int64_t)S, slice_of("mine"), &measure));
    assert_false(measure_take(&rule, &window, 99 * (int64_t)S, slice_of("mine"), &measure));
    window_free(&window);
}

static void finds_the_busiest_window(void **state)
{
    (void)state;
    struct window window = {.keep = 100};
    struct measure measure;
    struct rule rule = rule_of(AGGREGATE_COUNT, 10, 1000);
    for (int i = 0; i < 5; i++)
        put(&window, 100 + i, 0, "", "mine");
    put(&window, 500, 0, "", "mine");
    put(&window, 505, 0, "", "mine");
    assert_near(value_at(&rule, &window, 600, &measure), 5);
    assert_int_equal(measure.begin, 0);
    assert_int_equal(measure.end, 5);
    rule.within_us = 150 * (int64_t)S;
    assert_near(value_at(&rule, &window, 600, &measure), 2);
    window_free(&window);
}

static void sums_and_extremes(void **state)
{
    (void)state;
    struct window window = {.keep = 100};
    struct measure measure;
    struct rule sum = rule_of(AGGREGATE_SUM, 10, 100), min = rule_of(AGGREGATE_MIN, 100, 100),
                max = rule_of(AGGREGATE_MAX, 100, 100);
    put(&window, 100, 50, "", "mine");
    put(&window, 105, 7, "", "mine");
    put(&window, 120, 30, "", "mine");
    assert_near(value_at(&sum, &window, 120, &measure), 57);
    assert_near(value_at(&min, &window, 120, &measure), 7);
    assert_int_equal(measure.begin, 1);
    assert_int_equal(measure.end, 2);
    assert_near(value_at(&max, &window, 120, &measure), 50);
    sum.below = true; /* the quietest window */
    assert_near(value_at(&sum, &window, 120, &measure), 30);
    window_free(&window);
}

static void counts_different_items(void **state)
{
    (void)state;
    struct window window = {.keep = 100};
    struct measure measure;
    struct rule rule = rule_of(AGGREGATE_DISTINCT, 10, 100);
    put(&window, 100, 0, "a", "mine");
    put(&window, 101, 0, "b", "mine");
    put(&window, 102, 0, "a", "mine");
    put(&window, 109, 0, "c", "mine");
    put(&window, 111, 0, "a", "mine");
    assert_near(value_at(&rule, &window, 111, &measure), 3);
    assert_near(value_at(&rule, &window, 103, &measure), 2);
    rule.within_us = 8 * (int64_t)S;
    assert_near(value_at(&rule, &window, 111, &measure), 2);
    window_free(&window);
}

static void compares_with_the_median_of_others(void **state)
{
    (void)state;
    struct window window = {.keep = 100};
    struct measure measure;
    struct rule ratio = rule_of(AGGREGATE_RATIO, 1000, 1000),
                deviation = rule_of(AGGREGATE_DEVIATION, 1000, 1000);
    put(&window, 100, 10, "", "other-1");
    put(&window, 110, 999, "", "mine");
    assert_false(measure_take(&ratio, &window, 120 * (int64_t)S, slice_of("mine"), &measure));
    put(&window, 130, 30, "", "other-2");
    put(&window, 140, 5, "", "mine");
    assert_near(value_at(&ratio, &window, 140, &measure), 0.25); /* the newest own: 5 to 20 */
    assert_int_equal(measure.own, 3);
    assert_near(value_at(&deviation, &window, 140, &measure), 4);
    put(&window, 150, 20, "", "other-3");
    assert_near(value_at(&ratio, &window, 150, &measure), 0.25); /* 10 20 30 */
    assert_near(value_at(&deviation, &window, 135, &measure), 49.95);
    assert_false(measure_take(&ratio, &window, 150 * (int64_t)S, slice_of("new"), &measure));
    put(&window, 160, 0, "", "mine");
    assert_near(value_at(&deviation, &window, 160, &measure), 20);
    window_free(&window);
}

static void looks_at_the_newest_only(void **state)
{
    (void)state;
    struct window window = {.keep = 100};
    struct measure measure;
    struct rule rule = rule_of(AGGREGATE_COUNT, 1000, 1000);
    rule.keep = 3;
    for (int i = 0; i < 10; i++)
        put(&window, 100 + i, 0, "", "mine");
    assert_near(value_at(&rule, &window, 200, &measure), 3);
    assert_int_equal(measure.begin, 7);
    window_free(&window);
}

static void fires_on_its_side(void **state)
{
    (void)state;
    struct rule rule = {.threshold = 3};
    assert_true(measure_fires(&rule, 3.1));
    assert_false(measure_fires(&rule, 3));
    rule.below = true;
    assert_true(measure_fires(&rule, 2.9));
    assert_false(measure_fires(&rule, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_within_the_window),
        cmocka_unit_test(finds_the_busiest_window),
        cmocka_unit_test(sums_and_extremes),
        cmocka_unit_test(counts_different_items),
        cmocka_unit_test(compares_with_the_median_of_others),
        cmocka_unit_test(looks_at_the_newest_only),
        cmocka_unit_test(fires_on_its_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A quiet shop is published at once, a busy one in steps. */
#include "eventstore/relay_pace.h"

#include "tests/unit/test.h"

enum { SECOND_US = 1000000 };

/* Looks whenever it may, with one event every interval_us; how many looks a second. */
static int looks_per_second(int64_t interval_us)
{
    struct relay_pace pace = {0};
    int looks = 0;
    int64_t taken = 0, begin_us = 77 * INT64_C(1000000);
    for (int64_t at_us = 0; at_us < SECOND_US; at_us += 100) {
        int64_t there = at_us / interval_us;
        if (there == taken || begin_us + at_us < pace.due_us)
            continue;
        relay_pace_note(&pace, begin_us + at_us, there - taken);
        taken = there;
        looks++;
    }
    return looks;
}

static void little_is_looked_at_at_once(void **state)
{
    (void)state;
    assert_int_equal(looks_per_second(SECOND_US / 10), 9);
    assert_int_equal(looks_per_second(SECOND_US / 100), 99);
    assert_int_equal(looks_per_second(SECOND_US / 200), 199);
}

static void much_is_looked_at_in_steps(void **state)
{
    (void)state;
    assert_in_range(looks_per_second(SECOND_US / 1000), 90, 105);
    assert_in_range(looks_per_second(SECOND_US / 10000), 90, 105);
}

static void a_burst_is_one_step(void **state)
{
    struct relay_pace pace = {0};
    (void)state;
    relay_pace_note(&pace, SECOND_US, 1000);
    assert_int_equal(pace.due_us, SECOND_US + RELAY_PACE_US);
    relay_pace_note(&pace, pace.due_us, 1);
    assert_true(pace.due_us <= SECOND_US + RELAY_PACE_US); /* the next one goes at once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(little_is_looked_at_at_once),
        cmocka_unit_test(much_is_looked_at_in_steps),
        cmocka_unit_test(a_burst_is_one_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

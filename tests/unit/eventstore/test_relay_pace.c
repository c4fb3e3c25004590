/* A quiet shop is published at once, a busy one in steps. */
#include "eventstore/relay_pace.h"

#include "tests/unit/test.h"

enum { SECOND_US = 1000000 };

/* Looks whenever it may, with one event every interval_us; how many looks in the second second,
 * when the load is known. */
static int looks_per_second(int64_t interval_us)
{
    struct relay_pace pace = {0};
    int looks = 0;
    int64_t taken = 0, begin_us = 77 * INT64_C(1000000);
    for (int64_t at_us = 0; at_us < 2 * SECOND_US; at_us += 100) {
        int64_t there = at_us / interval_us;
        if (there == taken || begin_us + at_us < pace.due_us)
            continue;
        relay_pace_note(&pace, begin_us + at_us, there - taken);
        taken = there;
        looks += at_us >= SECOND_US;
    }
    return looks;
}

static void little_is_looked_at_at_once(void **state)
{
    (void)state;
    assert_int_equal(looks_per_second(SECOND_US / 10), 10);
    assert_int_equal(looks_per_second(SECOND_US / 100), 100);
    assert_int_equal(looks_per_second(SECOND_US / 700), 700);
}

static void the_more_the_rarer(void **state)
{
    (void)state;
    int at_1000 = looks_per_second(SECOND_US / 1000), at_2000 = looks_per_second(SECOND_US / 2000);
    assert_in_range(at_1000, 300, 600);
    assert_in_range(at_2000, 70, at_1000 / 2);
    assert_in_range(looks_per_second(SECOND_US / 10000), SECOND_US / RELAY_PACE_MAX_US,
                    2 * SECOND_US / RELAY_PACE_MAX_US);
}

/* A burst is told from a load by what it is over: the next window is a quiet one. */
static void a_burst_is_over_soon(void **state)
{
    struct relay_pace pace = {0};
    int64_t now_us = SECOND_US;
    (void)state;
    relay_pace_note(&pace, now_us, 1000);
    for (int i = 0; i < 200 && pace.due_us > now_us; i++) {
        now_us = pace.due_us;
        relay_pace_note(&pace, now_us, 1);
    }
    assert_true(pace.due_us <= now_us);
    assert_true(now_us - SECOND_US <= 4 * RELAY_PACE_WINDOW_US);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(little_is_looked_at_at_once),
        cmocka_unit_test(the_more_the_rarer),
        cmocka_unit_test(a_burst_is_over_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

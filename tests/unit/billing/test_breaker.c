/* The circuit breaker: closed, open, one probe, closed again. */
#include "billing/breaker.h"

#include "tests/unit/test.h"

enum { SECOND_US = 1000000 };

static void opens_after_failures_in_a_row(void **state)
{
    struct breaker breaker = {.failures_max = 3, .open_us = SECOND_US};
    (void)state;
    breaker_tell(&breaker, false, 0);
    breaker_tell(&breaker, false, 0);
    breaker_tell(&breaker, true, 0);
    breaker_tell(&breaker, false, 0);
    breaker_tell(&breaker, false, 0);
    assert_int_equal(breaker_ask(&breaker, 0), 0);
    breaker_tell(&breaker, false, 0);
    assert_int_equal(breaker_ask(&breaker, 0), 1001);
    assert_int_equal(breaker_ask(&breaker, SECOND_US / 2), 501);
}

static void one_probe_decides_for_all(void **state)
{
    struct breaker breaker = {.failures_max = 1, .open_us = SECOND_US};
    (void)state;
    breaker_tell(&breaker, false, 0);
    assert_int_equal(breaker_ask(&breaker, SECOND_US), 0);
    assert_true(breaker_ask(&breaker, SECOND_US) > 0);
    breaker_tell(&breaker, false, SECOND_US + 1);
    assert_true(breaker_ask(&breaker, 2 * SECOND_US) > 0);
    assert_int_equal(breaker_ask(&breaker, 3 * SECOND_US), 0);
    breaker_tell(&breaker, true, 3 * SECOND_US);
    assert_int_equal(breaker_ask(&breaker, 3 * SECOND_US), 0);
    assert_int_equal(breaker_ask(&breaker, 3 * SECOND_US), 0);
}

/* A probe that never comes back does not keep the others out for ever. */
static void a_lost_probe_is_followed_by_another(void **state)
{
    struct breaker breaker = {.failures_max = 1, .open_us = SECOND_US};
    (void)state;
    breaker_tell(&breaker, false, 0);
    assert_int_equal(breaker_ask(&breaker, SECOND_US), 0);
    assert_int_equal(breaker_ask(&breaker, 2 * SECOND_US), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_after_failures_in_a_row),
        cmocka_unit_test(one_probe_decides_for_all),
        cmocka_unit_test(a_lost_probe_is_followed_by_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

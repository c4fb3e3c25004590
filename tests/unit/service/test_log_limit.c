/* The same trouble is said once, then seldom; another one at once. */
#include "service/log_limit.h"

#include "tests/unit/test.h"

static void says_it_once(void **state)
{
    (void)state;
    struct log_limit limit = {0};
    const int64_t later_us = LOG_LIMIT_QUIET_MS * INT64_C(1000);
    assert_true(log_limit_passes(&limit, "a", 1));
    assert_false(log_limit_passes(&limit, "a", 2));
    assert_true(log_limit_passes(&limit, "b", 3));
    assert_false(log_limit_passes(&limit, "b", 2 + later_us));
    assert_true(log_limit_passes(&limit, "b", 3 + later_us));
    assert_true(log_limit_passes(&limit, "a", 4 + later_us));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(says_it_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

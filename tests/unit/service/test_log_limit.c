/* The same trouble is said once, then seldom; another one at once. */
#include "service/log_limit.h"

#include "tests/unit/test.h"

static const int64_t later_us = LOG_LIMIT_QUIET_MS * INT64_C(1000);

static void says_it_once(void **state)
{
    (void)state;
    struct log_limit limit = {.said = {{0, 0}}};
    assert_true(log_limit_passes(&limit, "a", 1));
    assert_true(log_limit_passes(&limit, "b", 2));
    for (int64_t now_us = 3; now_us < 100; now_us++) {
        assert_false(log_limit_passes(&limit, "a", now_us));
        assert_false(log_limit_passes(&limit, "b", now_us));
    }
    assert_true(log_limit_passes(&limit, "a", 1 + later_us));
    assert_false(log_limit_passes(&limit, "b", 1 + later_us));
    assert_true(log_limit_passes(&limit, "b", 2 + later_us));
}

/* More troubles than there is room for: the one said longest ago makes way. */
static void has_bounded_memory(void **state)
{
    (void)state;
    struct log_limit limit = {.said = {{0, 0}}};
    char text[2] = "";
    for (char c = 0; c <= LOG_LIMIT_TEXTS; c++) {
        text[0] = (char)('a' + c);
        assert_true(log_limit_passes(&limit, text, 1 + c));
    }
    assert_false(log_limit_passes(&limit, "b", 50));
    assert_true(log_limit_passes(&limit, "a", 50));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_it_once),
        cmocka_unit_test(has_bounded_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The numbers of a position or a mark, as they stand in Redis. */
#include "views/view_positions.h"

#include <string.h>

#include "tests/unit/test.h"

static void takes_numbers_one_after_another(void **state)
{
    (void)state;
    const char *at = "17 -1 rest";
    int64_t number;
    assert_true(view_number(&at, &number));
    assert_int_equal(number, 17);
    assert_true(view_number(&at, &number));
    assert_int_equal(number, -1);
    assert_string_equal(at, "rest");
    assert_false(view_number(&at, &number));
    assert_string_equal(at, "rest");
}

static void refuses_what_is_no_number(void **state)
{
    static const char *const wrong[] = {"", " ", "x", "1x", "1\t2", "99999999999999999999", "0x1"};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *at = wrong[i];
        int64_t number;
        assert_false(view_number(&at, &number));
        assert_ptr_equal(at, wrong[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_numbers_one_after_another),
        cmocka_unit_test(refuses_what_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* One comparison tells the next event from a duplicate and from a gap. */
#include "service/position.h"

#include "tests/unit/test.h"

static void tells_them_apart(void **state)
{
    (void)state;
    assert_int_equal(position_check(0, 1), POSITION_NEXT);
    assert_int_equal(position_check(0, 2), POSITION_GAP);
    assert_int_equal(position_check(7, 8), POSITION_NEXT);
    assert_int_equal(position_check(7, 7), POSITION_DUPLICATE);
    assert_int_equal(position_check(7, 1), POSITION_DUPLICATE);
    assert_int_equal(position_check(7, 9), POSITION_GAP);
    assert_int_equal(position_check(INT64_MAX - 1, INT64_MAX), POSITION_NEXT);
    assert_int_equal(position_check(INT64_MAX, INT64_MAX), POSITION_DUPLICATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tells_them_apart)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

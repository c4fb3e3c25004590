/* A busy lane waits for those it has just answered, a quiet one for nobody. */
#include "eventstore/lane_gather.h"

#include "tests/unit/test.h"

enum { BATCH_MAX = 500 };

static size_t wanted(size_t last_batch, int64_t last_commit_us, size_t queued, int64_t *ret_wait_us)
{
    struct lane_gather gather = {last_batch, last_commit_us};
    return gather_wanted(&gather, queued, BATCH_MAX, ret_wait_us);
}

static void a_quiet_shop_does_not_wait(void **state)
{
    int64_t wait_us;
    (void)state;
    assert_int_equal(wanted(0, 0, 0, &wait_us), 0);
    assert_int_equal(wanted(GATHER_FROM - 1, 2000, 1, &wait_us), 0);
}

static void those_answered_come_again(void **state)
{
    int64_t wait_us;
    (void)state;
    assert_int_equal(wanted(32, 2000, 30, &wait_us), 62);
    assert_int_equal(wait_us, 500);
    assert_int_equal(wanted(64, 2000, 0, &wait_us), 64);
}

static void the_wait_is_short(void **state)
{
    int64_t wait_us;
    (void)state;
    assert_int_equal(wanted(64, 60000000, 0, &wait_us), 64); /* a store that hung */
    assert_int_equal(wait_us, GATHER_MAX_US);
}

static void a_full_batch_goes(void **state)
{
    int64_t wait_us;
    (void)state;
    assert_int_equal(wanted(BATCH_MAX, 2000, BATCH_MAX, &wait_us), 0);
    assert_int_equal(wanted(BATCH_MAX, 2000, 10, &wait_us), BATCH_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_shop_does_not_wait),
        cmocka_unit_test(those_answered_come_again),
        cmocka_unit_test(the_wait_is_short),
        cmocka_unit_test(a_full_batch_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Token buckets: what is taken, what comes in, and that one key's bucket is not another's.
 * Owner: lib/http. Thread: single.
 */
#include "http/rate_table.h"

#include "tests/unit/test.h"

static const struct rate_limit limit = {.per_minute = 60, .burst = 5};
static const int64_t second_us = 1000000;

static void a_bucket_empties_and_fills(void **state)
{
    (void)state;
    struct rate_table *table = rate_table_new(&limit, 1024);
    int64_t now_us = 77 * second_us;
    struct rate_state got;
    assert_int_equal(rate_window_s(&limit), 5);
    for (int i = 0; i < 5; i++) {
        got = rate_take(table, slice_of("a"), now_us);
        assert_true(got.allowed);
        assert_int_equal(got.remaining, 4 - i);
        assert_int_equal(got.whole_in_s, i + 1);
    }
    got = rate_take(table, slice_of("a"), now_us);
    assert_false(got.allowed);
    assert_int_equal(got.retry_in_s, 1);
    assert_int_equal(got.whole_in_s, 5);
    assert_true(rate_take(table, slice_of("b"), now_us).allowed); /* another's */
    assert_false(rate_take(table, slice_of("a"), now_us + second_us - 1).allowed);
    assert_true(rate_take(table, slice_of("a"), now_us + second_us).allowed);
    assert_false(rate_take(table, slice_of("a"), now_us + second_us).allowed);
    assert_false(rate_take(table, slice_of("a"), now_us).allowed); /* time does not go back */
    got = rate_take(table, slice_of("a"), now_us + 3600 * second_us);
    assert_int_equal(got.remaining, 4); /* never more than whole */
    got = rate_take(table, slice_of("a"), INT64_MAX);
    assert_int_equal(got.remaining, 4);
    rate_table_free(table);
}

static void slow_limits(void **state)
{
    (void)state;
    const struct rate_limit slow = {.per_minute = 1, .burst = 1};
    struct rate_table *table = rate_table_new(&slow, 16);
    assert_true(rate_take(table, slice_of("a"), 0).allowed);
    struct rate_state got = rate_take(table, slice_of("a"), 30 * second_us);
    assert_false(got.allowed);
    assert_in_range(got.retry_in_s, 30, 31);
    assert_true(rate_take(table, slice_of("a"), 61 * second_us).allowed);
    rate_table_free(table);
}

/* However many keys come, the one that is in use keeps its bucket while there is room in its set,
 * and nothing grows. */
static void the_longest_unused_makes_way(void **state)
{
    (void)state;
    enum { STRANGERS = 20000 };
    struct rate_table *table = rate_table_new(&limit, 128);
    int64_t now_us = 1;
    for (int i = 0; i < 5; i++)
        assert_true(rate_take(table, slice_of("mine"), now_us).allowed);
    for (int i = 0; i < STRANGERS; i++) {
        struct slice key = {(const char *)&i, sizeof(i)};
        rate_take(table, key, ++now_us);
        assert_false(rate_take(table, slice_of("mine"), ++now_us).allowed);
    }
    int there = 0;
    for (int i = 0; i < STRANGERS; i++) {
        struct slice key = {(const char *)&i, sizeof(i)};
        there += rate_take(table, key, now_us).remaining < limit.burst - 1 ? 1 : 0;
    }
    assert_in_range(there, 0, 128);
    rate_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_empties_and_fills),
        cmocka_unit_test(slow_limits),
        cmocka_unit_test(the_longest_unused_makes_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Doubts: how they arise, and that only what was read after one arose overcomes it. */
#include "cart-api/view_trust.h"

#include "tests/unit/test.h"

enum { PARTITIONS = 2 };

static int set_up(void **state)
{
    static struct view_trust trust;
    view_trust_init(&trust, PARTITIONS);
    *state = &trust;
    return 0;
}

static int tear_down(void **state)
{
    view_trust_free(*state);
    return 0;
}

static void settle(struct view_trust *trust)
{
    const int64_t numbers[PARTITIONS] = {10, 20};
    view_trust_look(trust);
    view_trust_aim(trust, numbers);
    view_trust_reach(trust, numbers);
}

static void doubts_everything_at_first(void **state)
{
    struct view_trust *trust = *state;
    assert_int_equal(view_trust_of(trust, 0), 0);
    assert_int_equal(view_trust_of(trust, 1), 0);
    assert_int_equal(view_trust_look(trust), VIEW_TRUST_NEEDS_HEADS);
    settle(trust);
    assert_int_not_equal(view_trust_of(trust, 0), 0);
    assert_int_not_equal(view_trust_of(trust, 1), 0);
    assert_int_equal(view_trust_look(trust), VIEW_TRUST_ALL_IS_WELL);
}

static void waits_for_the_projection(void **state)
{
    struct view_trust *trust = *state;
    const int64_t heads[PARTITIONS] = {10, 0}, none[PARTITIONS] = {-1, -1};
    const int64_t behind[PARTITIONS] = {9, 0}, there[PARTITIONS] = {10, 0};
    view_trust_look(trust);
    view_trust_aim(trust, heads);
    view_trust_reach(trust, none);
    assert_int_equal(view_trust_of(trust, 1), 0);
    view_trust_reach(trust, behind);
    assert_int_equal(view_trust_of(trust, 0), 0);
    assert_int_not_equal(view_trust_of(trust, 1), 0);
    assert_int_equal(view_trust_look(trust), VIEW_TRUST_NEEDS_POSITIONS);
    view_trust_reach(trust, there);
    assert_int_not_equal(view_trust_of(trust, 0), 0);
}

static void doubts_one_partition(void **state)
{
    struct view_trust *trust = *state;
    settle(trust);
    uint32_t other = view_trust_of(trust, 1);
    view_trust_doubt(trust, 0);
    assert_int_equal(view_trust_of(trust, 0), 0);
    assert_int_equal(view_trust_of(trust, 1), other);
}

/* An answer that was on its way when a doubt arose, and came after it was overcome. */
static void a_number_is_never_given_twice(void **state)
{
    struct view_trust *trust = *state;
    settle(trust);
    uint32_t before = view_trust_of(trust, 0);
    view_trust_doubt_all(trust);
    settle(trust);
    assert_int_not_equal(view_trust_of(trust, 0), 0);
    assert_int_not_equal(view_trust_of(trust, 0), before);
}

static void a_doubt_during_the_check_stays(void **state)
{
    struct view_trust *trust = *state;
    const int64_t old[PARTITIONS] = {10, 20}, newer[PARTITIONS] = {11, 20};
    view_trust_look(trust);
    view_trust_doubt(trust, 0); /* what was shown is in no head that was read before */
    view_trust_aim(trust, old);
    view_trust_reach(trust, old);
    assert_int_equal(view_trust_of(trust, 0), 0);
    assert_int_not_equal(view_trust_of(trust, 1), 0);
    assert_int_equal(view_trust_look(trust), VIEW_TRUST_NEEDS_HEADS);
    view_trust_aim(trust, newer);
    view_trust_doubt(trust, 0);
    view_trust_reach(trust, newer);
    assert_int_equal(view_trust_of(trust, 0), 0);
    settle(trust);
    assert_int_not_equal(view_trust_of(trust, 0), 0);
}

/* The aim of a doubt stays: a store that is written to all the time must not keep it from being
 * reached. */
static void an_aim_does_not_move(void **state)
{
    struct view_trust *trust = *state;
    const int64_t first[PARTITIONS] = {10, 20}, later[PARTITIONS] = {99, 99};
    view_trust_look(trust);
    view_trust_aim(trust, first);
    view_trust_look(trust);
    view_trust_aim(trust, later);
    view_trust_reach(trust, first);
    assert_int_not_equal(view_trust_of(trust, 0), 0);
}

int main(void)
{
#define WITH_TRUST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_TRUST(doubts_everything_at_first),     WITH_TRUST(waits_for_the_projection),
        WITH_TRUST(doubts_one_partition),           WITH_TRUST(a_number_is_never_given_twice),
        WITH_TRUST(a_doubt_during_the_check_stays), WITH_TRUST(an_aim_does_not_move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

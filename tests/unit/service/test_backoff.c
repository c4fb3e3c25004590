/* The back-off grows, is capped, and its jitter stays between the half and the whole. */
#include "service/backoff.h"

#include "tests/unit/test.h"

static void grows_to_its_cap(void **state)
{
    (void)state;
    enum { MAX_MS = 1000 };
    int whole = BACKOFF_FIRST_MS;
    for (int attempt = 1; attempt <= 100; attempt++) {
        for (uint32_t random = 0; random < 5000; random += 7) {
            int delay = backoff_ms(attempt, MAX_MS, random);
            assert_true(delay >= whole / 2 && delay <= whole);
        }
        whole = whole * 2 < MAX_MS ? whole * 2 : MAX_MS;
    }
    assert_int_equal(whole, MAX_MS);
}

static void spreads(void **state)
{
    (void)state;
    int least = INT32_MAX, most = 0;
    for (uint32_t random = 0; random < 10000; random++) {
        int delay = backoff_ms(50, 1000, random);
        least = delay < least ? delay : least;
        most = delay > most ? delay : most;
    }
    assert_int_equal(least, 500);
    assert_int_equal(most, 1000);
    assert_int_equal(backoff_ms(INT32_MAX, 1, UINT32_MAX), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_to_its_cap),
        cmocka_unit_test(spreads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

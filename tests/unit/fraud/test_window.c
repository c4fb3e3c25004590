/* Order, duplicates and bounds of a window, against a plain model. */
#include "fraud/window.h"

#include <stdlib.h>

#include "tests/unit/test.h"

static struct observation at(int64_t at_us, int id, int part)
{
    struct observation observation = {.at_us = at_us, .part = part, .number = at_us};
    memcpy(observation.event_id.bytes, &id, sizeof(id));
    observation.cart_id = slice_of("cart");
    return observation;
}

static bool add(struct window *window, int64_t at_us, int id, int part)
{
    struct observation observation = at(at_us, id, part);
    return window_add(window, &observation);
}

static void keeps_event_time_order(void **state)
{
    (void)state;
    struct window window = {.keep = 10};
    assert_true(add(&window, 30, 1, 0));
    assert_true(add(&window, 10, 2, 0));
    assert_true(add(&window, 20, 3, 0));
    assert_int_equal(window_count(&window), 3);
    for (size_t i = window.first + 1; i < window.end; i++)
        assert_true(window.items[i - 1]->at_us < window.items[i]->at_us);
    assert_int_equal(window.items[window_after(&window, 20)]->at_us, 30);
    assert_int_equal(window_after(&window, 9), window.first);
    assert_int_equal(window_after(&window, 30), window.end);
    assert_slice(window.items[window.first]->cart_id, "cart");
    window_free(&window);
}

static void counts_a_duplicate_once(void **state)
{
    (void)state;
    struct window window = {.keep = 10};
    assert_true(add(&window, 10, 1, 0));
    assert_true(add(&window, 10, 1, 1)); /* another part of the same event */
    assert_true(add(&window, 10, 2, 0)); /* another event of the same time */
    assert_false(add(&window, 10, 1, 0));
    assert_false(add(&window, 10, 1, 1));
    assert_int_equal(window_count(&window), 3);
    window_free(&window);
}

static void the_oldest_goes(void **state)
{
    (void)state;
    struct window window = {.keep = 3};
    for (int i = 1; i <= 5; i++)
        assert_true(add(&window, i * 10, i, 0));
    assert_int_equal(window_count(&window), 3);
    assert_int_equal(window.items[window.first]->at_us, 30);
    assert_false(add(&window, 20, 2, 0)); /* older than all of a full window */
    assert_true(add(&window, 35, 9, 0));
    assert_int_equal(window.items[window.first]->at_us, 35);
    window_forget(&window, 40);
    assert_int_equal(window_count(&window), 1);
    window_clear(&window);
    assert_int_equal(window_count(&window), 0);
    assert_true(add(&window, 1, 1, 0));
    window_free(&window);
}

/* Thousands of adds in any order with duplicates: the newest of the distinct ones, in order. */
static void agrees_with_a_model(void **state)
{
    (void)state;
    enum { IDS = 700, KEEP = 100, ROUNDS = 5000 };
    struct window window = {.keep = KEEP};
    unsigned random = 12345;
    bool there[IDS] = {false};
    for (int i = 0; i < ROUNDS; i++) {
        random = random * 1103515245u + 12345u;
        int id = (int)(random >> 8) % IDS;
        add(&window, id * 7, id, 0);
        there[id] = true;
        int expected = IDS;
        for (size_t at_end = window.end; at_end > window.first; at_end--) {
            do
                expected--;
            while (!there[expected]);
            assert_int_equal(window.items[at_end - 1]->at_us, expected * 7);
        }
        assert_true(window_count(&window) <= KEEP);
    }
    assert_int_equal(window_count(&window), KEEP);
    window_free(&window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_event_time_order),
        cmocka_unit_test(counts_a_duplicate_once),
        cmocka_unit_test(the_oldest_goes),
        cmocka_unit_test(agrees_with_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

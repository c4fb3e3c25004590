/* Bundles: what goes in comes out, in the range that is asked for; what is cut off is refused. */
#include "fraud/bundle.h"

#include <stdio.h>

#include "tests/unit/test.h"

enum { COUNT = 40, EVERYTHING = 1000 };

/* The texts are static: the number of an observation tells what it has. */
static struct observation make(int i)
{
    static const char *const carts[] = {"c", "cart-1", "a-cart-with-a-rather-long-name"};
    static const char *const items[] = {"", "tok_success", "Grüße", "cart-1"};
    struct observation observation = {
        .at_us = INT64_C(1795262400000000) + i,
        .part = i % 7 * 9000,
        .number = i % 2 == 0 ? INT64_MIN + i : INT64_MAX - i,
        .cart_id = slice_of(carts[i % 3]),
        .item = slice_of(items[i % 4]),
    };
    memset(observation.event_id.bytes, i, sizeof(observation.event_id.bytes));
    return observation;
}

static void fill(struct buf *bytes)
{
    for (int i = 0; i < COUNT; i++) {
        struct observation one = make(i);
        size_t before = bytes->len;
        bundle_add(bytes, &one);
        assert_int_equal(bytes->len - before, bundle_bytes(&one));
    }
}

static void what_goes_in_comes_out(void **state)
{
    (void)state;
    struct buf bytes = {0};
    struct window window = {.keep = EVERYTHING};
    struct error err;
    fill(&bytes);
    assert_int_equal(bundle_open(buf_slice(&bytes), INT64_MIN, INT64_MAX, &window, &err), 0);
    assert_int_equal(window_count(&window), COUNT);
    for (int i = 0; i < COUNT; i++) {
        const struct observation *got = window.items[window.first + (size_t)i];
        struct observation one = make(i);
        assert_int_equal(got->at_us, one.at_us);
        assert_int_equal(got->part, one.part);
        assert_int_equal(got->number, one.number);
        assert_true(uuid_equal(&got->event_id, &one.event_id));
        assert_true(slice_equal(got->cart_id, one.cart_id));
        assert_true(slice_equal(got->item, one.item));
    }
    window_free(&window);
    buf_free(&bytes);
}

/* After one time, up to another: the first is out, the second in. */
static void only_the_range_is_taken(void **state)
{
    (void)state;
    struct buf bytes = {0};
    struct window window = {.keep = EVERYTHING};
    struct error err;
    fill(&bytes);
    int64_t after_us = make(10).at_us, upto_us = make(15).at_us;
    assert_int_equal(bundle_open(buf_slice(&bytes), after_us, upto_us, &window, &err), 0);
    assert_int_equal(window_count(&window), 5);
    assert_int_equal(window.items[window.first]->at_us, make(11).at_us);
    assert_int_equal(window.items[window.end - 1]->at_us, make(15).at_us);
    window_free(&window);
    buf_free(&bytes);
}

static void a_part_is_refused(void **state)
{
    (void)state;
    struct buf bytes = {0};
    fill(&bytes);
    size_t whole = 0, next = 0;
    for (size_t length = 0; length <= bytes.len; length++) {
        struct window window = {.keep = EVERYTHING};
        struct error err;
        struct observation one = make((int)whole);
        int rc =
            bundle_open((struct slice){bytes.data, length}, INT64_MIN, INT64_MAX, &window, &err);
        assert_int_equal(rc, length == next ? 0 : -1);
        assert_int_equal(window_count(&window), whole);
        if (length == next)
            next += bundle_bytes(&one);
        whole += length + 1 == next;
        window_free(&window);
    }
    buf_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(only_the_range_is_taken),
        cmocka_unit_test(a_part_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

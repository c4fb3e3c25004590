/* When an idle cart is told so, and what it is told.
 * Owner: tests. Thread: single.
 */
#include "../test.h"

#include "cart-api/decide_idle.h"

enum { TOUCHED_US = 1000000, AFTER_US = 500000, DUE_US = TOUCHED_US + AFTER_US };

/* A cart with so many lines. */
static void fill(struct cart *cart, int lines)
{
    for (int i = 0; i < lines; i++) {
        char product[] = {'p', (char)('0' + i), '\0'};
        struct cart_event event = {.type = CART_EVENT_ITEM_ADDED,
                                   .version = cart->version + 1,
                                   .occurred_at_us = TOUCHED_US};
        event.item_added = (struct item_added){.product_id = slice_of(product),
                                               .product_name = slice_of("N"),
                                               .currency = slice_of("EUR"),
                                               .user_id = slice_of("anna"),
                                               .price_minor = 10,
                                               .quantity = 2};
        event.item_added.contact.email = slice_of("a@example.org");
        assert_int_equal(cart_evolve(cart, &event, NULL), 0);
    }
}

static void who_is_due(void **state)
{
    (void)state;
    static const struct {
        int lines;
        enum cart_status status;
        bool told; /* that it is abandoned */
        int64_t now_us;
        bool abandon, expire;
    } rows[] = {
        {1, CART_OPEN, false, DUE_US, true, true},
        {1, CART_OPEN, false, DUE_US - 1, false, false},
        {1, CART_OPEN, true, DUE_US, false, true},
        {1, CART_CHECKED_OUT, false, DUE_US, false, false},
        {1, CART_MERGED, false, DUE_US, false, false},
        {1, CART_EXPIRED, false, DUE_US, false, false},
        {1, CART_OPEN, false, 0, false, false}, /* a clock that went back */
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct cart cart = {0};
        fill(&cart, rows[i].lines);
        cart.status = rows[i].status;
        cart.abandoned = rows[i].told;
        assert_int_equal(idle_is_due(&cart, IDLE_ABANDON, rows[i].now_us, AFTER_US),
                         rows[i].abandon);
        assert_int_equal(idle_is_due(&cart, IDLE_EXPIRE, rows[i].now_us, AFTER_US), rows[i].expire);
        cart_free(&cart);
    }
}

static void a_cart_without_lines_is_not_abandoned(void **state)
{
    (void)state;
    struct cart none = {0}, empty = {.version = 3, .touched_at_us = TOUCHED_US};
    assert_false(idle_is_due(&none, IDLE_EXPIRE, DUE_US, AFTER_US));
    assert_false(idle_is_due(&empty, IDLE_ABANDON, DUE_US, AFTER_US));
    assert_true(idle_is_due(&empty, IDLE_EXPIRE, DUE_US, AFTER_US));
}

/* Told once; told again when it was touched and left alone again; the telling is no touch. */
static void once_for_each_time_of_idleness(void **state)
{
    (void)state;
    struct cart cart = {0};
    struct cart_event event = {.version = 2, .occurred_at_us = DUE_US};
    fill(&cart, 1);
    idle_event(&cart, IDLE_ABANDON, &event);
    assert_int_equal(event.abandoned.idle_since_us, TOUCHED_US);
    assert_slice(event.abandoned.contact.email, "a@example.org");
    assert_slice(event.abandoned.user_id, "anna");
    assert_int_equal(event.abandoned.total_minor, 20);
    assert_int_equal(cart_evolve(&cart, &event, NULL), 0);
    assert_false(idle_is_due(&cart, IDLE_ABANDON, DUE_US + AFTER_US, AFTER_US));
    fill(&cart, 1);
    assert_true(idle_is_due(&cart, IDLE_ABANDON, DUE_US, AFTER_US));
    event = (struct cart_event){.version = 4, .occurred_at_us = DUE_US};
    idle_event(&cart, IDLE_EXPIRE, &event);
    assert_int_equal(event.expired.idle_since_us, TOUCHED_US);
    assert_int_equal(cart_evolve(&cart, &event, NULL), 0);
    assert_int_equal(cart.status, CART_EXPIRED);
    cart_free(&cart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_due),
        cmocka_unit_test(a_cart_without_lines_is_not_abandoned),
        cmocka_unit_test(once_for_each_time_of_idleness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

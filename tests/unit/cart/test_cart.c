/* What each event does to a cart, what no correct writer makes, and the state there and back. */
#include "cart/cart.h"

#include <stdio.h>

#include "cart/cart_snapshot.h"
#include "cart/cart_view.h"
#include "tests/unit/test.h"

static struct cart_event next(const struct cart *cart, enum cart_event_type type)
{
    return (struct cart_event){.cart_id = slice_of("c1"),
                               .version = cart->version + 1,
                               .occurred_at_us = 1795262400000000 + cart->version,
                               .actor = slice_of("user-1"),
                               .type = type};
}

static int add(struct cart *cart, const char *product, const char *name, int64_t price,
               int32_t quantity)
{
    struct cart_event event = next(cart, CART_EVENT_ITEM_ADDED);
    event.item_added = (struct item_added){
        .product_id = slice_of(product),
        .product_name = slice_of(name),
        .currency = slice_of("EUR"),
        .user_id = slice_of("user-1"),
        .price_minor = price,
        .quantity = quantity,
        .contact = {slice_of("a@example.org"), slice_of(""), slice_of("de-DE")}};
    return cart_evolve(cart, &event, NULL);
}

static int remove_item(struct cart *cart, const char *product)
{
    struct cart_event event = next(cart, CART_EVENT_ITEM_REMOVED);
    event.item_removed = (struct item_removed){slice_of(product), 1};
    return cart_evolve(cart, &event, NULL);
}

static int set_quantity(struct cart *cart, const char *product, int32_t quantity)
{
    struct cart_event event = next(cart, CART_EVENT_ITEM_QUANTITY_CHANGED);
    event.item_quantity_changed = (struct item_quantity_changed){slice_of(product), quantity, 1};
    return cart_evolve(cart, &event, NULL);
}

static void adds_up(void **state)
{
    (void)state;
    struct cart cart = {0};
    assert_int_equal(add(&cart, "p1", "One", 100, 2), 0);
    assert_int_equal(add(&cart, "p2", "Two", 7, 1), 0);
    assert_int_equal(add(&cart, "p1", "One, new name", 150, 3), 0);
    assert_int_equal(cart.version, 3);
    assert_int_equal(cart.line_count, 2);
    assert_slice(cart_line_product(&cart.lines[0]), "p1");
    assert_string_equal(cart.lines[0].product_name, "One, new name");
    assert_int_equal(cart.lines[0].quantity, 5);
    assert_int_equal(cart.total_quantity, 6);
    assert_int_equal(cart.total_minor, 757);
    assert_int_equal(set_quantity(&cart, "p1", 1), 0);
    assert_int_equal(cart.total_minor, 157);
    assert_int_equal(remove_item(&cart, "p1"), 0);
    assert_int_equal(cart.total_minor, 7);
    assert_int_equal(cart.line_count, 1);
    struct cart_event clear = next(&cart, CART_EVENT_CLEARED);
    assert_int_equal(cart_evolve(&cart, &clear, NULL), 0);
    assert_int_equal(cart.line_count + (size_t)cart.total_quantity + (size_t)cart.total_minor, 0);
    assert_string_equal(cart.currency, "EUR");
    cart_free(&cart);
}

static void refuses_what_cannot_follow(void **state)
{
    (void)state;
    struct cart cart = {0};
    struct buf before = {0}, after = {0};
    assert_int_equal(add(&cart, "p1", "One", AMOUNT_MAX_MINOR, 1), 0);
    cart_view_render(slice_of("c1"), &cart, &before);
    assert_int_equal(add(&cart, "p2", "Two", 1, 1), -1); /* beyond the largest amount */
    assert_int_equal(add(&cart, "p1", "One", AMOUNT_MAX_MINOR, 1), -1);
    assert_int_equal(set_quantity(&cart, "p1", 2), -1);
    assert_int_equal(set_quantity(&cart, "p9", 2), -1);
    assert_int_equal(remove_item(&cart, "p9"), -1);
    struct cart_event event = next(&cart, CART_EVENT_CLEARED);
    event.version++;
    assert_int_equal(cart_evolve(&cart, &event, NULL), -1);
    event.version -= 2;
    assert_int_equal(cart_evolve(&cart, &event, NULL), -1);
    event = next(&cart, CART_EVENT_ITEM_ADDED);
    event.item_added = (struct item_added){.product_id = slice_of("p2"),
                                           .product_name = slice_of("Two"),
                                           .currency = slice_of("USD"),
                                           .price_minor = 1,
                                           .quantity = 1};
    assert_int_equal(cart_evolve(&cart, &event, NULL), -1);
    cart_view_render(slice_of("c1"), &cart, &after);
    assert_string_equal(buf_cstr(&before), buf_cstr(&after));
    buf_free(&before);
    buf_free(&after);
    cart_free(&cart);
}

static void renders_the_contract(void **state)
{
    (void)state;
    struct cart cart = {0};
    struct buf out = {0};
    assert_int_equal(add(&cart, "prod-456", "Gaming \"Laptop\"", 25000000, 2), 0);
    cart_view_render(slice_of("c1"), &cart, &out);
    assert_buf(&out, "{\"cartId\":\"c1\",\"userId\":\"user-1\",\"version\":1,\"status\":\"open\","
                     "\"currency\":\"EUR\",\"items\":[{\"productId\":\"prod-456\",\"productName\":"
                     "\"Gaming \\\"Laptop\\\"\",\"price\":25000000,\"quantity\":2,\"lineTotal\":"
                     "50000000}],\"totalQuantity\":2,\"total\":50000000,"
                     "\"updatedAt\":\"2026-11-21T12:00:00.000000Z\"}");
    buf_clear(&out);
    cart_line_render(&cart.lines[0], false, &out);
    assert_buf(&out, "{\"productId\":\"prod-456\",\"quantity\":2,\"price\":25000000,"
                     "\"lineTotal\":50000000}");
    buf_free(&out);
    cart_free(&cart);
}

static void merge_and_checkout_end_a_cart(void **state)
{
    (void)state;
    struct cart cart = {0}, target = {0};
    const struct sold_line merged[] = {{slice_of("p1"), slice_of("One"), 10, 30, 3}};
    assert_int_equal(add(&cart, "p1", "One", 10, 1), 0);
    struct cart_event event = next(&cart, CART_EVENT_MERGED);
    event.merged =
        (struct cart_merged){slice_of("c1"), slice_of("c2"), NULL, 0, slice_of(""), slice_of("")};
    assert_int_equal(cart_evolve(&cart, &event, NULL), 0);
    assert_int_equal(cart.status, CART_MERGED);
    assert_string_equal(cart.merged_into, "c2");
    assert_int_equal(add(&cart, "p1", "One", 10, 1), -1);
    event = next(&target, CART_EVENT_MERGED);
    event.cart_id = slice_of("c2");
    event.merged = (struct cart_merged){slice_of("c1"),     slice_of("c2"), merged, 1,
                                        slice_of("user-2"), slice_of("EUR")};
    assert_int_equal(cart_evolve(&target, &event, NULL), 0);
    assert_int_equal(target.total_minor, 30);
    assert_slice(cart_user(&target), "user-2");
    assert_string_equal(target.currency, "EUR");
    event.version++;
    event.merged.currency = slice_of("USD");
    assert_int_equal(cart_evolve(&target, &event, NULL), -1);
    event = next(&target, CART_EVENT_CHECKED_OUT);
    event.checked_out.order_id = slice_of("ord_1");
    assert_int_equal(cart_evolve(&target, &event, NULL), 0);
    assert_string_equal(cart_status_name(target.status), "checked_out");
    assert_string_equal(target.order_id, "ord_1");
    struct buf out = {0};
    cart_view_render(slice_of("c2"), &target, &out);
    assert_non_null(strstr(buf_cstr(&out), "\"status\":\"checked_out\",\"orderId\":\"ord_1\","));
    buf_clear(&out);
    cart_view_render(slice_of("c1"), &cart, &out);
    assert_non_null(strstr(buf_cstr(&out), "\"status\":\"merged\",\"mergedInto\":\"c2\","));
    buf_free(&out);
    cart_free(&cart);
    cart_free(&target);
}

static const char token_hash[] = "0123456789abcdef0123456789abcdef";

/* Opened without an item, touched, left alone, touched again, left alone for good. */
static void a_guest_comes_and_goes(void **state)
{
    (void)state;
    struct cart cart = {0};
    struct cart_event event = next(&cart, CART_EVENT_OPENED);
    event.opened.guest_token_hash = (struct slice){token_hash, GUEST_TOKEN_HASH_BYTES};
    assert_int_equal(cart_evolve(&cart, &event, NULL), 0);
    assert_true(cart.guest);
    assert_memory_equal(cart.guest_token_hash, token_hash, GUEST_TOKEN_HASH_BYTES);
    assert_int_equal(cart_user(&cart).len, 0);
    assert_string_equal(cart.currency, "");
    event.version++;
    assert_int_equal(cart_evolve(&cart, &event, NULL), -1); /* a cart is opened once */
    event = next(&cart, CART_EVENT_ITEM_ADDED);
    event.item_added = (struct item_added){.product_id = slice_of("p1"),
                                           .product_name = slice_of("One"),
                                           .currency = slice_of("EUR"),
                                           .price_minor = 10,
                                           .quantity = 1};
    assert_int_equal(cart_evolve(&cart, &event, NULL), 0);
    assert_string_equal(cart.currency, "EUR");
    assert_int_equal(cart.opened_at_us, 1795262400000000);
    assert_int_equal(cart.touched_at_us, 1795262400000001);
    event = next(&cart, CART_EVENT_ABANDONED);
    assert_int_equal(cart_evolve(&cart, &event, NULL), 0);
    assert_true(cart.abandoned && cart.status == CART_OPEN);
    assert_int_equal(cart.touched_at_us, 1795262400000001);
    assert_int_equal(cart.updated_at_us, 1795262400000002);
    assert_int_equal(set_quantity(&cart, "p1", 2), 0);
    assert_false(cart.abandoned);
    assert_int_equal(cart.touched_at_us, 1795262400000003);
    event = next(&cart, CART_EVENT_EXPIRED);
    assert_int_equal(cart_evolve(&cart, &event, NULL), 0);
    assert_string_equal(cart_status_name(cart.status), "expired");
    assert_int_equal(cart.touched_at_us, 1795262400000003);
    assert_int_equal(set_quantity(&cart, "p1", 3), -1);
    cart_free(&cart);
}

/* What the view does not show is in the state too. */
static void the_whole_story_comes_back(void **state)
{
    (void)state;
    struct cart cart = {0}, back = {0};
    struct buf once = {0}, twice = {0};
    struct error err;
    assert_int_equal(add(&cart, "p1", "One", 10, 1), 0);
    cart.abandoned = cart.guest = true;
    memcpy(cart.guest_token_hash, token_hash, GUEST_TOKEN_HASH_BYTES);
    struct cart_event event = next(&cart, CART_EVENT_CHECKED_OUT);
    event.checked_out.order_id = slice_of("ord_1");
    assert_int_equal(cart_evolve(&cart, &event, NULL), 0);
    cart_snapshot_encode(slice_of("c1"), &cart, &once);
    assert_int_equal(cart_snapshot_decode(buf_slice(&once), slice_of("c1"), &back, &err), 0);
    assert_slice(back.contact.email, "a@example.org");
    assert_int_equal(back.opened_at_us, cart.opened_at_us);
    cart_snapshot_encode(slice_of("c1"), &back, &twice);
    assert_int_equal(once.len, twice.len);
    assert_memory_equal(once.data, twice.data, once.len);
    cart_free(&back);
    cart.opened_at_us = 0; /* as an older release left it */
    buf_clear(&once);
    cart_snapshot_encode(slice_of("c1"), &cart, &once);
    assert_int_equal(cart_snapshot_decode(buf_slice(&once), slice_of("c1"), &back, &err), -1);
    buf_free(&once);
    buf_free(&twice);
    cart_free(&cart);
}

static void the_state_comes_back(void **state)
{
    (void)state;
    struct cart cart = {0}, back = {0}, copy = {0};
    struct buf bytes = {0}, view = {0}, view_back = {0}, view_copy = {0};
    struct error err;
    for (int i = 0; i < 40; i++) {
        char product[16];
        snprintf(product, sizeof(product), "p%d", i);
        assert_int_equal(add(&cart, product, "Name \xc3\xa9", 100 + i, 1 + i), 0);
    }
    cart_snapshot_encode(slice_of("c1"), &cart, &bytes);
    assert_int_equal(cart_snapshot_decode(buf_slice(&bytes), slice_of("c1"), &back, &err), 0);
    cart_copy(&cart, &copy);
    cart_view_render(slice_of("c1"), &cart, &view);
    cart_view_render(slice_of("c1"), &back, &view_back);
    cart_view_render(slice_of("c1"), &copy, &view_copy);
    assert_string_equal(buf_cstr(&view), buf_cstr(&view_back));
    assert_string_equal(buf_cstr(&view), buf_cstr(&view_copy));
    struct cart other = {0};
    assert_int_equal(cart_snapshot_decode(buf_slice(&bytes), slice_of("c2"), &other, &err), -1);
    for (size_t length = 0; length < bytes.len; length++) {
        struct cart cut = {0};
        if (cart_snapshot_decode((struct slice){bytes.data, length}, slice_of("c1"), &cut, &err) ==
            0)
            cart_free(&cut);
        else
            assert_int_equal(cut.version, 0);
    }
    cart_free(&cart);
    cart_free(&back);
    cart_free(&copy);
    buf_free(&bytes);
    buf_free(&view);
    buf_free(&view_back);
    buf_free(&view_copy);
}

static void the_version_of_a_view(void **state)
{
    static const struct {
        const char *view;
        int32_t version;
    } cases[] = {
        {"{\"cartId\":\"c\",\"userId\":\"\\\"version\\\":9\",\"version\":12,\"status\":\"open\"}",
         12},
        {"{\"cartId\":\"c\",\"version\":2147483648}", 0},
        {"{\"version\":", 0},
        {"", 0},
    };
    struct cart cart = {0};
    struct buf view = {0};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(cart_view_version(slice_of(cases[i].view)), cases[i].version);
    assert_int_equal(add(&cart, "p1", "Name \",\"version\":7", 100, 1), 0);
    cart_view_render(slice_of("c1"), &cart, &view);
    assert_int_equal(cart_view_version(buf_slice(&view)), cart.version);
    cart_free(&cart);
    buf_free(&view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_up),
        cmocka_unit_test(refuses_what_cannot_follow),
        cmocka_unit_test(renders_the_contract),
        cmocka_unit_test(merge_and_checkout_end_a_cart),
        cmocka_unit_test(a_guest_comes_and_goes),
        cmocka_unit_test(the_state_comes_back),
        cmocka_unit_test(the_whole_story_comes_back),
        cmocka_unit_test(the_version_of_a_view),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

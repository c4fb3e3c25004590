/* What a command answers.
 * Owner: tests. Thread: single.
 */
#include "../test.h"

#include "cart-api/answer.h"

static const struct cart_limits limits = {"USD", 999, 200};

static void decide_and_render(struct cart *cart, const struct cart_command *command,
                              struct buf *out)
{
    struct touched_line touched[COMMAND_ITEMS_MAX];
    struct verdict verdict = {.touched = touched};
    size_t position;
    cart_decide(cart, NULL, command, &limits, &verdict);
    assert_int_equal(verdict.refusal, REFUSED_NOT);
    for (size_t i = 0; i < verdict.event_count; i++) {
        struct error err;
        struct cart_event event = {.cart_id = command->cart_id, .version = cart->version + 1};
        cart_decided_event(cart, command, &verdict, i, &event);
        assert_int_equal(cart_evolve(cart, &event, &err), 0);
    }
    buf_clear(out);
    answer_render(cart, command, &verdict, out, &position);
    answer_place_position(out, position, 7);
    verdict_free(&verdict);
}

static void touched_lines_and_totals(void **state)
{
    (void)state;
    struct cart cart = {0};
    struct buf out = {0};
    struct add_item items[] = {{slice_of("p~1"), slice_of("A"), 100, 1},
                               {slice_of("p2"), slice_of("B"), 50, 2}};
    struct cart_command command = {.type = CART_ADD_ITEMS,
                                   .cart_id = slice_of("c1"),
                                   .user_id = slice_of("anna"),
                                   .items = items,
                                   .item_count = 2};
    decide_and_render(&cart, &command, &out);
    assert_buf(&out, "{\"cartId\":\"c1\",\"version\":2,\"position\":7,\"items\":["
                     "{\"productId\":\"p~1\",\"quantity\":1,\"price\":100,\"lineTotal\":100},"
                     "{\"productId\":\"p2\",\"quantity\":2,\"price\":50,\"lineTotal\":100}],"
                     "\"totalQuantity\":3,\"total\":200,\"currency\":\"USD\",\"warnings\":[]}");

    items[0].price_minor = 90;
    command.item_count = 1;
    decide_and_render(&cart, &command, &out);
    assert_buf(&out,
               "{\"cartId\":\"c1\",\"version\":3,\"position\":7,\"items\":["
               "{\"productId\":\"p~1\",\"quantity\":2,\"price\":90,\"lineTotal\":180}],"
               "\"totalQuantity\":4,\"total\":280,\"currency\":\"USD\",\"warnings\":["
               "{\"code\":\"price_changed\",\"message\":\"The unit price is now 90 instead of "
               "100, for the whole line.\",\"target\":\"/items/p~01\"}]}");

    command = (struct cart_command){
        .type = CART_REMOVE_ITEM, .cart_id = slice_of("c1"), .product_id = slice_of("p2")};
    decide_and_render(&cart, &command, &out);
    assert_buf(&out, "{\"cartId\":\"c1\",\"version\":4,\"position\":7,\"items\":[],"
                     "\"totalQuantity\":2,\"total\":180,\"currency\":\"USD\",\"warnings\":[]}");
    buf_free(&out);
    cart_free(&cart);
}

static void an_order(void **state)
{
    (void)state;
    struct cart cart = {0};
    struct buf out = {0};
    struct add_item items[] = {{slice_of("p1"), slice_of("A"), 100, 2}};
    struct cart_command command = {.type = CART_ADD_ITEMS,
                                   .cart_id = slice_of("c1"),
                                   .user_id = slice_of("anna"),
                                   .items = items,
                                   .item_count = 1};
    decide_and_render(&cart, &command, &out);
    command = (struct cart_command){
        .type = CART_CHECK_OUT, .cart_id = slice_of("c1"), .order_id = slice_of("ord_1")};
    decide_and_render(&cart, &command, &out);
    buf_clear(&out);
    size_t position;
    answer_render_order(slice_of("c1"), &cart, &out, &position);
    assert_slice(answer_order_id(buf_slice(&out)), "ord_1");
    answer_place_position(&out, position, 7);
    assert_buf(&out, "{\"orderId\":\"ord_1\",\"cartId\":\"c1\",\"version\":2,\"position\":7,"
                     "\"status\":\"checked_out\",\"items\":[{\"productId\":\"p1\","
                     "\"productName\":\"A\",\"price\":100,\"quantity\":2,\"lineTotal\":200}],"
                     "\"totalQuantity\":2,\"total\":200,\"currency\":\"USD\",\"warnings\":[]}");
    buf_free(&out);
    cart_free(&cart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(touched_lines_and_totals),
        cmocka_unit_test(an_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

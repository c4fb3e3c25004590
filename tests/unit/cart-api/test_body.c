/* Request bodies: what is taken, what is refused, as which problem and where.
 * Owner: tests. Thread: single.
 */
#include "../test.h"

#include "cart-api/body.h"

#define ITEM "\"productId\":\"p1\",\"productName\":\"N\",\"price\":100,\"quantity\":2"

struct refused {
    const char *text, *problem, *pointer;
};

static void refuses(const struct refused *row)
{
    static struct add_body body; /* large */
    struct body_failure failure;
    if (body_add_parse(slice_of(row->text), &body, &failure) == 0)
        fail_msg("taken: %s", row->text);
    assert_string_equal(failure.problem->code, row->problem);
    assert_string_equal(failure.place.pointer, row->pointer);
}

static void one_item(void **state)
{
    (void)state;
    struct add_body body;
    struct body_failure failure;
    assert_int_equal(body_add_parse(slice_of("{\"userId\":\"anna\",\"currency\":\"EUR\"," ITEM "}"),
                                    &body, &failure),
                     0);
    assert_true(body.single);
    assert_int_equal(body.item_count, 1);
    assert_slice(body.user_id, "anna");
    assert_slice(body.currency, "EUR");
    assert_slice(body.items[0].product_id, "p1");
    assert_slice(body.items[0].product_name, "N");
    assert_int_equal(body.items[0].price_minor, 100);
    assert_int_equal(body.items[0].quantity, 2);
    body_add_free(&body);
}

static void several_items(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"userId\":\"anna\",\"items\":[{" ITEM "},{" ITEM "}]}",
        "{\"items\":[{\"userId\":\"anna\"," ITEM "},{\"userId\":\"anna\"," ITEM "}]}",
        "{\"userId\":\"anna\",\"items\":[{\"userId\":\"anna\",\"currency\":\"EUR\"," ITEM "},{" ITEM
        "}]}",
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct add_body body;
        struct body_failure failure;
        assert_int_equal(body_add_parse(slice_of(texts[i]), &body, &failure), 0);
        assert_false(body.single);
        assert_int_equal(body.item_count, 2);
        assert_slice(body.user_id, "anna");
        body_add_free(&body);
    }
}

static void what_cannot_be_understood_is_400(void **state)
{
    (void)state;
    static const struct refused rows[] = {
        {"", "invalid_json", ""},
        {"{", "invalid_json", ""},
        {"[]", "invalid_field", ""},
        {"null", "invalid_field", ""},
        {"{}", "invalid_field", "/userId"},
        {"{" ITEM "}", "invalid_field", "/userId"},
        {"{\"userId\":7," ITEM "}", "invalid_field", "/userId"},
        {"{\"userId\":null," ITEM "}", "invalid_field", "/userId"},
        {"{\"userId\":\"a\",\"colour\":\"red\"," ITEM "}", "invalid_field", "/colour"},
        {"{\"userId\":\"a\",\"items\":[]," ITEM "}", "invalid_field", "/productId"},
        {"{\"userId\":\"a\",\"items\":{}}", "invalid_field", "/items"},
        {"{\"userId\":\"a\",\"items\":[7]}", "invalid_field", "/items/0"},
        {"{\"items\":[{" ITEM "}]}", "invalid_field", "/items/0/userId"},
        {"{\"userId\":\"a\",\"productId\":\"p\",\"productName\":\"N\",\"price\":1.5,\"quantity\":"
         "1}",
         "invalid_field", "/price"},
        {"{\"userId\":\"a\",\"productId\":\"p\",\"productName\":\"N\",\"price\":1,"
         "\"quantity\":\"2\"}",
         "invalid_field", "/quantity"},
        {"{\"userId\":\"a\",\"productId\":\"p\",\"productName\":\"N\",\"price\":1}",
         "invalid_field", "/quantity"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        refuses(&rows[i]);
}

static void what_breaks_a_rule_is_422(void **state)
{
    (void)state;
    static const struct refused rows[] = {
        {"{\"userId\":\"\"," ITEM "}", "invalid_value", "/userId"},
        {"{\"userId\":\"a\\u0007b\"," ITEM "}", "invalid_value", "/userId"},
        {"{\"userId\":\"a\",\"currency\":\"usd\"," ITEM "}", "invalid_value", "/currency"},
        {"{\"userId\":\"a\",\"currency\":\"XYZ\"," ITEM "}", "invalid_value", "/currency"},
        {"{\"userId\":\"a\",\"productId\":\"..\",\"productName\":\"N\",\"price\":1,\"quantity\":1}",
         "invalid_value", "/productId"},
        {"{\"userId\":\"a\",\"productId\":\"p\",\"productName\":\"\",\"price\":1,\"quantity\":1}",
         "invalid_value", "/productName"},
        {"{\"userId\":\"a\",\"items\":[]}", "invalid_value", "/items"},
        {"{\"userId\":\"a\",\"items\":[{\"userId\":\"b\"," ITEM "}]}", "invalid_value",
         "/items/0/userId"},
        {"{\"userId\":\"a\",\"currency\":\"USD\",\"items\":[{" ITEM "},{\"currency\":\"EUR\"," ITEM
         "}]}",
         "currency_mismatch", "/items/1/currency"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        refuses(&rows[i]);
}

static void at_most_a_hundred_items(void **state)
{
    (void)state;
    static struct add_body body;
    struct body_failure failure;
    for (size_t count = 100; count <= 101; count++) {
        struct buf text = {0};
        buf_text(&text, "{\"userId\":\"a\",\"items\":[");
        for (size_t i = 0; i < count; i++)
            buf_text(&text, i == 0 ? "{" ITEM "}" : ",{" ITEM "}");
        buf_text(&text, "]}");
        int rc = body_add_parse(buf_slice(&text), &body, &failure);
        assert_int_equal(rc, count == 100 ? 0 : -1);
        if (rc == 0)
            body_add_free(&body);
        buf_free(&text);
    }
    assert_string_equal(failure.problem->code, "invalid_value");
}

static void quantities(void **state)
{
    (void)state;
    struct body_failure failure;
    int64_t quantity;
    assert_int_equal(body_quantity_parse(slice_of("{\"quantity\":0}"), &quantity, &failure), 0);
    assert_int_equal(quantity, 0);
    assert_int_equal(body_quantity_parse(slice_of("{\"quantity\":-5}"), &quantity, &failure), 0);
    assert_int_equal(quantity, -5); /* for the rules to refuse */
    assert_int_equal(body_quantity_parse(slice_of("{}"), &quantity, &failure), -1);
    assert_int_equal(body_quantity_parse(slice_of("{\"quantity\":1e3}"), &quantity, &failure), -1);
    assert_int_equal(failure.problem->status, 400);
    assert_int_equal(body_quantity_parse(slice_of("7"), &quantity, &failure), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_item),
        cmocka_unit_test(several_items),
        cmocka_unit_test(what_cannot_be_understood_is_400),
        cmocka_unit_test(what_breaks_a_rule_is_422),
        cmocka_unit_test(at_most_a_hundred_items),
        cmocka_unit_test(quantities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

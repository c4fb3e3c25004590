/* Request bodies: what is taken, what is refused, as which problem and where.
 * Owner: tests. Thread: single.
 */
#include "../test.h"

#include <stdio.h>

#include "cart-api/body.h"

#define ITEM "\"productId\":\"p1\",\"productName\":\"N\",\"price\":100,\"quantity\":2"

struct refused {
    const char *text, *problem, *pointer;
};

static void refuses(const struct refused *row)
{
    static struct add_body body; /* large */
    struct body_failure failure;
    if (body_add_parse(slice_of(row->text), true, &body, &failure) == 0)
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
                                    true, &body, &failure),
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
        assert_int_equal(body_add_parse(slice_of(texts[i]), true, &body, &failure), 0);
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
        int rc = body_add_parse(buf_slice(&text), true, &body, &failure);
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

static void a_checkout(void **state)
{
    (void)state;
    struct checkout_body body;
    struct body_failure failure;
    assert_int_equal(body_checkout_parse(slice_of(""), &body, &failure), 0);
    assert_int_equal(body.contact.email.len + body.payment_token.len + body.user_id.len, 0);
    body_checkout_free(&body);
    assert_int_equal(body_checkout_parse(slice_of("{\"contact\":{\"email\":\"a@example.org\","
                                                  "\"phone\":\"+4930123456\",\"locale\":"
                                                  "\"de-DE\"},\"paymentToken\":\"tok_1\"}"),
                                         &body, &failure),
                     0);
    assert_slice(body.contact.email, "a@example.org");
    assert_slice(body.contact.phone, "+4930123456");
    assert_slice(body.contact.locale, "de-DE");
    assert_slice(body.payment_token, "tok_1");
    body_checkout_free(&body);
}

static void what_a_checkout_may_not_say(void **state)
{
    (void)state;
    static const struct refused rows[] = {
        {"7", "invalid_field", ""},
        {"{\"contact\":null}", "invalid_field", "/contact"},
        {"{\"contact\":{\"mail\":\"a\"}}", "invalid_field", "/contact/mail"},
        {"{\"contact\":{\"email\":7}}", "invalid_field", "/contact/email"},
        {"{\"contact\":{\"email\":\"a\"}}", "invalid_value", "/contact/email"},
        {"{\"contact\":{\"phone\":\"030 123\"}}", "invalid_value", "/contact/phone"},
        {"{\"contact\":{\"locale\":\"de_DE\"}}", "invalid_value", "/contact/locale"},
        {"{\"paymentToken\":\"\"}", "invalid_value", "/paymentToken"},
        {"{\"paymentToken\":\"4111111111111111\"}", "card_number_refused", "/paymentToken"},
        {"{\"contact\":{\"email\":\"4111 1111 1111 1111@b\"}}", "card_number_refused",
         "/contact/email"},
        {"{\"4111111111111111\":1}", "card_number_refused", ""},
        {"{\"card\":[{\"number\":[\"4111111111111111\"]}]}", "card_number_refused",
         "/card/0/number/0"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct checkout_body body;
        struct body_failure failure;
        if (body_checkout_parse(slice_of(rows[i].text), &body, &failure) == 0)
            fail_msg("taken: %s", rows[i].text);
        assert_string_equal(failure.problem->code, rows[i].problem);
        assert_string_equal(failure.place.pointer, rows[i].pointer);
        assert_null(strstr(failure.place.message, "4111"));
    }
}

/* In items too; but one in ten bar codes looks like a card number, and they name products. */
static void card_numbers_in_items(void **state)
{
    (void)state;
    static const struct refused rows[] = {
        {"{\"userId\":\"4111111111111111\"," ITEM "}", "card_number_refused", "/userId"},
        {"{\"userId\":\"a\",\"productId\":\"4222222222222\",\"productName\":\"N\",\"price\":1,"
         "\"quantity\":1}",
         "card_number_refused", "/productId"},
        {"{\"userId\":\"a\",\"productId\":\"p\",\"productName\":\"5000159407236 5555555555554444\","
         "\"price\":1,\"quantity\":1}",
         "card_number_refused", "/productName"},
    };
    struct add_body body;
    struct body_failure failure;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        refuses(&rows[i]);
    for (int code = 0; code < 1000; code++) {
        char text[256], digits[14];
        snprintf(digits, sizeof(digits), "4006381%05d", code);
        int sum = 0;
        for (int i = 0; i < 12; i++)
            sum += (digits[i] - '0') * (i % 2 == 1 ? 3 : 1);
        digits[12] = (char)('0' + (10 - sum % 10) % 10);
        digits[13] = '\0';
        snprintf(text, sizeof(text),
                 "{\"userId\":\"a\",\"productId\":\"%s\",\"productName\":\"N\",\"price\":1,"
                 "\"quantity\":1}",
                 digits);
        if (body_add_parse(slice_of(text), true, &body, &failure) != 0)
            fail_msg("refused: %s", text);
        body_add_free(&body);
    }
}

static void a_merge(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum merge_strategy strategy;
    } rows[] = {
        {"{\"from\":\"guest-1\"}", MERGE_ADD},
        {"{\"from\":\"guest-1\",\"strategy\":\"add\"}", MERGE_ADD},
        {"{\"from\":\"guest-1\",\"strategy\":\"max\",\"userId\":\"anna\"}", MERGE_MAX},
        {"{\"from\":\"guest-1\",\"strategy\":\"replace\"}", MERGE_REPLACE},
    };
    static const struct refused refused_rows[] = {
        {"", "invalid_json", ""},
        {"{}", "invalid_field", "/from"},
        {"{\"from\":7}", "invalid_field", "/from"},
        {"{\"from\":\"\"}", "invalid_value", "/from"},
        {"{\"from\":\"a b\"}", "invalid_value", "/from"},
        {"{\"from\":\"g\",\"strategy\":\"sum\"}", "invalid_value", "/strategy"},
        {"{\"from\":\"g\",\"into\":\"c\"}", "invalid_field", "/into"},
        {"{\"from\":\"4111111111111111\"}", "card_number_refused", "/from"},
    };
    struct merge_body body;
    struct body_failure failure;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(body_merge_parse(slice_of(rows[i].text), &body, &failure), 0);
        assert_slice(body.from, "guest-1");
        assert_int_equal(body.strategy, rows[i].strategy);
        body_merge_free(&body);
    }
    for (size_t i = 0; i < ARRAY_SIZE(refused_rows); i++) {
        assert_int_equal(body_merge_parse(slice_of(refused_rows[i].text), &body, &failure), -1);
        assert_string_equal(failure.problem->code, refused_rows[i].problem);
        assert_string_equal(failure.place.pointer, refused_rows[i].pointer);
    }
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
        cmocka_unit_test(a_checkout),
        cmocka_unit_test(a_merge),
        cmocka_unit_test(what_a_checkout_may_not_say),
        cmocka_unit_test(card_numbers_in_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

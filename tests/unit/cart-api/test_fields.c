/* Ids, numbers in text, entity tags.
 * Owner: tests. Thread: single.
 */
#include "../test.h"

#include "cart-api/fields.h"

static const char sixty_four[] = "0123456789012345678901234567890123456789012345678901234567890123";

static void cart_ids(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a b", "a.b", "a/b", "\xc3\xa9", "a\n"};
    assert_true(field_cart_id(slice_of("123e4567-e89b-12d3-a456-426614174000")));
    assert_true(field_cart_id(slice_of("A_z-0")));
    assert_true(field_cart_id(slice_of(sixty_four)));
    assert_false(field_cart_id((struct slice){"a\0b", 3}));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(field_cart_id(slice_of(bad[i])));
    char long_id[66];
    memset(long_id, 'a', 65);
    assert_false(field_cart_id((struct slice){long_id, 65}));
}

static void product_ids(void **state)
{
    (void)state;
    assert_true(field_product_id(slice_of("a.b:c~d@e+f-g_h")));
    assert_true(field_product_id(slice_of("..a")));
    assert_false(field_product_id(slice_of(".")));
    assert_false(field_product_id(slice_of("..")));
    assert_false(field_product_id(slice_of("")));
    assert_false(field_product_id(slice_of("a/b")));
    assert_false(field_product_id(slice_of("a%b")));
}

static void idempotency_keys(void **state)
{
    (void)state;
    char key[257];
    memset(key, 'k', sizeof(key));
    assert_true(field_idempotency_key((struct slice){key, 255}));
    assert_false(field_idempotency_key((struct slice){key, 256}));
    assert_false(field_idempotency_key((struct slice){key, 0}));
    assert_true(field_idempotency_key(slice_of("a b")));
    assert_false(field_idempotency_key(slice_of("a\tb")));
    assert_false(field_idempotency_key(slice_of("\xc3\xa9")));
}

static void integers(void **state)
{
    (void)state;
    static const char *const bad[] = {"",   "-1",  "+1", " 1", "1 ",
                                      "01", "1.0", "1e", "x",  "99999999999999999999"};
    int64_t value = 7;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(field_integer(slice_of(bad[i]), 0, INT64_MAX, &value), -1);
    assert_int_equal(value, 7); /* untouched */
    assert_int_equal(field_integer(slice_of("0"), 0, 9, &value), 0);
    assert_int_equal(value, 0);
    assert_int_equal(field_integer(slice_of("9223372036854775807"), 0, INT64_MAX, &value), 0);
    assert_int_equal(value, INT64_MAX);
    assert_int_equal(field_integer(slice_of("9223372036854775808"), 0, INT64_MAX, &value), -1);
    assert_int_equal(field_integer(slice_of("10"), 0, 9, &value), -1);
}

static void if_match(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "7",
                                      "\"7",
                                      "7\"",
                                      "W/\"7\"",
                                      "*,\"7\"",
                                      "\"7\" \"8\"",
                                      "\"7\";",
                                      "\"7\", W/\"8\"",
                                      "\"a b\"",
                                      ",\"7\""};
    struct if_match match = {0};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_int_equal(field_if_match(slice_of(bad[i]), &match), -1);
    assert_false(match.given);
    assert_int_equal(field_if_match(slice_of("*"), &match), 0);
    assert_true(match.any);
    assert_int_equal(field_if_match(slice_of("\"7\""), &match), 0);
    assert_true(match.given && !match.any && match.count == 1 && match.versions[0] == 7);
    assert_int_equal(field_if_match(slice_of("\"7\" ,, \"x\",\"0\",\"007\""), &match), 0);
    assert_int_equal(match.count, 4);
    assert_int_equal(match.versions[1], 0);
    assert_int_equal(match.versions[2], 0);
    assert_int_equal(match.versions[3], 0);
    assert_int_equal(
        field_if_match(slice_of("\"1\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\","
                                "\"1\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\",\"1\""),
                       &match),
        -1); /* 17 */
}

static void if_none_match(void **state)
{
    (void)state;
    assert_true(field_if_none_match(slice_of("*"), 3));
    assert_true(field_if_none_match(slice_of("\"3\""), 3));
    assert_true(field_if_none_match(slice_of("W/\"3\""), 3));
    assert_true(field_if_none_match(slice_of("\"1\", \"3\""), 3));
    assert_false(field_if_none_match(slice_of("\"2\""), 3));
    assert_false(field_if_none_match(slice_of("3"), 3));
    assert_false(field_if_none_match(slice_of("\"3\" garbage"), 3));
    assert_false(field_if_none_match(slice_of(""), 3));
}

static void etags(void **state)
{
    (void)state;
    char text[ETAG_TEXT_SIZE];
    assert_slice(field_etag(7, text), "\"7\"");
    assert_slice(field_etag(INT32_MAX, text), "\"2147483647\"");
}

static void contacts(void **state)
{
    (void)state;
    static const struct {
        bool (*valid)(struct slice text);
        const char *text;
        bool expected;
    } rows[] = {
        {field_email, "a@b", true},
        {field_email, "anna.m+shop@xn--mller-kva.example", true},
        {field_email, "\xc3\xa4@example.org", true},
        {field_email, "a", false},
        {field_email, "@b", false},
        {field_email, "a@", false},
        {field_email, "a@b@c", false},
        {field_email, "a b@c", false},
        {field_email, "<a@b>", false},
        {field_email, "a@b,c@d", false},
        {field_email, "a@b\r\nBcc: c@d", false},
        {field_phone, "+4930123456", true},
        {field_phone, "+123456789012345", true},
        {field_phone, "+1234567890123456", false},
        {field_phone, "+123456", false},
        {field_phone, "+0301234567", false},
        {field_phone, "030123456", false},
        {field_phone, "+49 30123456", false},
        {field_locale, "de", true},
        {field_locale, "de-DE", true},
        {field_locale, "zh-Hant-TW", true},
        {field_locale, "de-CH-1996", true},
        {field_locale, "d", false},
        {field_locale, "", false},
        {field_locale, "de_DE", false},
        {field_locale, "de-", false},
        {field_locale, "-de", false},
        {field_locale, "de--DE", false},
        {field_locale, "49-DE", false},
        {field_locale, "de-abcdefghi", false},
        {field_locale, "../../etc", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].valid(slice_of(rows[i].text)) != rows[i].expected)
            fail_msg("%s", rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cart_ids),
        cmocka_unit_test(product_ids),
        cmocka_unit_test(idempotency_keys),
        cmocka_unit_test(integers),
        cmocka_unit_test(if_match),
        cmocka_unit_test(if_none_match),
        cmocka_unit_test(etags),
        cmocka_unit_test(contacts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

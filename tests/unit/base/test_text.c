/* Hashes, UTF-8, JSON text, ids, currencies: against vectors from their specifications. */
#include "base/currency.h"
#include "base/hash.h"
#include "base/json_writer.h"
#include "base/utf8.h"
#include "base/uuid.h"

#include "tests/unit/test.h"

/* From Apache Kafka's UtilsTest (Java), the same function over the same strings. */
static void murmur2_is_javas(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int32_t hash;
    } rows[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal((int32_t)hash_murmur2(rows[i].key, strlen(rows[i].key)), rows[i].hash);
    assert_in_range(hash_partition("c1", 2, 16), 0, 15);
}

static void utf8_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        {"", true},
        {"caf\xc3\xa9", true},
        {"\xe2\x82\xac", true},
        {"\xf0\x9f\x9b\x92", true},
        {"\xf4\x8f\xbf\xbf", true},
        {"\xc3", false},
        {"\x80", false},
        {"\xc0\xaf", false},
        {"\xc1\xbf", false},
        {"\xe0\x9f\xbf", false},
        {"\xed\xa0\x80", false},
        {"\xed\xbf\xbf", false},
        {"\xf0\x8f\xbf\xbf", false},
        {"\xf4\x90\x80\x80", false},
        {"\xf8\x88\x80\x80\x80", false},
        {"\xe2\x82", false},
        {"\xff", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(utf8_valid(rows[i].text, strlen(rows[i].text)), rows[i].valid);
    assert_true(utf8_printable("caf\xc3\xa9 \xf0\x9f\x9b\x92", 10));
    assert_false(utf8_printable("a\nb", 3));
    assert_false(utf8_printable("a\x7f", 2));
    assert_false(utf8_printable("\xc2\x85", 2));
}

static void json_escapes(void **state)
{
    (void)state;
    struct buf out = {0};
    static const char text[] = "q\"b\\s/\b\f\n\r\t\x01\x1f caf\xc3\xa9";
    json_string(&out, text, sizeof(text) - 1);
    assert_buf(&out, "\"q\\\"b\\\\s/\\b\\f\\n\\r\\t\\u0001\\u001f caf\xc3\xa9\"");
    buf_clear(&out);
    buf_char(&out, '{');
    json_int_member(&out, "least", INT64_MIN);
    json_string_member(&out, "s", slice_of("{"));
    json_int_member(&out, "n", 0);
    buf_char(&out, '}');
    assert_buf(&out, "{\"least\":-9223372036854775808,\"s\":\"{\",\"n\":0}");
    buf_free(&out);
}

static void uuid_v7_is_ordered_and_marked(void **state)
{
    (void)state;
    struct uuid_source source = {0};
    char text[UUID_TEXT_SIZE];
    struct uuid parsed, id = uuid_v7(&source, 1795262400123456);
    uuid_format(&id, text);
    assert_memory_equal(text, "01a1fdfa-467b",
                        13); /* milliseconds, high digits: python uuid agrees */
    assert_int_equal(text[14], '7');
    assert_non_null(strchr("89ab", text[19]));
    assert_int_equal(uuid_parse(text, 36, &parsed), 0);
    assert_true(uuid_equal(&id, &parsed));
    assert_int_equal(uuid_parse(text, 35, &parsed), -1);
    text[8] = 'x';
    assert_int_equal(uuid_parse(text, 36, &parsed), -1);
    for (int i = 0; i < 1000; i++) {
        struct uuid next = uuid_v7(&source, 1795262400123456);
        assert_false(uuid_equal(&id, &next));
        id = next;
    }
}

static void currencies(void **state)
{
    (void)state;
    static const char *const good[] = {"AED", "EUR", "USD", "JPY", "ZWG", "ZMW"};
    static const char *const bad[] = {"", "US", "USDX", "usd", "XXX", "ZZZ", "AAA", "\xc3\xa9!"};
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(currency_valid(good[i], strlen(good[i])));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(currency_valid(bad[i], strlen(bad[i])));
    assert_int_equal(currency_minor_digits("EUR", 3), 2);
    assert_int_equal(currency_minor_digits("JPY", 3), 0);
    assert_int_equal(currency_minor_digits("KWD", 3), 3);
    assert_int_equal(currency_minor_digits("XPF", 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(murmur2_is_javas), cmocka_unit_test(utf8_table),
        cmocka_unit_test(json_escapes),     cmocka_unit_test(uuid_v7_is_ordered_and_marked),
        cmocka_unit_test(currencies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

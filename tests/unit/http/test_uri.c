/* Percent-decoding and query strings.
 * Owner: lib/http. Thread: one.
 */
#include "http/uri.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_decode(void **state)
{
    (void)state;
    static const struct {
        const char *text, *form, *plain; /* NULL: refused */
    } rows[] = {
        {"", "", ""},
        {"abc", "abc", "abc"},
        {"a+b%20c", "a b c", "a+b c"},
        {"%41%5a%5A", "AZZ", "AZZ"},
        {"%e2%82%ac", "\xE2\x82\xAC", "\xE2\x82\xAC"},
        {"%", NULL, NULL},
        {"%1", NULL, NULL},
        {"%g0", NULL, NULL},
        {"%+1", NULL, NULL},
        {"%00", NULL, NULL},
        {"%80", NULL, NULL},
        {"%ed%a0%80", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct slice text = slice_of(rows[i].text);
        for (int plus = 0; plus <= 1; plus++) {
            const char *expected = plus ? rows[i].form : rows[i].plain;
            char out[32];
            size_t length = 99;
            assert_int_equal(uri_decode(text, plus, out, &length), expected != NULL);
            if (expected != NULL) {
                assert_int_equal(length, strlen(expected));
                assert_memory_equal(out, expected, length);
                assert_true(uri_decodes_to(text, plus, slice_of(expected)));
            }
            assert_false(uri_decodes_to(text, plus, slice_of("something else")));
        }
    }
    assert_false(uri_decodes_to(slice_of("abc"), true, slice_of("ab")));
    assert_false(uri_decodes_to(slice_of("ab"), true, slice_of("abc")));
}

static void test_pairs(void **state)
{
    (void)state;
    struct slice query = slice_of("a=1&&b&=x&c=d=e&"), name, value;
    static const char *const expected[][2] = {{"a", "1"}, {"b", ""}, {"", "x"}, {"c", "d=e"}};
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        assert_true(uri_next_pair(&query, &name, &value));
        assert_true(slice_equal(name, slice_of(expected[i][0])));
        assert_true(slice_equal(value, slice_of(expected[i][1])));
    }
    assert_false(uri_next_pair(&query, &name, &value));
    query = (struct slice){NULL, 0};
    assert_false(uri_next_pair(&query, &name, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

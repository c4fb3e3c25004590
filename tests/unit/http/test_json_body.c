/* Which JSON texts are taken, which are refused, and where a refusal points.
 * Owner: lib/http. Thread: one.
 */
#include "http/json_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int parse(const char *text, size_t length, struct json_problem *problem)
{
    char *copy = malloc(length > 0 ? length : 1);
    struct json *json = NULL;
    memcpy(copy, text, length);
    memset(problem, 0, sizeof(*problem));
    int result = json_parse((struct slice){copy, length}, problem, &json);
    free(copy);
    if (result == 0)
        json_free(json);
    return result;
}

/* The classes of JSONTestSuite's must-accept files. */
static const char *const accepted[] = {
    "{}",
    "[]",
    "[[]   ]",
    "[\"\"]",
    "null",
    "true",
    "42",
    "-0",
    "[-0]",
    "[0]",
    "[-1]",
    "[1, 2, 3]",
    "[1E22]",
    "[0e1]",
    "[1e+2]",
    "[123.456]",
    "[-0.0]",
    " \t\r\n{\"a\" : 1}\n",
    "{\"\":0}",
    "{\"a\":1,\"b\":{\"a\":2}}",
    "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
    "[\"\\u0061\\u30af\\u30EA\"]",
    "[\"\\uD801\\udc37\"]",
    "[\"\xE2\x82\xAC\xF0\x9F\x98\x80\"]",
    "[\"\x7F\"]",
    "[9007199254740991]",
    "[-9007199254740991]",
    "{\"price\":25000000}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", /* 32 deep */
    "\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[[[[[[[[[[[[[\"",
};

struct refusal {
    const char *text, *code, *pointer;
};

/* Of its must-refuse files, and what only we refuse. */
static const struct refusal refused[] = {
    {"", "syntax", ""},
    {" ", "syntax", ""},
    {"{", "syntax", ""},
    {"[", "syntax", ""},
    {"]", "syntax", ""},
    {"[1", "syntax", ""},
    {"[1,]", "syntax", ""},
    {"[,1]", "syntax", ""},
    {"[1,,2]", "syntax", ""},
    {"[1 2]", "syntax", ""},
    {"[1:2]", "syntax", ""},
    {"{\"a\":1,}", "syntax", ""},
    {"{\"a\" 1}", "syntax", ""},
    {"{\"a\"}", "syntax", ""},
    {"{a:1}", "syntax", ""},
    {"{'a':1}", "syntax", ""},
    {"{1:1}", "syntax", ""},
    {"{\"a\":1}}", "syntax", ""},
    {"{} {}", "syntax", ""},
    {"{}x", "syntax", ""},
    {"[]//comment", "syntax", ""},
    {"/**/[]", "syntax", ""},
    {"#\n[]", "syntax", ""},
    {"nul", "syntax", ""},
    {"True", "syntax", ""},
    {"[NaN]", "syntax", ""},
    {"[Infinity]", "syntax", ""},
    {"[-Infinity]", "syntax", ""},
    {"[nan]", "syntax", ""},
    {"[+1]", "syntax", ""},
    {"[-]", "syntax", ""},
    {"[- 1]", "syntax", ""},
    {"[01]", "syntax", ""},
    {"[-01]", "syntax", ""},
    {"[1.]", "syntax", ""},
    {"[.5]", "syntax", ""},
    {"[1.e1]", "syntax", ""},
    {"[1e]", "syntax", ""},
    {"[1e+]", "syntax", ""},
    {"[0x1F]", "syntax", ""},
    {"[1_000]", "syntax", ""},
    {"[1a]", "syntax", ""},
    {"[\xEF\xBC\x91]", "syntax", ""},
    {"[\"a]", "syntax", ""},
    {"[\"\\\"]", "syntax", ""},
    {"[\"\\a\"]", "syntax", ""},
    {"[\"\\x00\"]", "syntax", ""},
    {"[\"\\u00A\"]", "syntax", ""},
    {"[\"\\uqqqq\"]", "syntax", ""},
    {"[\"\\u0000\"]", "syntax", ""},
    {"{\"\\u0000\":1}", "syntax", ""},
    {"[\"\\uD800\"]", "syntax", ""},
    {"[\"\\uDC00\"]", "syntax", ""},
    {"[\"\\uD800\\u0061\"]", "syntax", ""},
    {"[\"\\uD800\\uD800\"]", "syntax", ""},
    {"[\"\t\"]", "syntax", ""},
    {"[\"\n\"]", "syntax", ""},
    {"[\"\x1F\"]", "syntax", ""},
    {"[\"\x80\"]", "syntax", ""},
    {"[\"\xC0\xAF\"]", "syntax", ""},
    {"[\"\xED\xA0\x80\"]", "syntax", ""},
    {"[\"\xF4\x90\x80\x80\"]", "syntax", ""},
    {"[\"\xE2\x82\"]", "syntax", ""},
    {"\xFF", "syntax", ""},
    {"\xEF\xBB\xBF{}", "syntax", ""},
    {"\xFE\xFF", "syntax", ""},
    {"[\f1]", "syntax", ""},
    {"[\xC2\xA0]", "syntax", ""},
    {"{\"a\":1,\"a\":1}", "duplicate_key", ""},
    {"{\"a\":1,\"\\u0061\":2}", "duplicate_key", ""},
    {"{\"x\":[{\"a\":1,\"b\":2,\"a\":3}]}", "duplicate_key", ""},
    {"[1e309]", "range", ""},
    {"[-1e309]", "range", ""},
    {"[9223372036854775808]", "range", ""},
    {"9007199254740992", "range", ""},
    {"[0,-9007199254740992]", "range", "/1"},
    {"{\"items\":[{\"price\":1},{\"price\":9223372036854775807}]}", "range", "/items/1/price"},
    {"{\"a/b\":{\"m~n\":9007199254740993}}", "range", "/a~1b/m~0n"},
    {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "depth", ""},
};

static void test_accepted(void **state)
{
    (void)state;
    struct json_problem problem;
    for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
        if (parse(accepted[i], strlen(accepted[i]), &problem) != 0)
            fail_msg("%s: %s", accepted[i], problem.message);
    }
}

static void test_refused(void **state)
{
    (void)state;
    struct json_problem problem;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        if (parse(refused[i].text, strlen(refused[i].text), &problem) == 0)
            fail_msg("%s was accepted", refused[i].text);
        assert_string_equal(problem.code, refused[i].code);
        assert_string_equal(problem.pointer, refused[i].pointer);
        assert_true(problem.message[0] != '\0');
    }
}

static void test_raw_nul(void **state)
{
    (void)state;
    struct json_problem problem;
    assert_int_equal(parse("[\"a\0b\"]", 7, &problem), -1);
    assert_int_equal(parse("[1]\0", 4, &problem), -1);
    assert_int_equal(parse("[1]\0garbage", 11, &problem), -1);
    assert_int_equal(parse("\0", 1, &problem), -1);
    assert_int_equal(parse("1\0", 2, &problem), -1);
}

static void test_every_truncation(void **state)
{
    (void)state;
    static const char text[] = "{\"items\":[{\"id\":\"p\\u00e9\",\"n\":12},{\"x\":[true,null]}]}";
    struct json_problem problem;
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        assert_int_equal(parse(text, i, &problem), -1);
    assert_int_equal(parse(text, sizeof(text) - 1, &problem), 0);
}

static void test_large(void **state)
{
    (void)state;
    struct json_problem problem;
    struct buf text = {0};
    for (int i = 0; i < 100000; i++)
        buf_char(&text, '[');
    assert_int_equal(parse(text.data, text.len, &problem), -1);
    assert_string_equal(problem.code, "depth");
    buf_clear(&text);
    buf_char(&text, '1');
    for (int i = 0; i < 400; i++)
        buf_char(&text, '0');
    assert_int_equal(parse(text.data, text.len, &problem), -1);
    assert_string_equal(problem.code, "range");
    buf_clear(&text);
    buf_char(&text, '{');
    for (int i = 0; i < 5000; i++)
        buf_printf(&text, "%s\"k%d\":%d", i > 0 ? "," : "", i, i);
    buf_char(&text, '}');
    assert_int_equal(parse(text.data, text.len, &problem), 0);
    buf_free(&text);
}

static void test_message_has_the_place(void **state)
{
    (void)state;
    struct json_problem problem;
    assert_int_equal(parse("{\n  \"a\": x\n}", 12, &problem), -1);
    assert_non_null(strstr(problem.message, "line 2"));
}

/* ---- the cursor */

static struct json *take(const char *text)
{
    struct json_problem problem;
    struct json *json = NULL;
    assert_int_equal(json_parse(slice_of(text), &problem, &json), 0);
    return json;
}

static void test_reads_a_command(void **state)
{
    (void)state;
    static const char *const names[] = {"items", "on", NULL}, *const item[] = {"id", "n", NULL};
    bool flag = false;
    struct json *json =
        take("{\"items\":[{\"id\":\"p-1\",\"n\":3},{\"id\":\"p\\u002D2\",\"n\":-0}],\"on\":true}");
    struct json_at root = json_root(json), items, second;
    struct json_problem problem;
    size_t count = 0;
    struct slice text;
    int64_t number = 7;
    assert_int_equal(json_only(&root, names, &problem), 0);
    assert_true(json_has(&root, "items"));
    assert_false(json_has(&root, "item"));
    assert_int_equal(json_list(&root, "items", 1, 2, &problem, &items, &count), 0);
    assert_int_equal(count, 2);
    second = json_element(&items, 1);
    assert_int_equal(json_only(&second, item, &problem), 0);
    assert_int_equal(json_text(&second, "id", 1, 3, &problem, &text), 0);
    assert_true(slice_equal(text, slice_of("p-2")));
    assert_int_equal(json_int(&second, "n", 0, 9, &problem, &number), 0);
    assert_int_equal(number, 0);
    assert_int_equal(json_flag(&root, "on", &problem, &flag), 0);
    assert_true(flag);
    json_free(json);
}

static void expect(const struct json_problem *problem, const char *code, const char *pointer)
{
    assert_string_equal(problem->code, code);
    assert_string_equal(problem->pointer, pointer);
}

static void test_refusals_name_their_place(void **state)
{
    (void)state;
    static const char *const names[] = {"items", NULL};
    struct json *json =
        take("{\"items\":[{\"n\":1.0,\"e\":1e3,\"s\":\"2\",\"big\":1000,\"null\":null}]}");
    struct json_at root = json_root(json), items, item;
    struct json_problem problem;
    size_t count;
    struct slice text;
    int64_t number = 7;
    bool flag = true;
    assert_int_equal(json_list(&root, "items", 2, 5, &problem, &items, &count), -1);
    expect(&problem, "length", "/items");
    assert_int_equal(json_list(&root, "items", 0, 5, &problem, &items, &count), 0);
    item = json_element(&items, 0);
    assert_int_equal(json_only(&item, names, &problem), -1);
    assert_string_equal(problem.code, "unknown_field");
    assert_int_equal(json_int(&item, "n", 0, 9, &problem, &number), -1);
    expect(&problem, "type", "/items/0/n");
    assert_int_equal(json_int(&item, "e", 0, 9999, &problem, &number), -1);
    expect(&problem, "type", "/items/0/e");
    assert_int_equal(json_int(&item, "s", 0, 9, &problem, &number), -1);
    expect(&problem, "type", "/items/0/s");
    assert_int_equal(json_int(&item, "null", 0, 9, &problem, &number), -1);
    expect(&problem, "type", "/items/0/null");
    assert_int_equal(json_int(&item, "big", 1, 999, &problem, &number), -1);
    expect(&problem, "range", "/items/0/big");
    assert_int_equal(json_int(&item, "none", 1, 999, &problem, &number), -1);
    expect(&problem, "missing", "/items/0/none");
    assert_int_equal(json_text(&item, "s", 2, 9, &problem, &text), -1);
    expect(&problem, "length", "/items/0/s");
    assert_int_equal(json_text(&item, "big", 2, 9, &problem, &text), -1);
    expect(&problem, "type", "/items/0/big");
    assert_int_equal(json_list(&item, "s", 0, 9, &problem, &items, &count), -1);
    expect(&problem, "type", "/items/0/s");
    assert_int_equal(json_flag(&item, "big", &problem, &flag), -1);
    expect(&problem, "type", "/items/0/big");
    assert_int_equal(json_flag(&item, "none", &problem, &flag), -1);
    expect(&problem, "missing", "/items/0/none");
    assert_int_equal(number, 7); /* untouched on failure */
    assert_true(flag);
    json_free(json);
}

static void test_not_an_object(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    static const char *const texts[] = {"[]", "1", "\"a\"", "null"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct json *json = take(texts[i]);
        struct json_at root = json_root(json);
        struct json_problem problem;
        int64_t number;
        assert_int_equal(json_only(&root, none, &problem), -1);
        expect(&problem, "type", "");
        assert_int_equal(json_int(&root, "a", 0, 1, &problem, &number), -1);
        expect(&problem, "type", "");
        assert_false(json_has(&root, "a"));
        json_free(json);
    }
}

static void test_long_pointer_is_cut_at_a_character(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    struct buf text = {0};
    buf_text(&text, "{\"a");
    for (int i = 0; i < 200; i++)
        buf_text(&text, "\xC3\xA9");
    buf_text(&text, "\":1}");
    struct json *json = take(buf_cstr(&text));
    struct json_at root = json_root(json);
    struct json_problem problem;
    assert_int_equal(json_only(&root, none, &problem), -1);
    assert_int_equal(strlen(problem.pointer), 254);
    assert_memory_equal(problem.pointer + 252, "\xC3\xA9", 2);
    json_free(json);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_raw_nul),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_message_has_the_place),
        cmocka_unit_test(test_reads_a_command),
        cmocka_unit_test(test_refusals_name_their_place),
        cmocka_unit_test(test_not_an_object),
        cmocka_unit_test(test_long_pointer_is_cut_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The language of the templates: what it refuses at load, what it does to values. */
#include "notifier/template.h"

#include "tests/unit/test.h"

enum { NAME, ITEMS, NOTE };
static const struct template_field item_fields[] = {{"title", 0, NULL}, {"n", 1, NULL}, {0}};
static const struct template_field fields[] = {
    {"name", NAME, NULL}, {"items", ITEMS, item_fields}, {"note", NOTE, NULL}, {0}};

static const struct template_value item_values[] = {
    {.text = {"<A>", 3}}, {.text = {"1", 1}}, {.text = {"B\nC", 3}}, {.text = {"2", 1}}};
static const struct template_value values[] = {
    [NAME] = {.text = {"O'Neil & \"Co\"", 13}},
    [ITEMS] = {.items = item_values, .count = 2, .stride = 2},
    [NOTE] = {.text = {"", 0}},
};

static void renders(void **state)
{
    (void)state;
    static const struct {
        enum template_escape escape;
        const char *text, *expected;
    } rows[] = {
        {TEMPLATE_PLAIN, "", ""},
        {TEMPLATE_PLAIN, "no tag { } {x}", "no tag { } {x}"},
        {TEMPLATE_PLAIN, "{{name}}", "O'Neil & \"Co\""},
        {TEMPLATE_HTML, "<b>{{name}}</b>", "<b>O&#39;Neil &amp; &quot;Co&quot;</b>"},
        {TEMPLATE_LINE, "For {{name}}\n", "For O'Neil & \"Co\""},
        {TEMPLATE_PLAIN, "{{#items}}{{n}} {{title}};{{/items}}", "1 <A>;2 B C;"},
        {TEMPLATE_HTML, "{{#items}}{{title}}{{/items}}", "&lt;A&gt;B C"},
        {TEMPLATE_PLAIN, "a\n{{#items}}\n- {{n}}\n{{/items}}\nb\n", "a\n- 1\n- 2\nb\n"},
        {TEMPLATE_PLAIN, "a\r\n {{#items}} \r\n{{n}}\r\n{{/items}}\r\nb", "a\r\n1\r\n2\r\nb"},
        {TEMPLATE_PLAIN, "{{#note}}never{{/note}}{{#name}}shown{{/name}}", "shown"},
        {TEMPLATE_PLAIN, "{{#name}}{{#items}}{{n}}{{name}}{{/items}}{{/name}}",
         "1O'Neil & \"Co\"2O'Neil & \"Co\""},
        {TEMPLATE_PLAIN, "{{#items}}{{#title}}{{n}}{{/title}}{{/items}}", "12"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct template *template;
        struct error err = {.message = ""};
        struct buf out = {0};
        print_message("%s\n", rows[i].text);
        assert_int_equal(
            template_compile(slice_of(rows[i].text), fields, rows[i].escape, &err, &template), 0);
        assert_int_equal(template_render(template, values, &err, &out), 0);
        assert_buf(&out, rows[i].expected);
        template_free(template);
        buf_free(&out);
    }
}

static void refuses_at_load(void **state)
{
    (void)state;
    static const struct {
        enum template_escape escape;
        const char *text, *words;
    } rows[] = {
        {TEMPLATE_PLAIN, "a\nb {{nmae}}", "line 2"},
        {TEMPLATE_PLAIN, "{{nmae}}", "`nmae`"},
        {TEMPLATE_PLAIN, "{{title}}", "`title`"},
        {TEMPLATE_PLAIN, "{{items}}", "list"},
        {TEMPLATE_PLAIN, "{{#items}}{{n}}", "never ends"},
        {TEMPLATE_PLAIN, "{{#name}}{{n}}{{/name}}", "`n`"},
        {TEMPLATE_PLAIN, "{{/items}}", "nothing is open"},
        {TEMPLATE_PLAIN, "{{#items}}{{#name}}{{/items}}{{/name}}", "another section"},
        {TEMPLATE_PLAIN, "{{#items}}{{#items}}{{/items}}{{/items}}", "list within a list"},
        {TEMPLATE_PLAIN, "{{name", "without }}"},
        {TEMPLATE_PLAIN, "{{}}", "letters"},
        {TEMPLATE_PLAIN, "{{ name }}", "letters"},
        {TEMPLATE_PLAIN, "{{#}}", "letters"},
        {TEMPLATE_PLAIN, "{{{name}}}", "letters"},
        {TEMPLATE_PLAIN, "}} {{name}}", "without {{"},
        {TEMPLATE_PLAIN, "{{name}} }}", "without {{"},
        {TEMPLATE_PLAIN, "\xff", "UTF-8"},
        {TEMPLATE_LINE, "a\nb", "one line"},
        {TEMPLATE_LINE, "a\r\n", "one line"},
        {TEMPLATE_LINE, "", "one line"},
        {TEMPLATE_PLAIN,
         "{{#name}}{{#name}}{{#name}}{{#name}}{{#name}}{{/name}}{{/name}}{{/name}}{{/name}}{{/"
         "name}}",
         "too deep"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct template *template;
        struct error err = {.message = ""};
        print_message("%s\n", rows[i].text);
        assert_int_equal(
            template_compile(slice_of(rows[i].text), fields, rows[i].escape, &err, &template), -1);
        assert_non_null(strstr(err.message, rows[i].words));
    }
    struct template *template;
    struct error err;
    assert_int_equal(
        template_compile((struct slice){"a\0b", 3}, fields, TEMPLATE_PLAIN, &err, &template), -1);
    struct buf large = {0};
    for (int i = 0; i <= TEMPLATE_BYTES_MAX; i++)
        buf_char(&large, 'x');
    assert_int_equal(template_compile(buf_slice(&large), fields, TEMPLATE_PLAIN, &err, &template),
                     -1);
    buf_free(&large);
}

static void a_value_cannot_add_a_header(void **state)
{
    (void)state;
    static const char *const bad[] = {"x\r\nBcc: eve@example.com", "x\ny", "x\ty", "\x7f",
                                      "\xc2\x85"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct template *template;
        struct error err;
        struct buf out = {0};
        struct template_value own[3] = {[NAME] = {.text = slice_of(bad[i])}};
        assert_int_equal(
            template_compile(slice_of("Hi {{name}}"), fields, TEMPLATE_LINE, &err, &template), 0);
        assert_int_equal(template_render(template, own, &err, &out), -1);
        assert_int_equal(err.kind, ERROR_PERMANENT);
        template_free(template);
        buf_free(&out);
    }
}

static void the_output_has_a_bound(void **state)
{
    (void)state;
    struct template *template;
    struct error err;
    struct buf out = {0};
    struct buf text = {0};
    struct template_value own[3] = {[ITEMS] = {.items = item_values, .count = 1, .stride = 0}};
    own[ITEMS].count = 1000000;
    for (int i = 0; i < 1000; i++)
        buf_char(&text, 'x');
    struct buf whole = {0};
    buf_printf(&whole, "{{#items}}%s{{/items}}", buf_cstr(&text));
    assert_int_equal(template_compile(buf_slice(&whole), fields, TEMPLATE_PLAIN, &err, &template),
                     0);
    assert_int_equal(template_render(template, own, &err, &out), -1);
    assert_true(out.len <= TEMPLATE_OUTPUT_BYTES_MAX);
    template_free(template);
    buf_free(&out);
    buf_free(&text);
    buf_free(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renders),
        cmocka_unit_test(refuses_at_load),
        cmocka_unit_test(a_value_cannot_add_a_header),
        cmocka_unit_test(the_output_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

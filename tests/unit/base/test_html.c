/* Text inside of HTML: what would be markup is not. */
#include "base/html.h"

#include "tests/unit/test.h"

static void markup_stands_for_itself(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"<b a=\"1\" c='2'>&amp;", "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;"},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct buf out = {0};
        html_text(&out, slice_of(rows[i].text));
        assert_true(slice_equal(buf_slice(&out), slice_of(rows[i].expected)));
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(markup_stands_for_itself)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

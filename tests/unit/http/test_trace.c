/* The traceparent header.
 * Owner: lib/http. Thread: one.
 */
#include "http/trace.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"
#define ZERO "00000000000000000000000000000000"

static void test_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        {"00-" ID "-" PARENT "-01", true},
        {"00-" ID "-" PARENT "-00", true},
        {"fe-" ID "-" PARENT "-01", true},
        {"01-" ID "-" PARENT "-01-more", true}, /* a later version may go on */
        {"", false},
        {"00", false},
        {"ff-" ID "-" PARENT "-01", false},
        {"00-" ID "-" PARENT "-01-more", false},
        {"01-" ID "-" PARENT "-01more", false},
        {"00-" ZERO "-" PARENT "-01", false},
        {"00-" ID "-0000000000000000-01", false},
        {"00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01", false},
        {"00-" ID "-" PARENT "-0", false},
        {"00-" ID "-" PARENT "-0g", false},
        {"00_" ID "-" PARENT "-01", false},
        {"00-" ID "_" PARENT "-01", false},
        {"00-" ID "-" PARENT "_01", false},
        {" 00-" ID "-" PARENT "-01", false},
        {"0x-" ID "-" PARENT "-01", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct http_trace trace = {.flags = 0x77};
        if (trace_parse(slice_of(rows[i].text), &trace) != rows[i].valid)
            fail_msg("%s", rows[i].text);
        if (!rows[i].valid)
            assert_int_equal(trace.flags, 0x77);
    }
}

static void test_values(void **state)
{
    (void)state;
    struct http_trace trace;
    char text[33];
    assert_true(trace_parse(slice_of("00-" ID "-" PARENT "-01"), &trace));
    trace_hex(trace.trace_id, sizeof(trace.trace_id), text);
    assert_string_equal(text, ID);
    assert_int_equal(trace.flags, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* RFC 3339 both ways, against values computed elsewhere. */
#include "base/clock.h"

#include "tests/unit/test.h"

static void formats(void **state)
{
    (void)state;
    static const struct {
        int64_t us;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000000Z"},
        {1795262400123456, "2026-11-21T12:00:00.123456Z"},
        {951782400000000, "2000-02-29T00:00:00.000000Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {4102444799999999, "2099-12-31T23:59:59.999999Z"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char text[CLOCK_TEXT_SIZE];
        int64_t parsed;
        clock_format(rows[i].us, text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(clock_parse(text, strlen(text), &parsed), 0);
        assert_int_equal(parsed, rows[i].us);
    }
}

static void parses_offsets_and_fractions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } rows[] = {
        {"2026-11-21T12:00:00Z", 1795262400000000},
        {"2026-11-21t13:00:00+01:00", 1795262400000000},
        {"2026-11-21T06:30:00.5-05:30", 1795262400500000},
        {"2026-11-21T12:00:00.1234567Z", 1795262400123456},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int64_t us;
        assert_int_equal(clock_parse(rows[i].text, strlen(rows[i].text), &us), 0);
        assert_int_equal(us, rows[i].us);
    }
}

static void refuses(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "2026-11-21",
        "2026-11-21T12:00:00",
        "2026-11-21 12:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T12:60:00Z",
        "2026-11-21T12:00:00.Z",
        "2026-11-21T12:00:00+24:00",
        "2026-11-21T12:00:00Zx",
        "+026-11-21T12:00:00Z",
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int64_t us;
        assert_int_equal(clock_parse(rows[i], strlen(rows[i]), &us), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),
        cmocka_unit_test(parses_offsets_and_fractions),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

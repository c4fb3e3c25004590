/* Money, dates and times against what CLDR's data say (read through Babel and ICU). */
#include "notifier/locale.h"

#include "tests/unit/test.h"

#define NNBSP "\xe2\x80\xaf"
#define NBSP "\xc2\xa0"
#define EURO "\xe2\x82\xac"

static void tags(void **state)
{
    (void)state;
    static const struct {
        const char *tag, *found;
    } rows[] = {
        {"en-US", "en-US"}, {"en-GB", "en-GB"}, {"EN-gb", "en-GB"},      {"en-AU", "en-US"},
        {"en", "en-US"},    {"de", "de-DE"},    {"de-AT", "de-DE"},      {"de_AT", "de-DE"},
        {"fr-CA", "fr-FR"}, {"es-ES", "en-US"}, {"", "en-US"},           {"d", "en-US"},
        {"den", "en-US"},   {"-", "en-US"},     {"de-DE-1996", "de-DE"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_string_equal(locale_tag(locale_find(slice_of(rows[i].tag))), rows[i].found);
}

static void money(void **state)
{
    (void)state;
    static const struct {
        const char *tag;
        int64_t minor;
        const char *currency, *expected;
    } rows[] = {
        {"en-US", 123456780, "USD", "$1,234,567.80"},
        {"en-US", 5, "USD", "$0.05"},
        {"en-US", 0, "USD", "$0.00"},
        {"en-US", -500, "USD", "-$5.00"},
        {"en-US", 123456780, "EUR", EURO "1,234,567.80"},
        {"en-US", 1234568, "JPY",
         "\xc2\xa5"
         "1,234,568"},
        {"en-US", 100000, "CHF", "CHF" NBSP "1,000.00"},
        {"en-US", 1234567800, "KWD", "KWD" NBSP "1,234,567.800"},
        {"en-GB", 123456780, "GBP",
         "\xc2\xa3"
         "1,234,567.80"},
        {"en-GB", 123456780, "USD", "US$1,234,567.80"},
        {"en-GB", 999, "JPY",
         "JP\xc2\xa5"
         "999"},
        {"de-DE", 123456780, "EUR", "1.234.567,80" NBSP EURO},
        {"de-DE", -500, "USD", "-5,00" NBSP "$"},
        {"de-DE", 123456780, "CHF", "1.234.567,80" NBSP "CHF"},
        {"fr-FR", 123456780, "EUR", "1" NNBSP "234" NNBSP "567,80" NBSP EURO},
        {"fr-FR", 123456780, "USD", "1" NNBSP "234" NNBSP "567,80" NBSP "$US"},
        {"fr-FR", 1234568, "JPY", "1" NNBSP "234" NNBSP "568" NBSP "JPY"},
        {"en-US", 9007199254740991, "USD", "$90,071,992,547,409.91"},
        {"en-US", INT64_MIN, "USD", "-$92,233,720,368,547,758.08"},
        {"en-US", 100, "XX", "XX" NBSP "1.00"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct buf out = {0};
        locale_money(locale_find(slice_of(rows[i].tag)), rows[i].minor, slice_of(rows[i].currency),
                     &out);
        assert_buf(&out, rows[i].expected);
        buf_free(&out);
    }
}

static void dates(void **state)
{
    (void)state;
    static const struct {
        const char *tag;
        int64_t us;
        const char *date, *time;
    } rows[] = {
        {"en-US", 1772370300000000, "March 1, 2026", "1:05" NNBSP "PM"},
        {"en-GB", 1772370300000000, "1 March 2026", "13:05"},
        {"de-DE", 1772370300000000, "1. M\xc3\xa4rz 2026", "13:05"},
        {"fr-FR", 1772370300000000, "1 mars 2026", "13:05"},
        {"en-US", 1772323500000000, "March 1, 2026", "12:05" NNBSP "AM"},
        {"en-US", 1772366700000000, "March 1, 2026", "12:05" NNBSP "PM"},
        {"fr-FR", 1798761599999999,
         "31 d\xc3\xa9"
         "cembre 2026",
         "23:59"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct buf out = {0};
        const struct locale *locale = locale_find(slice_of(rows[i].tag));
        locale_date(locale, rows[i].us, &out);
        assert_buf(&out, rows[i].date);
        buf_clear(&out);
        locale_time(locale, rows[i].us, &out);
        assert_buf(&out, rows[i].time);
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tags), cmocka_unit_test(money),
                                       cmocka_unit_test(dates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

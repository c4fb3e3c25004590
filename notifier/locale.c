/* Money, dates and times as people in a place write them.
 * Owner: notifier. Thread: any.
 */
#include "notifier/locale.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/currency.h"

#define NARROW_SPACE "\xe2\x80\xaf" /* U+202F: no line break at it */
#define HARD_SPACE "\xc2\xa0"       /* U+00A0 */
#define EURO "\xe2\x82\xac"
#define POUND "\xc2\xa3"
#define YEN "\xc2\xa5"
#define RUPEE "\xe2\x82\xb9"
#define WON "\xe2\x82\xa9"

struct symbol {
    char currency[4];
    const char *text;
};

struct locale {
    const char *tag, *time_zone;
    const char *decimal, *group;
    bool symbol_behind;
    const struct symbol *symbols; /* others are shown by their code */
    const char *const *months;
    const char *date; /* d, M, y stand for day, month's name, year */
    bool half_days;   /* 1:05 PM */
};

static const char *const english[] = {"January",   "February", "March",    "April",
                                      "May",       "June",     "July",     "August",
                                      "September", "October",  "November", "December"};
static const char *const german[] = {"Januar",    "Februar", "M\xc3\xa4rz", "April",
                                     "Mai",       "Juni",    "Juli",        "August",
                                     "September", "Oktober", "November",    "Dezember"};
static const char *const french[] = {
    "janvier", "f\xc3\xa9vrier", "mars",      "avril",   "mai",      "juin",
    "juillet", "ao\xc3\xbbt",    "septembre", "octobre", "novembre", "d\xc3\xa9\143embre"};

static const struct symbol american[] = {
    {"USD", "$"},   {"EUR", EURO},     {"GBP", POUND}, {"JPY", YEN}, {"AUD", "A$"},
    {"CAD", "CA$"}, {"CNY", "CN" YEN}, {"INR", RUPEE}, {"KRW", WON}, {"MXN", "MX$"},
    {"NZD", "NZ$"}, {"BRL", "R$"},     {"", NULL}};
static const struct symbol british[] = {
    {"USD", "US$"}, {"EUR", EURO},     {"GBP", POUND}, {"JPY", "JP" YEN}, {"AUD", "A$"},
    {"CAD", "CA$"}, {"CNY", "CN" YEN}, {"INR", RUPEE}, {"KRW", WON},      {"MXN", "MX$"},
    {"NZD", "NZ$"}, {"BRL", "R$"},     {"", NULL}};
static const struct symbol in_german[] = {
    {"USD", "$"},   {"EUR", EURO},     {"GBP", POUND}, {"JPY", YEN}, {"AUD", "AU$"},
    {"CAD", "CA$"}, {"CNY", "CN" YEN}, {"INR", RUPEE}, {"KRW", WON}, {"MXN", "MX$"},
    {"NZD", "NZ$"}, {"BRL", "R$"},     {"", NULL}};
static const struct symbol in_french[] = {{"USD", "$US"}, {"EUR", EURO},  {"GBP", POUND "GB"},
                                          {"AUD", "$AU"}, {"CAD", "$CA"}, {"INR", RUPEE},
                                          {"KRW", WON},   {"MXN", "$MX"}, {"NZD", "$NZ"},
                                          {"BRL", "R$"},  {"", NULL}};

/* The first row of a language stands for its other regions, the first row of all for the rest. */
static const struct locale locales[] = {
    {"en-US", "America/New_York", ".", ",", false, american, english, "M d, y", true},
    {"en-GB", "Europe/London", ".", ",", false, british, english, "d M y", false},
    {"de-DE", "Europe/Berlin", ",", ".", true, in_german, german, "d. M y", false},
    {"fr-FR", "Europe/Paris", ",", NARROW_SPACE, true, in_french, french, "d M y", false},
};

static size_t language_length(struct slice tag)
{
    size_t length = 0;
    while (length < tag.len && tag.data[length] != '-' && tag.data[length] != '_')
        length++;
    return length;
}

const struct locale *locale_find(struct slice tag)
{
    for (size_t i = 0; i < ARRAY_SIZE(locales); i++) {
        if (tag.len == strlen(locales[i].tag) &&
            strncasecmp(tag.data, locales[i].tag, tag.len) == 0)
            return &locales[i];
    }
    for (size_t i = 0; i < ARRAY_SIZE(locales); i++) {
        if (language_length(tag) == 2 && strncasecmp(tag.data, locales[i].tag, 2) == 0)
            return &locales[i];
    }
    return &locales[0];
}

const char *locale_tag(const struct locale *locale)
{
    return locale->tag;
}

const char *locale_time_zone(const struct locale *locale)
{
    return locale->time_zone;
}

static const char *symbol_of(const struct locale *locale, struct slice currency)
{
    for (const struct symbol *symbol = locale->symbols; symbol->text != NULL; symbol++) {
        if (slice_equal(slice_of(symbol->currency), currency))
            return symbol->text;
    }
    return NULL;
}

static void put_number(const struct locale *locale, uint64_t minor, int digits, struct buf *out)
{
    char text[32];
    uint64_t scale = 1;
    for (int i = 0; i < digits; i++)
        scale *= 10;
    int length = snprintf(text, sizeof(text), "%lu", minor / scale);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            buf_text(out, locale->group);
        buf_char(out, text[i]);
    }
    if (digits > 0)
        buf_printf(out, "%s%0*lu", locale->decimal, digits, minor % scale);
}

void locale_money(const struct locale *locale, int64_t minor, struct slice currency,
                  struct buf *out)
{
    bool known = currency_valid(currency.data, currency.len);
    int digits = known ? currency_minor_digits(currency.data, currency.len) : 2;
    const char *symbol = symbol_of(locale, currency);
    uint64_t amount = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
    if (minor < 0)
        buf_char(out, '-');
    if (locale->symbol_behind) {
        put_number(locale, amount, digits, out);
        buf_text(out, HARD_SPACE);
    }
    if (symbol != NULL)
        buf_text(out, symbol);
    else
        buf_append(out, currency.data, currency.len);
    if (!locale->symbol_behind) {
        if (symbol == NULL)
            buf_text(out, HARD_SPACE);
        put_number(locale, amount, digits, out);
    }
}

/* Fields of clock_format's text: 2026-11-21T12:00:00.123456Z. */
static int field(const char *text, size_t from, size_t length)
{
    int value = 0;
    for (size_t i = from; i < from + length; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

void locale_date(const struct locale *locale, int64_t local_us, struct buf *out)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(local_us, text);
    for (const char *c = locale->date; *c != '\0'; c++) {
        if (*c == 'd')
            buf_int(out, field(text, 8, 2));
        else if (*c == 'M')
            buf_text(out, locale->months[field(text, 5, 2) - 1]);
        else if (*c == 'y')
            buf_int(out, field(text, 0, 4));
        else
            buf_char(out, *c);
    }
}

void locale_time(const struct locale *locale, int64_t local_us, struct buf *out)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(local_us, text);
    int hour = field(text, 11, 2), minute = field(text, 14, 2);
    if (locale->half_days)
        buf_printf(out, "%d:%02d" NARROW_SPACE "%s", hour % 12 == 0 ? 12 : hour % 12, minute,
                   hour < 12 ? "AM" : "PM");
    else
        buf_printf(out, "%02d:%02d", hour, minute);
}

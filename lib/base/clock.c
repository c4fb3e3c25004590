/* Time: wall clock for facts, monotonic clock for deadlines, RFC 3339 for people.
 * Owner: lib/base. Thread: any.
 */
#include "base/clock.h"

#include <limits.h>
#include <stdbool.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    CHECK(clock_gettime(id, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
    return read_us(CLOCK_REALTIME);
}

int64_t clock_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int clock_left_ms(int64_t deadline_us)
{
    int64_t left_us = deadline_us - clock_monotonic_us();
    if (left_us <= 0)
        return 0;
    int64_t left_ms = (left_us + 999) / 1000;
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

static void put_digits(char *out, int64_t value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

/* Days since 1970-01-01 of a proleptic Gregorian date, after Howard Hinnant's civil algorithms. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void clock_format(int64_t wall_us, char text[CLOCK_TEXT_SIZE])
{
    int64_t seconds = wall_us / 1000000;
    int64_t fraction = wall_us % 1000000;
    if (fraction < 0) {
        fraction += 1000000;
        seconds--;
    }
    int64_t days = seconds / 86400;
    int64_t rest = seconds % 86400;
    if (rest < 0) {
        rest += 86400;
        days--;
    }
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2);

    static const char shape[CLOCK_TEXT_SIZE] = "0000-00-00T00:00:00.000000Z";
    for (size_t i = 0; i < CLOCK_TEXT_SIZE; i++)
        text[i] = shape[i];
    put_digits(text, year, 4);
    put_digits(text + 5, month, 2);
    put_digits(text + 8, day, 2);
    put_digits(text + 11, rest / 3600, 2);
    put_digits(text + 14, rest / 60 % 60, 2);
    put_digits(text + 17, rest % 60, 2);
    put_digits(text + 20, fraction, 6);
}

struct cursor {
    const char *at, *end;
};

/* Exactly width digits, or -1. */
static int take_digits(struct cursor *cursor, int width)
{
    int value = 0;
    if (cursor->end - cursor->at < width)
        return -1;
    for (int i = 0; i < width; i++) {
        char c = *cursor->at++;
        if (c < '0' || c > '9')
            return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

static bool take_char(struct cursor *cursor, char wanted, char other)
{
    if (cursor->at == cursor->end || (*cursor->at != wanted && *cursor->at != other))
        return false;
    cursor->at++;
    return true;
}

static bool take_fraction(struct cursor *cursor, int64_t *us)
{
    *us = 0;
    if (!take_char(cursor, '.', '.'))
        return true;
    int digits = 0;
    for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++) {
        if (digits < 6)
            *us = *us * 10 + (*cursor->at - '0');
        digits++;
    }
    for (int i = digits; i < 6; i++)
        *us *= 10;
    return digits > 0;
}

static bool take_offset(struct cursor *cursor, int64_t *seconds)
{
    *seconds = 0;
    if (take_char(cursor, 'Z', 'z'))
        return true;
    if (cursor->at == cursor->end || (*cursor->at != '+' && *cursor->at != '-'))
        return false;
    int sign = *cursor->at++ == '-' ? -1 : 1;
    int hours = take_digits(cursor, 2);
    if (!take_char(cursor, ':', ':'))
        return false;
    int minutes = take_digits(cursor, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return false;
    *seconds = (int64_t)sign * (hours * 60 + minutes) * 60;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

int clock_parse(const char *text, size_t length, int64_t *ret_wall_us)
{
    struct cursor cursor = {text, text + length};
    int64_t fraction_us, offset_s;
    int year = take_digits(&cursor, 4);
    if (!take_char(&cursor, '-', '-'))
        return -1;
    int month = take_digits(&cursor, 2);
    if (!take_char(&cursor, '-', '-'))
        return -1;
    int day = take_digits(&cursor, 2);
    if (!take_char(&cursor, 'T', 't'))
        return -1;
    int hour = take_digits(&cursor, 2);
    if (!take_char(&cursor, ':', ':'))
        return -1;
    int minute = take_digits(&cursor, 2);
    if (!take_char(&cursor, ':', ':'))
        return -1;
    int second = take_digits(&cursor, 2);
    if (!take_fraction(&cursor, &fraction_us) || !take_offset(&cursor, &offset_s))
        return -1;
    if (cursor.at != cursor.end || year < 0 || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month) || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        second < 0 || second > 60)
        return -1;
    int64_t days = days_from_civil(year, month, day);
    int64_t seconds = ((days * 24 + hour) * 60 + minute) * 60 + second - offset_s;
    *ret_wall_us = seconds * 1000000 + fraction_us;
    return 0;
}

/* Numbers that may be those of payment cards. Pure.
 * Owner: lib/base. Thread: any.
 */
#include "base/luhn.h"

enum {
    CARD_DIGITS_MIN = 13,
    CARD_DIGITS_MAX = 19,
    PHONE_DIGITS_MIN = 7,
    PHONE_DIGITS_MAX = 15,
    FIRST_GROUP = 4,
    GROUP_MIN = 3,
    GROUP_MAX = 6,
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex_letter(char c)
{
    return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* From the right, every second digit counts twice; of two-digit products both digits count. */
static bool passes(const char *digits, size_t count)
{
    int sum = 0;
    for (size_t i = 0; i < count; i++) {
        int value = digits[count - 1 - i] - '0';
        if (i % 2 == 1)
            value = value > 4 ? 2 * value - 9 : 2 * value;
        sum += value;
    }
    return sum % 10 == 0;
}

static bool is_card(const char *digits, size_t count)
{
    return count >= CARD_DIGITS_MIN && count <= CARD_DIGITS_MAX && passes(digits, count);
}

static bool is_phone(struct slice text)
{
    if (text.len < 1 + PHONE_DIGITS_MIN || text.len > 1 + PHONE_DIGITS_MAX || text.data[0] != '+')
        return false;
    for (size_t i = 1; i < text.len; i++) {
        if (!is_digit(text.data[i]))
            return false;
    }
    return true;
}

/* Letters and digits in a row from *at, which moves behind them. */
static bool word_holds_card(struct slice text, size_t *at)
{
    size_t begin = *at, end = begin;
    bool letters = false, others = false; /* than those of hexadecimal digits */
    for (; end < text.len && (is_digit(text.data[end]) || is_letter(text.data[end])); end++) {
        letters = letters || is_letter(text.data[end]);
        others = others || (is_letter(text.data[end]) && !is_hex_letter(text.data[end]));
    }
    *at = end;
    if (letters && !others)
        return false;
    for (size_t i = begin; i < end;) {
        size_t count = 0;
        while (i + count < end && is_digit(text.data[i + count]))
            count++;
        if (is_card(text.data + i, count))
            return true;
        i += count + 1;
    }
    return false;
}

static size_t group_length(struct slice text, size_t at)
{
    size_t length = 0;
    while (at + length < text.len && is_digit(text.data[at + length]))
        length++;
    return length;
}

/* Groups of digits from *at, which moves behind them. */
static bool groups_hold_card(struct slice text, size_t *at)
{
    char digits[CARD_DIGITS_MAX + GROUP_MAX];
    size_t count = 0, groups = 0, length;
    bool printed = true; /* as on cards */
    while ((length = group_length(text, *at)) > 0) {
        size_t least = groups == 0 ? FIRST_GROUP : GROUP_MIN;
        size_t most = groups == 0 ? FIRST_GROUP : GROUP_MAX;
        printed = printed && length >= least && length <= most && count <= CARD_DIGITS_MAX;
        if (printed) {
            memcpy(digits + count, text.data + *at, length);
            count += length;
        }
        groups++;
        *at += length;
        bool separated = *at + 1 < text.len && (text.data[*at] == ' ' || text.data[*at] == '-') &&
                         is_digit(text.data[*at + 1]);
        if (!separated)
            break;
        (*at)++;
    }
    return printed && groups > 1 && is_card(digits, count);
}

static size_t digits_in(struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += is_digit(text.data[i]) ? 1 : 0;
    return count;
}

bool luhn_holds_card_number(struct slice text)
{
    if (digits_in(text) < CARD_DIGITS_MIN || is_phone(text))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if ((is_digit(text.data[i]) || is_letter(text.data[i])) && word_holds_card(text, &i))
            return true;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (is_digit(text.data[i]) && groups_hold_card(text, &i))
            return true;
    }
    return false;
}

bool luhn_is_bar_code(struct slice text)
{
    int sum = 0;
    if (text.len != 13 && text.len != 14)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[text.len - 1 - i];
        if (!is_digit(c))
            return false;
        sum += (c - '0') * (i % 2 == 1 ? 3 : 1);
    }
    return sum % 10 == 0;
}

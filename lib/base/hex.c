/* Hexadecimal digits.
 * Owner: lib/base. Thread: any.
 */
#include "base/hex.h"

const int8_t hex_values[UINT8_MAX + 1] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

char *hex_write(const uint8_t *bytes, size_t length, char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < length; i++) {
        *text++ = digits[bytes[i] >> 4];
        *text++ = digits[bytes[i] & 0x0F];
    }
    return text;
}

static int lower_value(char digit)
{
    return digit >= 'A' && digit <= 'F' ? -1 : hex_value(digit);
}

bool hex_read(const char *digits, size_t length, uint8_t *ret_bytes)
{
    for (size_t i = 0; i < length; i++) {
        int high = lower_value(digits[2 * i]), low = lower_value(digits[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        ret_bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

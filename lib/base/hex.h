/* Hexadecimal digits.
 * Owner: lib/base. Thread: any.
 */
#ifndef CARTWRIGHT_BASE_HEX_H
#define CARTWRIGHT_BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/** By table: digits are random, so comparing them one after another mispredicts at every other one.
 * One more than the value, 0 for what is no digit. */
extern const int8_t hex_values[UINT8_MAX + 1];

/** What the digit stands for, upper or lower case; -1 for what is none. */
static inline int hex_value(char digit)
{
    return hex_values[(uint8_t)digit] - 1;
}

/** 2 * length lower-case digits into text; the place behind them. No NUL. */
char *hex_write(const uint8_t *bytes, size_t length, char *text);

/** The bytes of 2 * length lower-case digits; false for anything else. */
bool hex_read(const char *digits, size_t length, uint8_t *ret_bytes) WARN_UNUSED;

#endif

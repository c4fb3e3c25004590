/* Currency codes. Source: ISO 4217, active codes.
 * Owner: lib/base. Thread: any.
 */
#ifndef CARTWRIGHT_BASE_CURRENCY_H
#define CARTWRIGHT_BASE_CURRENCY_H

#include <stdbool.h>
#include <stddef.h>

/** Whether code is an active three-letter currency code in upper case. */
bool currency_valid(const char *code, size_t length);

/** How many digits of an amount in minor units stand behind the decimal point: 2 for most, 0 for
 * the yen, 3 for the dinars. code is valid. */
int currency_minor_digits(const char *code, size_t length);

#endif

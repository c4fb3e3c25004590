/* Currency codes. Source: ISO 4217, active codes.
 * Owner: lib/base. Thread: any.
 */
#ifndef CARTWRIGHT_BASE_CURRENCY_H
#define CARTWRIGHT_BASE_CURRENCY_H

#include <stdbool.h>
#include <stddef.h>

/** Whether code is an active three-letter currency code in upper case. */
bool currency_valid(const char *code, size_t length);

#endif

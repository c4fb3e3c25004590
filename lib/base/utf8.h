/* Text checks for what strangers send. Source: RFC 3629.
 * Owner: lib/base. Thread: any.
 */
#ifndef CARTWRIGHT_BASE_UTF8_H
#define CARTWRIGHT_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/** Whether text is well-formed UTF-8: no overlong form, surrogate or code point above U+10FFFF. */
bool utf8_valid(const char *text, size_t length);

/** Whether valid UTF-8 holds no control characters (C0, DEL, C1). */
bool utf8_printable(const char *text, size_t length);

#endif

/* Percent-encoding and query strings. Sources: RFC 3986, the URL standard's form encoding.
 * Owner: lib/http. Thread: any.
 */
#ifndef CARTWRIGHT_HTTP_URI_H
#define CARTWRIGHT_HTTP_URI_H

#include <stdbool.h>

#include "base/buf.h"

/** Decodes text into out (text.len bytes are enough); plus: '+' is a space. False for a bad escape,
 * a NUL or what is not UTF-8 after decoding. */
bool uri_decode(struct slice text, bool plus, char *out, size_t *ret_length) WARN_UNUSED;

/** Whether text decodes to exactly name; needs no memory. */
bool uri_decodes_to(struct slice text, bool plus, struct slice name);

/** Takes the next name=value pair, both still encoded, off *query; false at the end. Empty pairs
 * ("a=1&&b=2") are skipped. */
bool uri_next_pair(struct slice *query, struct slice *ret_name, struct slice *ret_value);

#endif

/* Base64url without padding, strictly: one text per value. Source: RFC 4648, 5; RFC 7515, 2.
 * Owner: lib/base. Thread: any.
 */
#ifndef CARTWRIGHT_BASE_BASE64URL_H
#define CARTWRIGHT_BASE_BASE64URL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/** Enough room for the bytes of so many characters. */
#define BASE64URL_BYTES(characters) ((characters) / 4 * 3 + 2)
/** The characters of so many bytes. */
#define BASE64URL_CHARACTERS(bytes) (((bytes)*8 + 5) / 6)

/** Decodes into bytes (BASE64URL_BYTES(text.len) of room). -1 for anything but the one text that
 * encodes these bytes: other characters, padding, white space, bits left over that are not 0. */
int base64url_decode(struct slice text, uint8_t *bytes, size_t *ret_length) WARN_UNUSED;

/** Appends the text of length bytes. */
void base64url_encode(struct buf *out, const uint8_t *bytes, size_t length);

#endif

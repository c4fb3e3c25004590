/* Base64url without padding, strictly.
 * Owner: lib/base. Thread: any.
 */
#include "base/base64url.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

int base64url_decode(struct slice text, uint8_t *bytes, size_t *ret_length)
{
    uint32_t bits = 0;
    int held = 0; /* bits not yet written */
    size_t length = 0;
    if (text.len % 4 == 1)
        return -1;
    for (size_t i = 0; i < text.len; i++) {
        int value = value_of(text.data[i]);
        if (value < 0)
            return -1;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes[length++] = (uint8_t)(bits >> held);
        }
    }
    if ((bits & ((1U << held) - 1)) != 0)
        return -1;
    *ret_length = length;
    return 0;
}

void base64url_encode(struct buf *out, const uint8_t *bytes, size_t length)
{
    uint32_t bits = 0;
    int held = 0;
    buf_reserve(out, BASE64URL_CHARACTERS(length));
    for (size_t i = 0; i < length; i++) {
        bits = bits << 8 | bytes[i];
        for (held += 8; held >= 6; held -= 6)
            buf_char(out, alphabet[bits >> (held - 6) & 63]);
    }
    if (held > 0)
        buf_char(out, alphabet[bits << (6 - held) & 63]);
}

/* Text checks for what strangers send.
 * Owner: lib/base. Thread: any.
 */
#include "base/utf8.h"

#include <stdint.h>

/* Length of the sequence at text, 0 when it is malformed; the ranges of the second byte are
 * those of RFC 3629's grammar, which exclude overlong forms and surrogates. */
static size_t sequence_length(const uint8_t *text, size_t left)
{
    uint8_t lead = text[0];
    size_t length;
    uint8_t low = 0x80, high = 0xBF;
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
        if (lead == 0xE0)
            low = 0xA0;
        else if (lead == 0xED)
            high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        if (lead == 0xF0)
            low = 0x90;
        else if (lead == 0xF4)
            high = 0x8F;
    } else {
        return 0;
    }
    if (left < length || text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    }
    return length;
}

bool utf8_valid(const char *text, size_t length)
{
    const uint8_t *bytes = (const uint8_t *)text;
    for (size_t at = 0; at < length;) {
        size_t step = sequence_length(bytes + at, length - at);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

bool utf8_printable(const char *text, size_t length)
{
    const uint8_t *bytes = (const uint8_t *)text;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] < 0x20 || bytes[i] == 0x7F)
            return false;
        if (bytes[i] == 0xC2 && i + 1 < length && bytes[i + 1] < 0xA0)
            return false;
    }
    return true;
}

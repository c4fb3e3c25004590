/* Percent-encoding and query strings.
 * Owner: lib/http. Thread: any.
 */
#include "http/uri.h"

#include "base/hex.h"
#include "base/utf8.h"

/** The next decoded byte of text at *at, or -1 for a bad escape or NUL. */
static int next_byte(struct slice text, bool plus, size_t *at)
{
    char c = text.data[*at];
    if (c == '%') {
        if (text.len - *at < 3)
            return -1;
        int high = hex_value(text.data[*at + 1]), low = hex_value(text.data[*at + 2]);
        if (high < 0 || low < 0 || (high | low) == 0)
            return -1;
        *at += 3;
        return high << 4 | low;
    }
    *at += 1;
    if (plus && c == '+')
        return ' ';
    return c == '\0' ? -1 : (unsigned char)c;
}

bool uri_decode(struct slice text, bool plus, char *out, size_t *ret_length)
{
    size_t length = 0;
    for (size_t at = 0; at < text.len;) {
        int byte = next_byte(text, plus, &at);
        if (byte < 0)
            return false;
        out[length++] = (char)byte;
    }
    if (!utf8_valid(out, length))
        return false;
    *ret_length = length;
    return true;
}

bool uri_decodes_to(struct slice text, bool plus, struct slice name)
{
    size_t matched = 0;
    for (size_t at = 0; at < text.len; matched++) {
        int byte = next_byte(text, plus, &at);
        if (byte < 0 || matched == name.len || (unsigned char)name.data[matched] != byte)
            return false;
    }
    return matched == name.len;
}

bool uri_next_pair(struct slice *query, struct slice *ret_name, struct slice *ret_value)
{
    while (query->len > 0) {
        const char *end = memchr(query->data, '&', query->len);
        struct slice pair = {query->data, end != NULL ? (size_t)(end - query->data) : query->len};
        size_t taken = end != NULL ? pair.len + 1 : pair.len;
        query->data += taken;
        query->len -= taken;
        if (pair.len == 0)
            continue;
        const char *equals = memchr(pair.data, '=', pair.len);
        size_t name_len = equals != NULL ? (size_t)(equals - pair.data) : pair.len;
        *ret_name = (struct slice){pair.data, name_len};
        size_t skip = equals != NULL ? name_len + 1 : name_len;
        *ret_value = (struct slice){pair.data + skip, pair.len - skip};
        return true;
    }
    return false;
}

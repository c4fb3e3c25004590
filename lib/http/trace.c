/* The traceparent header.
 * Owner: lib/http. Thread: any.
 */
#include "http/trace.h"

enum { TRACEPARENT_LENGTH = 55 }; /* 2-32-16-2 hex digits and dashes */

static int lower_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/** False unless digits are 2 * length lower-case hex digits. */
static bool read_hex(const char *digits, uint8_t *out, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        int high = lower_hex(digits[2 * i]), low = lower_hex(digits[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool all_zero(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

bool trace_parse(struct slice text, struct http_trace *trace)
{
    uint8_t version, parent[8], flags, trace_id[16];
    const char *at = text.data;
    if (text.len < TRACEPARENT_LENGTH || at[2] != '-' || at[35] != '-' || at[52] != '-')
        return false;
    if (!read_hex(at, &version, 1) || !read_hex(at + 3, trace_id, 16) ||
        !read_hex(at + 36, parent, 8) || !read_hex(at + 53, &flags, 1))
        return false;
    if (version == 0xFF || all_zero(trace_id, 16) || all_zero(parent, 8))
        return false;
    /* Version 00 ends here; later ones may go on after a dash. */
    if (text.len > TRACEPARENT_LENGTH && (version == 0 || at[TRACEPARENT_LENGTH] != '-'))
        return false;
    memcpy(trace->trace_id, trace_id, sizeof(trace_id));
    trace->flags = flags;
    return true;
}

void trace_hex(const uint8_t *bytes, size_t length, char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < length; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 0x0F];
    }
    text[2 * length] = '\0';
}

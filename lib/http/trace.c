/* The traceparent header.
 * Owner: lib/http. Thread: any.
 */
#include "http/trace.h"

#include "base/hex.h"

enum { TRACEPARENT_LENGTH = 55 }; /* 2-32-16-2 hex digits and dashes */

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
    if (!hex_read(at, 1, &version) || !hex_read(at + 3, 16, trace_id) ||
        !hex_read(at + 36, 8, parent) || !hex_read(at + 53, 1, &flags))
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
    *hex_write(bytes, length, text) = '\0';
}

/* The traceparent header. Source: W3C Trace Context, level 1.
 * Owner: lib/http. Thread: any.
 */
#ifndef CARTWRIGHT_HTTP_TRACE_H
#define CARTWRIGHT_HTTP_TRACE_H

#include <stdbool.h>

#include "http/http.h"

/** Takes trace_id and flags from a traceparent value; false (trace untouched) unless it is
 * well-formed: lower-case hex, version not ff, ids not all zero. */
bool trace_parse(struct slice text, struct http_trace *trace) WARN_UNUSED;

/** 2 * length lower-case hex digits and NUL into text. */
void trace_hex(const uint8_t *bytes, size_t length, char *text);

#endif

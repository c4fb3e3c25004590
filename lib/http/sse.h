/* Server-sent events: a stream of text that browsers read with EventSource. Source: the HTML
 * standard, section 9.2.
 * Owner: lib/http. Thread: the worker's; sse_write_event any.
 */
#ifndef CARTWRIGHT_HTTP_SSE_H
#define CARTWRIGHT_HTTP_SSE_H

#include "http/stream.h"

struct sse_events {
    void (*ready)(void *arg); /* as http_stream_events */
    void (*closed)(void *arg, enum http_stream_end how);
};

struct sse;

/** Answers 200 with a stream of events; the client is told to come back after retry_ms when it
 * ends. limits->silence_ms must be 0: such a client says nothing. Freed after closed. */
struct sse *sse_open(struct http_request *request, int retry_ms,
                     const struct http_stream_limits *limits, const struct sse_events *events,
                     void *arg);

/** Sends an event; data must not have a line end. id comes back as Last-Event-ID. */
void sse_send(struct sse *sse, const char *name, int64_t id, struct slice data);
bool sse_idle(const struct sse *sse);
void sse_end(struct sse *sse);

#endif

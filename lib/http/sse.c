/* Server-sent events.
 * Owner: lib/http. Thread: the worker's.
 */
#include "http/sse.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"

struct sse {
    struct http_stream *stream;
    const struct sse_events *events;
    void *arg;
    struct buf text;
};

static void on_ready(void *arg)
{
    struct sse *sse = arg;
    sse->events->ready(sse->arg);
}

/** A comment: proxies and clients see that the connection lives. */
static void on_beat(void *arg)
{
    struct sse *sse = arg;
    http_stream_write(sse->stream, ":\n\n", 3);
}

static void on_stop(void *arg)
{
    struct sse *sse = arg;
    http_stream_end(sse->stream);
}

static void on_closed(void *arg, enum http_stream_end how)
{
    struct sse *sse = arg;
    sse->events->closed(sse->arg, how);
    buf_free(&sse->text);
    free(sse);
}

struct sse *sse_open(struct http_request *request, int retry_ms,
                     const struct http_stream_limits *limits, const struct sse_events *events,
                     void *arg)
{
    static const struct http_stream_events stream_events = {
        .ready = on_ready, .beat = on_beat, .stop = on_stop, .closed = on_closed};
    CHECK(limits->silence_ms == 0);
    struct sse *sse = mem_calloc(1, sizeof(*sse));
    sse->events = events;
    sse->arg = arg;
    http_add_header(request, "content-type", slice_of("text/event-stream"));
    http_add_header(request, "cache-control", slice_of("no-store"));
    http_add_header(request, "x-accel-buffering", slice_of("no")); /* nginx would collect */
    sse->stream = http_stream_open(request, 200, limits, &stream_events, sse);
    buf_printf(&sse->text, "retry: %d\n\n", retry_ms);
    http_stream_write(sse->stream, sse->text.data, sse->text.len);
    return sse;
}

void sse_send(struct sse *sse, const char *name, int64_t id, struct slice data)
{
    buf_clear(&sse->text);
    buf_printf(&sse->text, "event: %s\nid: %ld\ndata: ", name, id);
    buf_append(&sse->text, data.data, data.len);
    buf_text(&sse->text, "\n\n");
    http_stream_write(sse->stream, sse->text.data, sse->text.len);
}

bool sse_idle(const struct sse *sse)
{
    return http_stream_idle(sse->stream);
}

void sse_end(struct sse *sse)
{
    http_stream_end(sse->stream);
}

/* WebSockets over a stream.
 * Owner: lib/http. Thread: the worker's.
 */
#include "http/websocket.h"

#include <stdlib.h>

#include <wslay/wslay.h>

#include "base/check.h"
#include "base/memory.h"
#include "http/internal.h"

/* Frames between two turns' ends; a client cannot make more of them with what fits into the
 * socket's buffer unless it floods. */
enum { FRAMES_MAX = 4096 };

struct websocket {
    struct http_stream *stream;
    wslay_event_context_ptr frames;
    const struct websocket_events *events;
    void *arg;
    struct slice input; /* not read yet, within on_input */
    bool failed;        /* the client's frames cannot be taken apart any more */
    bool closing;       /* we close; what is queued goes out before the close frame */
    enum websocket_code code;
    const char *reason;
};

/* ---- wslay's side */

static ssize_t take_input(wslay_event_context_ptr frames, uint8_t *bytes, size_t length, int flags,
                          void *arg)
{
    struct websocket *socket = arg;
    size_t taken = length < socket->input.len ? length : socket->input.len;
    (void)flags;
    if (taken == 0) {
        wslay_event_set_error(frames, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    memcpy(bytes, socket->input.data, taken);
    socket->input.data += taken;
    socket->input.len -= taken;
    return (ssize_t)taken;
}

static ssize_t give_output(wslay_event_context_ptr frames, const uint8_t *bytes, size_t length,
                           int flags, void *arg)
{
    struct websocket *socket = arg;
    (void)frames;
    (void)flags;
    http_stream_write(socket->stream, bytes, length);
    return (ssize_t)length;
}

static void on_message(wslay_event_context_ptr frames,
                       const struct wslay_event_on_msg_recv_arg *message, void *arg)
{
    struct websocket *socket = arg;
    (void)frames;
    if (socket->closing || wslay_is_ctrl_frame(message->opcode))
        return;
    if (message->opcode == WSLAY_TEXT_FRAME)
        socket->events->message(socket->arg,
                                (struct slice){(const char *)message->msg, message->msg_length});
    else
        websocket_close(socket, WEBSOCKET_UNSUPPORTED, "messages are text");
}

/* ---- the stream's side */

static void on_ready(void *arg)
{
    struct websocket *socket = arg;
    if (!socket->closing)
        socket->events->ready(socket->arg);
}

static void on_input(void *arg, struct slice bytes)
{
    struct websocket *socket = arg;
    socket->input = bytes;
    /* What breaks the protocol makes wslay queue the close frame that says so; after an error that
     * is the last frame. */
    if (wslay_event_recv(socket->frames) != 0)
        socket->failed = true;
    socket->input = (struct slice){NULL, 0};
    http_stream_touch(socket->stream);
}

static void queue(struct websocket *socket, uint8_t opcode, struct slice text)
{
    struct wslay_event_msg message = {
        .opcode = opcode, .msg = (const uint8_t *)text.data, .msg_length = text.len};
    /* Refused only when a close frame is queued already: then nothing more is to be said. */
    (void)wslay_event_queue_msg(socket->frames, &message);
    http_stream_touch(socket->stream);
}

static void on_beat(void *arg)
{
    queue(arg, WSLAY_PING, (struct slice){NULL, 0});
}

/** Sends what is queued; the end of the handshake is the end of the stream. */
static void on_flush(void *arg)
{
    struct websocket *socket = arg;
    bool fine = wslay_event_get_queued_msg_count(socket->frames) <= FRAMES_MAX &&
                wslay_event_send(socket->frames) == 0;
    if (fine && socket->closing) { /* wslay would send a close frame before queued messages */
        (void)wslay_event_queue_close(socket->frames, (uint16_t)socket->code,
                                      (const uint8_t *)socket->reason, strlen(socket->reason));
        fine = wslay_event_send(socket->frames) == 0;
    }
    if (!fine || socket->failed || wslay_event_get_close_sent(socket->frames))
        http_stream_end(socket->stream);
}

static void on_stop(void *arg)
{
    websocket_close(arg, WEBSOCKET_GOING_AWAY, "the server stops");
}

static void on_closed(void *arg, enum http_stream_end how)
{
    struct websocket *socket = arg;
    if (how == HTTP_STREAM_ENDED && !socket->closing)
        how = HTTP_STREAM_LEFT; /* the client's close frame, or its breach of the protocol */
    socket->events->closed(socket->arg, how);
    wslay_event_context_free(socket->frames);
    free(socket);
}

/* ---- users */

struct websocket *websocket_open(struct http_request *request, const char *protocol,
                                 const struct websocket_options *options, void *arg)
{
    static const struct http_stream_events stream_events = {
        .ready = on_ready,
        .input = on_input,
        .beat = on_beat,
        .flush = on_flush,
        .stop = on_stop,
        .closed = on_closed,
    };
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = take_input,
        .send_callback = give_output,
        .on_msg_recv_callback = on_message,
    };
    struct slice key;
    char accept[WEBSOCKET_ACCEPT_SIZE];
    CHECK(http_header(request, "sec-websocket-key", &key));
    websocket_accept(key, accept);
    struct websocket *socket = mem_calloc(1, sizeof(*socket));
    socket->events = options->events;
    socket->arg = arg;
    CHECK(wslay_event_context_server_init(&socket->frames, &callbacks, socket) == 0);
    wslay_event_config_set_max_recv_msg_length(socket->frames, options->message_max);
    http_add_header(request, "upgrade", slice_of("websocket"));
    http_add_header(request, "sec-websocket-accept", slice_of(accept));
    if (protocol != NULL)
        http_add_header(request, "sec-websocket-protocol", slice_of(protocol));
    socket->stream = http_stream_open(request, 101, &options->limits, &stream_events, socket);
    return socket;
}

void websocket_send(struct websocket *socket, struct slice text)
{
    queue(socket, WSLAY_TEXT_FRAME, text);
}

void websocket_close(struct websocket *socket, enum websocket_code code, const char *reason)
{
    if (socket->closing)
        return;
    socket->closing = true;
    socket->code = code;
    socket->reason = reason;
    http_stream_touch(socket->stream);
}

bool websocket_idle(const struct websocket *socket)
{
    return http_stream_idle(socket->stream) &&
           wslay_event_get_queued_msg_count(socket->frames) == 0;
}

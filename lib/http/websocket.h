/* WebSockets over a stream; wslay takes the frames apart. Source: RFC 6455.
 * Owner: lib/http. Thread: the worker's.
 */
#ifndef CARTWRIGHT_HTTP_WEBSOCKET_H
#define CARTWRIGHT_HTTP_WEBSOCKET_H

#include "http/stream.h"

enum websocket_code {
    WEBSOCKET_NORMAL = 1000,
    WEBSOCKET_GOING_AWAY = 1001,
    WEBSOCKET_UNSUPPORTED = 1003,
    WEBSOCKET_POLICY = 1008,
    WEBSOCKET_TRY_LATER = 1013,
};

/** What the request asks for, besides being a GET. */
enum websocket_handshake {
    WEBSOCKET_HANDSHAKE_GOOD,
    WEBSOCKET_HANDSHAKE_NOT,     /* no upgrade: 426 with Upgrade: websocket */
    WEBSOCKET_HANDSHAKE_VERSION, /* not 13: 426 with Sec-WebSocket-Version: 13 */
    WEBSOCKET_HANDSHAKE_BAD,     /* 400: the key is missing or none */
};
enum websocket_handshake websocket_handshake(const struct http_request *request);

/** The subprotocols that the client offers, one by one, from all its headers; false after the last.
 * *at starts at 0. A list that is malformed ends there. */
bool websocket_offer(const struct http_request *request, size_t *at, struct slice *ret_protocol);

/** The value that answers a Sec-WebSocket-Key. */
enum { WEBSOCKET_ACCEPT_SIZE = 29 };
void websocket_accept(struct slice key, char text[WEBSOCKET_ACCEPT_SIZE]);

struct websocket_events {
    void (*ready)(void *arg); /* as http_stream_events */
    /* A whole text message, valid UTF-8. Binary ones close with WEBSOCKET_UNSUPPORTED. */
    void (*message)(void *arg, struct slice text);
    void (*closed)(void *arg, enum http_stream_end how);
};

struct websocket_options {
    struct http_stream_limits limits; /* the beat is a ping, silence the lack of any frame */
    size_t message_max;               /* longer ones close with 1009 */
    const struct websocket_events *events;
};

struct websocket;

/** Answers a good handshake with 101; protocol is one that was offered, or NULL. Freed after
 * closed. options is copied but for events. */
struct websocket *websocket_open(struct http_request *request, const char *protocol,
                                 const struct websocket_options *options, void *arg);

void websocket_send(struct websocket *socket, struct slice text);
/** Sends what is queued, then closes; messages that come meanwhile are dropped. reason is a
 * literal of at most 120 bytes. */
void websocket_close(struct websocket *socket, enum websocket_code code, const char *reason);
bool websocket_idle(const struct websocket *socket);

#endif

/* A connection that an answer has taken over: it stays open and carries what the server has to say
 * for as long as both want. Server-sent events and WebSockets are made of these.
 * Owner: lib/http. Thread: the worker's.
 *
 * What is written in one turn of the loop leaves at its end. At most one write is under way; who
 * only writes from `ready` and while http_stream_idle() keeps at most one message per listener in
 * memory, however slowly the client reads.
 */
#ifndef CARTWRIGHT_HTTP_STREAM_H
#define CARTWRIGHT_HTTP_STREAM_H

#include "http/http.h"

struct http_stream;

struct http_stream_limits {
    int beat_ms;       /* between signs of life when nothing else was sent; at most a minute */
    int stall_ms;      /* a write that takes longer: the client reads too slowly */
    int silence_ms;    /* 0, or: a client that was not heard of for so long is gone */
    size_t output_max; /* bytes that may wait to be written */
};

enum http_stream_end {
    HTTP_STREAM_LEFT,   /* the client closed, or its connection broke */
    HTTP_STREAM_ENDED,  /* by the server: http_stream_end, or it stops */
    HTTP_STREAM_SLOW,   /* stall_ms or output_max */
    HTTP_STREAM_SILENT, /* silence_ms */
    HTTP_STREAM_ENDS
};

/** All may write and end; all get the arg that the stream was opened with. */
struct http_stream_events {
    /* Nothing is under way: a good time to write. First after the opening, then after each write.
     */
    void (*ready)(void *arg);
    /* The client has sent bytes; they are gone afterwards. NULL: they are dropped. */
    void (*input)(void *arg, struct slice bytes);
    /* beat_ms passed without a write: write a sign of life. */
    void (*beat)(void *arg);
    /* Before collected bytes are looked for: write what was held back. May be NULL. */
    void (*flush)(void *arg);
    /* The server stops: say good-bye, then http_stream_end. */
    void (*stop)(void *arg);
    /* The last call. */
    void (*closed)(void *arg, enum http_stream_end how);
};

/** Answers request with this status (101, or 200 with a body that ends with the connection) and the
 * headers that were added, and takes its connection over. The stream frees itself after closed. */
struct http_stream *http_stream_open(struct http_request *request, int status,
                                     const struct http_stream_limits *limits,
                                     const struct http_stream_events *events, void *arg);

/** Appends to what is sent at the end of this turn; beyond output_max the stream is closed. */
void http_stream_write(struct http_stream *stream, const void *bytes, size_t length);

/** Calls flush at the end of this turn. */
void http_stream_touch(struct http_stream *stream);

/** Closes when all that was written has left; later input is dropped. */
void http_stream_end(struct http_stream *stream);

/** Whether nothing is under way or waits. */
bool http_stream_idle(const struct http_stream *stream);

struct http_worker *http_stream_worker(const struct http_stream *stream);

#endif

/* Redis for event loops: hash fields, many at once, none waited for longer than a time-out. One of
 * the doors to hiredis. Owner: lib/io. Thread: a struct redis_async belongs to its loop's thread;
 * an endpoint to all.
 */
#ifndef CARTWRIGHT_IO_REDIS_ASYNC_H
#define CARTWRIGHT_IO_REDIS_ASYNC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

/** Where Redis is. Looking up a name blocks, so a loop only uses what was found last. */
struct redis_endpoint;

/** Parses as redis_address_parse; -1 with a permanent error. The caller frees it. */
int redis_endpoint_new(const char *connection_string, struct error *err,
                       struct redis_endpoint **ret_endpoint) WARN_UNUSED;
void redis_endpoint_free(struct redis_endpoint *endpoint);

/** Looks the name up, anew each time; quick for an IP address. -1: a retriable error; what was
 * found before stays. Any thread that may block. */
int redis_endpoint_resolve(struct redis_endpoint *endpoint, struct error *err) WARN_UNUSED;

/** What an event loop offers; the functions take loop_context, or what *_new and *_start returned.
 */
struct redis_loop {
    /* ready(arg, readable, writable); NULL: no descriptor left */
    void *(*watch_new)(void *loop, int fd, void (*ready)(void *arg, bool readable, bool writable),
                       void *arg);
    void (*watch_read)(void *watch, bool on);
    void (*watch_write_once)(void *watch); /* one-shot, harmless when armed */
    void (*watch_free)(void *watch);       /* fine inside ready */
    void *(*timer_start)(void *loop, int delay_ms, void (*fire)(void *), void *arg); /* one-shot */
    void (*timer_stop)(void *timer); /* not after it fired */
};

struct redis_async_options {
    const struct redis_loop *loop;
    void *loop_context;
    struct redis_endpoint *endpoint; /* outlives the client */
    /* A connection was made, the first or another one; before anything is asked on it. May be NULL.
     */
    void (*connected)(void *arg);
    void *connected_arg;
    int connect_timeout_ms;
    int command_timeout_ms;
    size_t pending_max; /* commands without a reply; beyond: refused */
};

struct redis_async;

/** Starts to connect; goes on trying for ever, with growing pauses. */
struct redis_async *redis_async_new(const struct redis_async_options *options);

/** Calls back what is pending, with NULL; NULL is fine. */
void redis_async_free(struct redis_async *redis);

enum { REDIS_FIELDS_MAX = 4 };

/** The fields' values as asked for; data is NULL for a missing one. Valid during the callback. */
struct redis_reply_fields {
    struct slice values[REDIS_FIELDS_MAX];
};

/** reply is NULL when Redis did not answer in time or answered an error. */
typedef void (*redis_fields_callback)(void *arg, const struct redis_reply_fields *reply);

/** Asks for fields of a hash; false when there is no use in asking now: not connected, not
 * answering, or too many pending. Otherwise callback is called once, never before this returns.
 * What one turn of the loop asks for is sent together by redis_async_flush. */
bool redis_async_hmget(struct redis_async *redis, struct slice key, const char *const *fields,
                       size_t count, redis_fields_callback callback, void *arg) WARN_UNUSED;

/** Call after each turn of the loop. */
void redis_async_flush(struct redis_async *redis);

#endif

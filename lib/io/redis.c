/* Redis: blocking, pipelined commands with deadlines.
 * Owner: lib/io. Thread: a connection belongs to one thread at a time.
 *
 * hiredis connects and parses replies on a non-blocking socket; requests are written here, straight
 * into one buffer, because its own output buffer moves what is left after each partial write.
 */
#include "io/redis.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

struct redis {
    redisContext *context;
    struct buf out;
    size_t sent;
    size_t missing_arguments; /* of the command that is being written */
};

int redis_address_parse(const char *connection_string, struct error *err,
                        struct redis_address *ret_address)
{
    static const char *const shape =
        "redis_connection_string must be host:port, e.g. 127.0.0.1:6379";
    const char *colon = strrchr(connection_string, ':');
    if (colon == NULL)
        return error_set(err, ERROR_PERMANENT, "%s", shape);
    const char *host = connection_string;
    size_t length = (size_t)(colon - connection_string);
    if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
        host++;
        length -= 2;
    } else if (memchr(host, ':', length) != NULL || memchr(host, '/', length) != NULL) {
        return error_set(err, ERROR_PERMANENT, "%s", shape);
    }
    size_t digits = strspn(colon + 1, "0123456789");
    long port = digits > 0 && digits <= 5 ? strtol(colon + 1, NULL, 10) : 0;
    if (length == 0 || length > REDIS_ADDRESS_HOST_MAX || colon[1 + digits] != '\0' || port < 1 ||
        port > UINT16_MAX)
        return error_set(err, ERROR_PERMANENT, "%s", shape);
    memcpy(ret_address->host, host, length);
    ret_address->host[length] = '\0';
    ret_address->port = (int)port;
    return 0;
}

static int lost(struct redis *redis, struct error *err, enum error_kind kind, const char *why)
{
    error_set(err, kind, "Redis: %s", why);
    redisFree(redis->context);
    redis->context = NULL;
    return -1;
}

/* Waits until the socket is ready for events; false when the deadline passed first. */
static bool wait_ready(const struct redis *redis, short events, int64_t deadline_us)
{
    struct pollfd ready = {.fd = redis->context->fd, .events = events};
    for (;;) {
        int left_ms = clock_left_ms(deadline_us);
        int count = poll(&ready, 1, left_ms);
        if (count > 0)
            return true;
        if (count == 0 || errno != EINTR || left_ms == 0)
            return false;
    }
}

static int connect_error(const struct redis *redis)
{
    int error = 0;
    socklen_t size = sizeof(error);
    if (getsockopt(redis->context->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        return errno;
    return error;
}

int redis_open(const struct redis_address *address, int timeout_ms, struct error *err,
               struct redis **ret_redis)
{
    int64_t deadline_us = clock_monotonic_us() + timeout_ms * INT64_C(1000);
    redisContext *context = redisConnectNonBlock(address->host, address->port);
    CHECK(context != NULL);
    struct redis redis = {.context = context};
    if (context->err != 0) {
        error_set(err, ERROR_RETRIABLE, "Redis at %s:%d: %s", address->host, address->port,
                  context->errstr);
        redisFree(context);
        return -1;
    }
    bool answered = wait_ready(&redis, POLLOUT, deadline_us);
    int error = answered ? connect_error(&redis) : ETIMEDOUT;
    if (error != 0) {
        errno = error;
        error_set(err, ERROR_RETRIABLE, "Redis at %s:%d: %m", address->host, address->port);
        redisFree(context);
        return -1;
    }
    int on = 1;
    setsockopt(context->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(context->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    *ret_redis = mem_alloc(sizeof(redis));
    **ret_redis = redis;
    return 0;
}

void redis_close(struct redis *redis)
{
    if (redis == NULL)
        return;
    if (redis->context != NULL)
        redisFree(redis->context);
    buf_free(&redis->out);
    free(redis);
}

bool redis_usable(const struct redis *redis)
{
    return redis != NULL && redis->context != NULL;
}

/* RESP: `*3\r\n` announces the arguments, each is `$length\r\nbytes\r\n`. */
static void put_head(struct buf *out, char kind, size_t number)
{
    buf_char(out, kind);
    buf_int(out, (int64_t)number);
    buf_append(out, "\r\n", 2);
}

void redis_command(struct redis *redis, size_t argument_count)
{
    CHECK(redis->missing_arguments == 0 && argument_count > 0);
    put_head(&redis->out, '*', argument_count);
    redis->missing_arguments = argument_count;
}

void redis_argument(struct redis *redis, struct slice value)
{
    CHECK(redis->missing_arguments > 0);
    CHECK(value.len < REDIS_COMMAND_BYTES_MAX - redis->out.len);
    redis->missing_arguments--;
    put_head(&redis->out, '$', value.len);
    buf_append(&redis->out, value.data, value.len);
    buf_append(&redis->out, "\r\n", 2);
}

void redis_argument_int(struct redis *redis, int64_t value)
{
    char text[24];
    int length = snprintf(text, sizeof(text), "%ld", value);
    redis_argument(redis, (struct slice){text, (size_t)length});
}

static int read_some(struct redis *redis, struct error *err)
{
    if (redisBufferRead(redis->context) != REDIS_OK)
        return lost(redis, err, ERROR_UNKNOWN, redis->context->errstr);
    return 0;
}

static int send_until(struct redis *redis, int64_t deadline_us, struct error *err)
{
    CHECK(redis->missing_arguments == 0);
    if (redis->context == NULL)
        return error_set(err, ERROR_RETRIABLE, "Redis: not connected");
    while (redis->sent < redis->out.len) {
        ssize_t written = send(redis->context->fd, redis->out.data + redis->sent,
                               redis->out.len - redis->sent, MSG_NOSIGNAL);
        if (written > 0) {
            redis->sent += (size_t)written;
            continue;
        }
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && errno != EAGAIN)
            return lost(redis, err, ERROR_UNKNOWN, strerrordesc_np(errno));
        /* Replies are taken meanwhile: a server that waits for its reader would not read on. */
        struct pollfd ready = {.fd = redis->context->fd, .events = POLLIN | POLLOUT};
        int count = poll(&ready, 1, clock_left_ms(deadline_us));
        if (count == 0)
            return lost(redis, err, ERROR_UNKNOWN, "does not take the command in time");
        if (count > 0 && (ready.revents & POLLIN) != 0 && read_some(redis, err) != 0)
            return -1;
    }
    buf_clear(&redis->out);
    redis->sent = 0;
    return 0;
}

int redis_send(struct redis *redis, int timeout_ms, struct error *err)
{
    return send_until(redis, clock_monotonic_us() + timeout_ms * INT64_C(1000), err);
}

int redis_receive(struct redis *redis, int timeout_ms, struct error *err,
                  struct redis_reply **ret_reply)
{
    int64_t deadline_us = clock_monotonic_us() + timeout_ms * INT64_C(1000);
    if (send_until(redis, deadline_us, err) != 0)
        return -1;
    for (;;) {
        void *reply = NULL;
        if (redisGetReplyFromReader(redis->context, &reply) != REDIS_OK)
            return lost(redis, err, ERROR_UNKNOWN, redis->context->errstr);
        if (reply != NULL) {
            *ret_reply = reply;
            return 0;
        }
        if (!wait_ready(redis, POLLIN, deadline_us))
            return lost(redis, err, ERROR_UNKNOWN, "no reply in time");
        if (read_some(redis, err) != 0)
            return -1;
    }
}

/* ---- replies: struct redis_reply is hiredis's under a name of ours */

static const redisReply *inside(const struct redis_reply *reply)
{
    return (const redisReply *)(const void *)reply;
}

enum redis_type redis_type(const struct redis_reply *reply)
{
    switch (inside(reply)->type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
        return REDIS_TEXT;
    case REDIS_REPLY_INTEGER:
        return REDIS_INTEGER;
    case REDIS_REPLY_ARRAY:
        return REDIS_ARRAY;
    case REDIS_REPLY_ERROR:
        return REDIS_ERROR;
    default:
        return REDIS_NIL;
    }
}

int64_t redis_integer(const struct redis_reply *reply)
{
    CHECK(redis_type(reply) == REDIS_INTEGER);
    return inside(reply)->integer;
}

struct slice redis_text(const struct redis_reply *reply)
{
    CHECK(redis_type(reply) == REDIS_TEXT || redis_type(reply) == REDIS_ERROR);
    return (struct slice){inside(reply)->str, inside(reply)->len};
}

size_t redis_count(const struct redis_reply *reply)
{
    CHECK(redis_type(reply) == REDIS_ARRAY);
    return inside(reply)->elements;
}

const struct redis_reply *redis_element(const struct redis_reply *reply, size_t index)
{
    CHECK(index < redis_count(reply));
    return (const struct redis_reply *)(const void *)inside(reply)->element[index];
}

void redis_reply_free(struct redis_reply *reply)
{
    if (reply != NULL)
        freeReplyObject(reply);
}

bool redis_text_int(const struct redis_reply *reply, int64_t *ret_value)
{
    if (redis_type(reply) != REDIS_TEXT)
        return false;
    struct slice text = redis_text(reply);
    char *end;
    errno = 0;
    long value = strtol(text.data, &end, 10);
    if (text.len == 0 || errno != 0 || end != text.data + text.len)
        return false;
    *ret_value = value;
    return true;
}

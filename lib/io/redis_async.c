/* Redis for event loops: hiredis' asynchronous context with our own adapter, time-outs and
 * reconnect. Owner: lib/io. Thread: the loop's.
 *
 *   DOWN --timer--> CONNECTING --connected--> UP
 *     ^----failed, late-----/  ^                |
 *     \------------lost, stuck------------------/
 */
#include "io/redis_async.h"

#include <stdlib.h>

#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "base/memory.h"
#include "io/redis_endpoint.h"

enum {
    PAUSE_MIN_MS = 50,
    PAUSE_MAX_MS = 2500,
    STUCK_US = 1000000, /* a reply that late: the connection is given up */
};

enum state { DOWN, CONNECTING, UP };

/** A command that was sent or will be; in the order of the replies. */
struct pending {
    struct pending *next;
    struct redis_async *redis;
    redis_fields_callback callback; /* NULL once it was called: the reply is late */
    void *arg;
    size_t count;
    int64_t deadline_us;
};

struct redis_async {
    struct redis_async_options options;
    enum state state;
    redisAsyncContext *context; /* NULL when DOWN */
    void *watch, *timer;
    struct pending *first, **last, *spare;
    size_t pending_count;
    struct buf command; /* being written */
    bool unsent;        /* commands wait for the flush */
    bool blocked;       /* hiredis wants to be called when the socket takes more */
    bool freeing;
    int pause_ms;
    int64_t connect_deadline_us;
};

static void on_timer(void *arg);

static void set_timer(struct redis_async *redis, int delay_ms)
{
    if (redis->timer == NULL && !redis->freeing)
        redis->timer = redis->options.loop->timer_start(redis->options.loop_context, delay_ms,
                                                        on_timer, redis);
}

static void stop_timer(struct redis_async *redis)
{
    if (redis->timer != NULL)
        redis->options.loop->timer_stop(redis->timer);
    redis->timer = NULL;
}

/* ---- pending commands */

static struct pending *push_pending(struct redis_async *redis)
{
    struct pending *pending = redis->spare;
    if (pending != NULL)
        redis->spare = pending->next;
    else
        pending = mem_alloc(sizeof(*pending));
    *pending = (struct pending){.redis = redis};
    *redis->last = pending;
    redis->last = &pending->next;
    redis->pending_count++;
    return pending;
}

static void pop_pending(struct redis_async *redis)
{
    struct pending *pending = redis->first;
    redis->first = pending->next;
    if (redis->first == NULL)
        redis->last = &redis->first;
    redis->pending_count--;
    pending->next = redis->spare;
    redis->spare = pending;
}

static void call_back(struct pending *pending, const struct redis_reply_fields *fields)
{
    redis_fields_callback callback = pending->callback;
    pending->callback = NULL;
    if (callback != NULL)
        callback(pending->arg, fields);
}

static bool take_fields(const redisReply *reply, size_t count, struct redis_reply_fields *fields)
{
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const redisReply *element = reply->element[i];
        if (element->type == REDIS_REPLY_STRING)
            fields->values[i] = (struct slice){element->str, (size_t)element->len};
        else
            fields->values[i] = (struct slice){NULL, 0};
    }
    return true;
}

static void on_reply(redisAsyncContext *context, void *reply, void *arg)
{
    struct pending *pending = arg;
    struct redis_async *redis = pending->redis;
    struct redis_reply_fields fields;
    (void)context;
    CHECK(redis->first == pending); /* replies come in the order of the commands */
    if (reply == NULL)
        redis->state = DOWN; /* the connection ends: callbacks must not ask again on it */
    call_back(pending, take_fields(reply, pending->count, &fields) ? &fields : NULL);
    pop_pending(redis);
}

/** Calls back what has waited too long; its replies may still come and are then dropped. */
static void expire(struct redis_async *redis, int64_t now_us)
{
    for (struct pending *pending = redis->first; pending != NULL; pending = pending->next) {
        if (pending->deadline_us > now_us)
            break;
        call_back(pending, NULL);
    }
}

/* ---- hiredis' side of the loop */

static void add_read(void *arg)
{
    struct redis_async *redis = arg;
    redis->options.loop->watch_read(redis->watch, true);
}

static void delete_read(void *arg)
{
    struct redis_async *redis = arg;
    redis->options.loop->watch_read(redis->watch, false);
}

static void add_write(void *arg)
{
    struct redis_async *redis = arg;
    if (redis->state == UP)
        redis->blocked = true; /* while it writes; from a command: redis_async_flush sends */
    else
        redis->options.loop->watch_write_once(redis->watch);
}

static void delete_write(void *arg)
{
    (void)arg; /* one-shot */
}

/** The context is being freed, for whatever reason. */
static void on_cleanup(void *arg)
{
    struct redis_async *redis = arg;
    redis->options.loop->watch_free(redis->watch);
    redis->watch = NULL;
    redis->context = NULL;
    redis->state = DOWN;
    redis->unsent = redis->blocked = false;
    stop_timer(redis);
    set_timer(redis, redis->pause_ms);
    redis->pause_ms = redis->pause_ms * 2 < PAUSE_MAX_MS ? redis->pause_ms * 2 : PAUSE_MAX_MS;
}

static void on_connect(const redisAsyncContext *context, int status)
{
    struct redis_async *redis = context->ev.data;
    if (status != REDIS_OK)
        return; /* hiredis frees the context: on_cleanup */
    redis->state = UP;
    redis->pause_ms = PAUSE_MIN_MS;
    stop_timer(redis);
    if (redis->options.connected != NULL)
        redis->options.connected(redis->options.connected_arg);
}

static void write_out(struct redis_async *redis)
{
    redis->unsent = redis->blocked = false;
    redisAsyncHandleWrite(redis->context);
    if (redis->context != NULL && redis->blocked)
        redis->options.loop->watch_write_once(redis->watch);
    redis->blocked = false;
}

static void on_ready(void *arg, bool readable, bool writable)
{
    struct redis_async *redis = arg;
    if (readable)
        redisAsyncHandleRead(redis->context);
    if (writable && redis->context != NULL)
        write_out(redis);
    if (redis->context != NULL && redis->state == CONNECTING)
        redis->options.loop->watch_write_once(redis->watch); /* not yet */
}

static void start_connect(struct redis_async *redis)
{
    char address[REDIS_ADDRESS_SIZE];
    if (!redis_endpoint_address(redis->options.endpoint, address)) {
        set_timer(redis, PAUSE_MAX_MS);
        return;
    }
    redisAsyncContext *context = redisAsyncConnect(address, redis->options.endpoint->name.port);
    if (context == NULL || context->err != 0)
        goto failed;
    redis->watch =
        redis->options.loop->watch_new(redis->options.loop_context, context->c.fd, on_ready, redis);
    if (redis->watch == NULL)
        goto failed;
    redis->context = context;
    redis->state = CONNECTING;
    redis->connect_deadline_us =
        clock_monotonic_us() + redis->options.connect_timeout_ms * (int64_t)1000;
    context->ev.data = redis;
    context->ev.addRead = add_read;
    context->ev.delRead = delete_read;
    context->ev.addWrite = add_write;
    context->ev.delWrite = delete_write;
    context->ev.cleanup = on_cleanup;
    redisAsyncSetConnectCallback(context, on_connect); /* asks to be told when it is writable */
    set_timer(redis, redis->options.connect_timeout_ms);
    return;
failed:
    if (context != NULL)
        redisAsyncFree(context);
    set_timer(redis, PAUSE_MAX_MS);
}

static void on_timer(void *arg)
{
    struct redis_async *redis = arg;
    int64_t now_us = clock_monotonic_us();
    redis->timer = NULL;
    switch (redis->state) {
    case DOWN:
        start_connect(redis);
        return;
    case CONNECTING:
        if (now_us >= redis->connect_deadline_us)
            redisAsyncFree(redis->context);
        else
            set_timer(redis, redis->options.connect_timeout_ms);
        return;
    case UP:
        expire(redis, now_us);
        if (redis->first != NULL && now_us - redis->first->deadline_us > STUCK_US)
            redisAsyncFree(redis->context);
        else if (redis->first != NULL)
            set_timer(redis, redis->options.command_timeout_ms);
        return;
    }
}

/* ---- the callers' side */

struct redis_async *redis_async_new(const struct redis_async_options *options)
{
    struct redis_async *redis = mem_calloc(1, sizeof(*redis));
    redis->options = *options;
    redis->last = &redis->first;
    redis->pause_ms = PAUSE_MIN_MS;
    start_connect(redis);
    return redis;
}

void redis_async_free(struct redis_async *redis)
{
    if (redis == NULL)
        return;
    redis->freeing = true;
    stop_timer(redis);
    if (redis->context != NULL)
        redisAsyncFree(redis->context);
    CHECK(redis->first == NULL && redis->context == NULL);
    while (redis->spare != NULL) {
        struct pending *pending = redis->spare;
        redis->spare = pending->next;
        free(pending);
    }
    buf_free(&redis->command);
    free(redis);
}

static void put_argument(struct buf *command, const char *text, size_t length)
{
    buf_char(command, '$');
    buf_int(command, (int64_t)length);
    buf_append(command, "\r\n", 2);
    buf_append(command, text, length);
    buf_append(command, "\r\n", 2);
}

/** The command as it is sent; hiredis' own formatting costs as much as all else here together. */
static void write_hmget(struct buf *command, struct slice key, const char *const *fields,
                        size_t count)
{
    buf_clear(command);
    buf_char(command, '*');
    buf_int(command, (int64_t)(2 + count));
    buf_append(command, "\r\n$5\r\nHMGET\r\n", 13);
    put_argument(command, key.data, key.len);
    for (size_t i = 0; i < count; i++)
        put_argument(command, fields[i], strlen(fields[i]));
}

bool redis_async_hmget(struct redis_async *redis, struct slice key, const char *const *fields,
                       size_t count, redis_fields_callback callback, void *arg)
{
    CHECK(count >= 1 && count <= REDIS_FIELDS_MAX);
    /* Behind a reply that is late this one would be late as well. */
    if (redis->state != UP || redis->pending_count >= redis->options.pending_max ||
        (redis->first != NULL && redis->first->callback == NULL))
        return false;
    write_hmget(&redis->command, key, fields, count);
    struct pending *pending = push_pending(redis);
    pending->callback = callback;
    pending->arg = arg;
    pending->count = count;
    pending->deadline_us = clock_monotonic_us() + redis->options.command_timeout_ms * (int64_t)1000;
    /* Only a context that ends refuses, and then state is not UP. */
    CHECK(redisAsyncFormattedCommand(redis->context, on_reply, pending, redis->command.data,
                                     redis->command.len) == REDIS_OK);
    redis->unsent = true;
    set_timer(redis, redis->options.command_timeout_ms);
    return true;
}

void redis_async_flush(struct redis_async *redis)
{
    if (redis->unsent)
        write_out(redis);
}

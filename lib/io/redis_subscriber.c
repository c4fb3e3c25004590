/* Redis pub/sub on one connection: hiredis parses the replies, all else is here, because its
 * asynchronous context loses track of channels that come and go.
 * Owner: lib/io. Thread: the subscriber's own, but for what is marked.
 *
 *   a channel:  wanted (under the lock, by callers) --thread--> asked, unacknowledged + 1
 *               Redis confirms: unacknowledged - 1; at 0 and wanted: subscribed()
 */
#include "io/redis_subscriber.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/memory.h"
#include "io/redis_endpoint.h"

enum { PAUSE_MIN_MS = 50, PAUSE_MAX_MS = 2000 };

struct channel {
    struct map_entry entry;
    struct channel *next_changed; /* under the lock */
    bool wanted, changed;         /* under the lock */
    bool asked;                   /* the thread's: SUBSCRIBE was sent last, not UNSUBSCRIBE */
    int unacknowledged;           /* the thread's: commands without a reply */
    char name[REDIS_CHANNEL_MAX];
};

struct redis_subscriber {
    struct redis_subscriber_options options;
    pthread_t thread;
    int wake_fd;
    pthread_mutex_t lock;
    struct map channels;     /* under the lock; only the thread removes */
    struct channel *changed; /* under the lock */
    bool stopping;           /* under the lock */

    /* the thread's */
    redisContext *redis; /* NULL: not connected */
    struct buf out;
    size_t sent;
    int pause_ms;
    int64_t heard_us;
    bool pinged;
};

/* ---- callers */

static void wake(struct redis_subscriber *subscriber)
{
    uint64_t one = 1;
    ssize_t n = write(subscriber->wake_fd, &one, sizeof(one));
    CHECK(n == (ssize_t)sizeof(one) || errno == EAGAIN);
}

static struct channel *find_or_add(struct redis_subscriber *subscriber, struct slice name)
{
    CHECK(name.len <= REDIS_CHANNEL_MAX);
    struct map_entry *entry = map_find(&subscriber->channels, name);
    if (entry != NULL)
        return CONTAINER_OF(entry, struct channel, entry);
    struct channel *channel = mem_calloc(1, sizeof(*channel));
    memcpy(channel->name, name.data, name.len);
    channel->entry.key = (struct slice){channel->name, name.len};
    map_insert(&subscriber->channels, &channel->entry);
    return channel;
}

static void want(struct redis_subscriber *subscriber, struct slice name, bool wanted)
{
    pthread_mutex_lock(&subscriber->lock);
    struct channel *channel = find_or_add(subscriber, name);
    bool asleep = subscriber->changed == NULL;
    channel->wanted = wanted;
    if (!channel->changed) {
        channel->changed = true;
        channel->next_changed = subscriber->changed;
        subscriber->changed = channel;
    }
    pthread_mutex_unlock(&subscriber->lock);
    if (asleep)
        wake(subscriber);
}

void redis_subscriber_subscribe(struct redis_subscriber *subscriber, struct slice channel)
{
    want(subscriber, channel, true);
}

void redis_subscriber_unsubscribe(struct redis_subscriber *subscriber, struct slice channel)
{
    want(subscriber, channel, false);
}

/* ---- what is sent */

static void put_argument(struct buf *out, struct slice text)
{
    buf_char(out, '$');
    buf_int(out, (int64_t)text.len);
    buf_append(out, "\r\n", 2);
    buf_append(out, text.data, text.len);
    buf_append(out, "\r\n", 2);
}

static void ask(struct redis_subscriber *subscriber, struct channel *channel, bool wanted)
{
    buf_text(&subscriber->out, "*2\r\n");
    put_argument(&subscriber->out, slice_of(wanted ? "SUBSCRIBE" : "UNSUBSCRIBE"));
    put_argument(&subscriber->out, channel->entry.key);
    channel->asked = wanted;
    channel->unacknowledged++;
}

/** Frees the channel when nobody knows it any more, neither callers nor Redis. */
static void settle(struct redis_subscriber *subscriber, struct channel *channel)
{
    bool forgotten = false;
    if (channel->asked || channel->unacknowledged > 0)
        return;
    pthread_mutex_lock(&subscriber->lock);
    if (!channel->wanted && !channel->changed) {
        map_remove(&subscriber->channels, &channel->entry);
        forgotten = true;
    }
    pthread_mutex_unlock(&subscriber->lock);
    if (forgotten)
        free(channel);
}

/** Takes what callers have changed, one channel at a time: callbacks may change more. */
static struct channel *take_changed(struct redis_subscriber *subscriber, bool *ret_wanted)
{
    pthread_mutex_lock(&subscriber->lock);
    struct channel *channel = subscriber->changed;
    if (channel != NULL) {
        subscriber->changed = channel->next_changed;
        channel->changed = false;
        *ret_wanted = channel->wanted;
    }
    pthread_mutex_unlock(&subscriber->lock);
    return channel;
}

static void follow_changes(struct redis_subscriber *subscriber)
{
    struct channel *channel;
    bool wanted = false;
    while ((channel = take_changed(subscriber, &wanted)) != NULL) {
        if (subscriber->redis == NULL)
            settle(subscriber, channel); /* ask_all sees to the rest */
        else if (wanted != channel->asked)
            ask(subscriber, channel, wanted);
        else if (wanted && channel->unacknowledged == 0)
            subscriber->options.subscribed(subscriber->options.context, channel->entry.key);
        else
            settle(subscriber, channel);
    }
}

/** A lost connection takes its channels with it. */
static void forget_asked(struct redis_subscriber *subscriber)
{
    pthread_mutex_lock(&subscriber->lock);
    struct map_entry *next, *entry = subscriber->channels.oldest;
    for (; entry != NULL; entry = next) {
        struct channel *channel = CONTAINER_OF(entry, struct channel, entry);
        next = entry->newer;
        channel->asked = false;
        channel->unacknowledged = 0;
        if (!channel->wanted && !channel->changed) {
            map_remove(&subscriber->channels, entry);
            free(channel);
        }
    }
    pthread_mutex_unlock(&subscriber->lock);
}

static void ask_all(struct redis_subscriber *subscriber)
{
    pthread_mutex_lock(&subscriber->lock);
    for (struct map_entry *entry = subscriber->channels.oldest; entry != NULL;
         entry = entry->newer) {
        struct channel *channel = CONTAINER_OF(entry, struct channel, entry);
        if (channel->wanted)
            ask(subscriber, channel, true);
    }
    pthread_mutex_unlock(&subscriber->lock);
}

/* ---- what comes back */

static void on_confirmed(struct redis_subscriber *subscriber, struct slice name)
{
    pthread_mutex_lock(&subscriber->lock);
    struct map_entry *entry = map_find(&subscriber->channels, name);
    struct channel *channel = entry != NULL ? CONTAINER_OF(entry, struct channel, entry) : NULL;
    bool wanted = channel != NULL && channel->wanted && !channel->changed;
    pthread_mutex_unlock(&subscriber->lock);
    if (channel == NULL || channel->unacknowledged == 0)
        return;
    channel->unacknowledged--;
    if (wanted && channel->asked && channel->unacknowledged == 0)
        subscriber->options.subscribed(subscriber->options.context, channel->entry.key);
    settle(subscriber, channel);
}

static struct slice text_of(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING ? (struct slice){reply->str, (size_t)reply->len}
                                             : (struct slice){NULL, 0};
}

/** False for what Redis does not say to a subscriber, e.g. that it wants a password. */
static bool take_reply(struct redis_subscriber *subscriber, const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_STATUS) /* to PING while there is no channel */
        return strcmp(reply->str, "PONG") == 0;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2)
        return false;
    struct slice kind = text_of(reply->element[0]), channel = text_of(reply->element[1]);
    if (slice_equal(kind, slice_of("pong")))
        return true;
    if (reply->elements != 3 || channel.data == NULL)
        return false;
    if (slice_equal(kind, slice_of("message"))) {
        subscriber->options.message(subscriber->options.context, channel,
                                    text_of(reply->element[2]));
        return true;
    }
    if (!slice_equal(kind, slice_of("subscribe")) && !slice_equal(kind, slice_of("unsubscribe")))
        return false;
    on_confirmed(subscriber, channel);
    return true;
}

/* ---- the connection */

static void disconnect(struct redis_subscriber *subscriber)
{
    if (subscriber->redis == NULL)
        return;
    redisFree(subscriber->redis);
    subscriber->redis = NULL;
    buf_clear(&subscriber->out);
    subscriber->sent = 0;
    forget_asked(subscriber);
    subscriber->options.connection(subscriber->options.context, false);
}

static void receive(struct redis_subscriber *subscriber)
{
    void *reply = NULL;
    if (redisBufferRead(subscriber->redis) != REDIS_OK) {
        disconnect(subscriber);
        return;
    }
    subscriber->heard_us = clock_monotonic_us();
    subscriber->pinged = false;
    for (;;) {
        if (redisGetReplyFromReader(subscriber->redis, &reply) != REDIS_OK) {
            disconnect(subscriber);
            return;
        }
        if (reply == NULL)
            return;
        bool understood = take_reply(subscriber, reply);
        freeReplyObject(reply);
        if (!understood) {
            disconnect(subscriber);
            return;
        }
    }
}

static void transmit(struct redis_subscriber *subscriber)
{
    struct buf *out = &subscriber->out;
    while (subscriber->sent < out->len) {
        ssize_t n = send(subscriber->redis->fd, out->data + subscriber->sent,
                         out->len - subscriber->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n < 0) {
            disconnect(subscriber);
            return;
        }
        subscriber->sent += (size_t)n;
    }
    buf_clear(out);
    subscriber->sent = 0;
}

static bool wait_writable(int fd, int timeout_ms)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t size = sizeof(error);
    return poll(&ready, 1, timeout_ms) == 1 &&
           getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

static bool try_connect(struct redis_subscriber *subscriber)
{
    struct redis_endpoint *endpoint = subscriber->options.endpoint;
    char address[REDIS_ADDRESS_SIZE];
    if (!redis_endpoint_address(endpoint, address))
        return false;
    redisContext *redis = redisConnectNonBlock(address, endpoint->name.port);
    if (redis == NULL || redis->err != 0 ||
        !wait_writable(redis->fd, subscriber->options.connect_timeout_ms)) {
        redisFree(redis);
        return false;
    }
    subscriber->redis = redis;
    subscriber->heard_us = clock_monotonic_us();
    subscriber->pinged = false;
    return true;
}

/* ---- the thread */

static bool stopping(struct redis_subscriber *subscriber)
{
    pthread_mutex_lock(&subscriber->lock);
    bool stopping = subscriber->stopping;
    pthread_mutex_unlock(&subscriber->lock);
    return stopping;
}

/** Sleeps until the socket or a caller wants something, or for so long. */
static void wait_ready(struct redis_subscriber *subscriber, int timeout_ms)
{
    struct pollfd fds[2] = {{.fd = subscriber->wake_fd, .events = POLLIN}, {.fd = -1}};
    uint64_t count;
    if (subscriber->redis != NULL) {
        fds[1].fd = subscriber->redis->fd;
        fds[1].events = subscriber->out.len > 0 ? POLLIN | POLLOUT : POLLIN;
    }
    int ready = poll(fds, ARRAY_SIZE(fds), timeout_ms);
    CHECK(ready >= 0 || errno == EINTR);
    if (fds[0].revents != 0 && read(subscriber->wake_fd, &count, sizeof(count)) < 0)
        CHECK(errno == EAGAIN || errno == EINTR);
    if (fds[1].revents != 0 && (fds[1].revents & ~POLLOUT) != 0)
        receive(subscriber);
}

static void connect_or_pause(struct redis_subscriber *subscriber)
{
    if (try_connect(subscriber)) {
        subscriber->pause_ms = PAUSE_MIN_MS;
        ask_all(subscriber);
        subscriber->options.connection(subscriber->options.context, true);
        return;
    }
    int64_t until_us = clock_monotonic_us() + subscriber->pause_ms * INT64_C(1000);
    while (!stopping(subscriber) && clock_monotonic_us() < until_us) {
        wait_ready(subscriber, clock_left_ms(until_us) + 1);
        follow_changes(subscriber);
    }
    subscriber->pause_ms *= 2;
    if (subscriber->pause_ms > PAUSE_MAX_MS)
        subscriber->pause_ms = PAUSE_MAX_MS;
}

/** A half-open connection is silent for ever: ask, then give up. */
static void judge_silence(struct redis_subscriber *subscriber)
{
    int64_t silent_us = clock_monotonic_us() - subscriber->heard_us;
    int64_t limit_us = subscriber->options.silence_ms * INT64_C(1000);
    if (silent_us > limit_us) {
        disconnect(subscriber);
    } else if (silent_us > limit_us / 2 && !subscriber->pinged) {
        buf_text(&subscriber->out, "*1\r\n$4\r\nPING\r\n");
        subscriber->pinged = true;
    }
}

static void *subscriber_main(void *arg)
{
    struct redis_subscriber *subscriber = arg;
    while (!stopping(subscriber)) {
        if (subscriber->redis == NULL) {
            connect_or_pause(subscriber);
            continue;
        }
        follow_changes(subscriber);
        judge_silence(subscriber);
        if (subscriber->redis != NULL)
            transmit(subscriber);
        if (subscriber->redis != NULL)
            wait_ready(subscriber, subscriber->options.silence_ms / 4 + 1);
    }
    disconnect(subscriber);
    return NULL;
}

struct redis_subscriber *redis_subscriber_start(const struct redis_subscriber_options *options)
{
    struct redis_subscriber *subscriber = mem_calloc(1, sizeof(*subscriber));
    subscriber->options = *options;
    subscriber->pause_ms = PAUSE_MIN_MS;
    subscriber->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    CHECK(subscriber->wake_fd >= 0);
    CHECK(pthread_mutex_init(&subscriber->lock, NULL) == 0);
    CHECK(pthread_create(&subscriber->thread, NULL, subscriber_main, subscriber) == 0);
    pthread_setname_np(subscriber->thread, "redis-sub");
    return subscriber;
}

void redis_subscriber_stop(struct redis_subscriber *subscriber)
{
    if (subscriber == NULL)
        return;
    pthread_mutex_lock(&subscriber->lock);
    subscriber->stopping = true;
    pthread_mutex_unlock(&subscriber->lock);
    wake(subscriber);
    CHECK(pthread_join(subscriber->thread, NULL) == 0);
    struct map_entry *entry;
    while ((entry = subscriber->channels.oldest) != NULL) {
        map_remove(&subscriber->channels, entry);
        free(CONTAINER_OF(entry, struct channel, entry));
    }
    map_free(&subscriber->channels);
    buf_free(&subscriber->out);
    pthread_mutex_destroy(&subscriber->lock);
    close(subscriber->wake_fd);
    free(subscriber);
}

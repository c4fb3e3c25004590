/* Redis pub/sub: one connection with any number of channels, on a thread of its own. One of the
 * doors to hiredis. Owner: lib/io. Thread: start and stop from one thread; subscribe and
 * unsubscribe from any; the callbacks run on the subscriber's thread.
 *
 * A message that is published while the connection is away is lost. So every channel is announced
 * by `subscribed` each time that Redis has confirmed it, after each reconnect too: who reads the
 * channel's subject after that call, and takes every message, misses nothing.
 */
#ifndef CARTWRIGHT_IO_REDIS_SUBSCRIBER_H
#define CARTWRIGHT_IO_REDIS_SUBSCRIBER_H

#include <stdbool.h>

#include "base/buf.h"
#include "io/redis_async.h"

enum { REDIS_CHANNEL_MAX = 128 }; /* bytes of a channel's name */

struct redis_subscriber_options {
    struct redis_endpoint *endpoint; /* outlives the subscriber */
    int connect_timeout_ms;
    /* Redis is asked for a sign of life when it was silent for half of this time, and given up
     * after all of it. */
    int silence_ms;
    /* The callbacks may subscribe and unsubscribe; the slices are theirs during the call. */
    void (*subscribed)(void *context, struct slice channel);
    void (*message)(void *context, struct slice channel, struct slice text);
    void (*connection)(void *context, bool up);
    void *context;
};

struct redis_subscriber;

/** Starts to connect; goes on trying for ever, with growing pauses. */
struct redis_subscriber *redis_subscriber_start(const struct redis_subscriber_options *options);

/** Joins the thread, frees. NULL is fine. No callback comes afterwards. */
void redis_subscriber_stop(struct redis_subscriber *subscriber);

/** From now on the channel is wanted, or not. `subscribed` is called after each subscribe that is
 * not undone before, also when the channel was wanted already; a late message may come after
 * unsubscribe. Never blocks on the network. */
void redis_subscriber_subscribe(struct redis_subscriber *subscriber, struct slice channel);
void redis_subscriber_unsubscribe(struct redis_subscriber *subscriber, struct slice channel);

#endif

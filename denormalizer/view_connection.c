/* The denormalizer's connection to Redis, with the function library at its other end.
 * Owner: denormalizer. Thread: one at a time.
 */
#include <stdio.h>

#include "base/clock.h"
#include "denormalizer/view_library.h"
#include "denormalizer/view_store.h"
#include "service/backoff.h"

#define FUNCTION_PREFIX "cartwright_cart_v1_"

enum { CONNECT_TIMEOUT_MS = 1000, RECONNECT_MAX_MS = 500 };

int view_store_fail(struct view_store *store, const struct error *why, struct error *err)
{
    int64_t now_us = clock_monotonic_us();
    view_store_close(store);
    store->attempt++;
    store->not_before_us =
        now_us + backoff_ms(store->attempt, RECONNECT_MAX_MS, (uint32_t)now_us) * INT64_C(1000);
    store->last = *why;
    store->last.kind = ERROR_RETRIABLE;
    if (err != NULL)
        *err = store->last;
    return -1;
}

void view_store_close(struct view_store *store)
{
    redis_close(store->redis);
    store->redis = NULL;
}

void view_store_free(struct view_store *store)
{
    view_store_close(store);
    buf_free(&store->view);
    buf_free(&store->state);
}

int view_store_reply(struct view_store *store, struct error *err, struct redis_reply **ret_reply)
{
    struct error why;
    struct redis_reply *reply;
    if (redis_receive(store->redis, VIEW_TIMEOUT_MS, &why, &reply) != 0)
        return view_store_fail(store, &why, err);
    if (redis_type(reply) == REDIS_ERROR) {
        struct slice text = redis_text(reply);
        error_set(&why, ERROR_RETRIABLE, "Redis: %.*s", text.len < 200 ? (int)text.len : 200,
                  text.data);
        redis_reply_free(reply);
        return view_store_fail(store, &why, err);
    }
    *ret_reply = reply;
    return 0;
}

void view_store_call(struct view_store *store, const char *function, size_t keys, size_t arguments)
{
    char name[64];
    snprintf(name, sizeof(name), FUNCTION_PREFIX "%s", function);
    redis_command(store->redis, 3 + keys + arguments);
    redis_argument(store->redis, slice_of("FCALL"));
    redis_argument(store->redis, slice_of(name));
    redis_argument_int(store->redis, (int64_t)keys);
}

/* Whether the library at the other end is the one of this binary. */
static int same_library(struct view_store *store, struct error *err, bool *ret_same)
{
    struct redis_reply *reply;
    struct error why;
    view_store_call(store, "digest", 0, 0);
    if (redis_receive(store->redis, VIEW_TIMEOUT_MS, &why, &reply) != 0)
        return view_store_fail(store, &why, err);
    *ret_same = redis_type(reply) == REDIS_TEXT &&
                slice_equal(redis_text(reply), slice_of(view_library_digest));
    redis_reply_free(reply);
    return 0;
}

static int load_library(struct view_store *store, struct error *err)
{
    struct redis_reply *reply;
    bool same = false;
    if (same_library(store, err, &same) != 0)
        return -1;
    if (same)
        return 0;
    redis_command(store->redis, 4);
    redis_argument(store->redis, slice_of("FUNCTION"));
    redis_argument(store->redis, slice_of("LOAD"));
    redis_argument(store->redis, slice_of("REPLACE"));
    redis_argument(store->redis, slice_of(view_library_text));
    if (view_store_reply(store, err, &reply) != 0)
        return -1;
    redis_reply_free(reply);
    return 0;
}

int view_store_use(struct view_store *store, struct error *err)
{
    struct error why;
    if (store->redis != NULL && redis_usable(store->redis))
        return 0;
    view_store_close(store);
    if (clock_monotonic_us() < store->not_before_us) {
        if (err != NULL)
            *err = store->last;
        return -1;
    }
    if (redis_open(&store->address, CONNECT_TIMEOUT_MS, &why, &store->redis) != 0)
        return view_store_fail(store, &why, err);
    if (load_library(store, err) != 0)
        return -1;
    store->attempt = 0;
    return 0;
}

/* A connection to the Redis that keeps the views, with the function library at its other end.
 * Owner: lib/views. Thread: one at a time.
 */
#include "views/view_connection.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "cart/cart_view.h"
#include "service/backoff.h"
#include "views/view_library.h"

#define FUNCTION_PREFIX "cartwright_cart_v1_"

enum { RECONNECT_MAX_MS = 500 };

int view_connection_fail(struct view_connection *views, const struct error *why, struct error *err)
{
    int64_t now_us = clock_monotonic_us();
    view_connection_close(views);
    views->attempt++;
    views->not_before_us =
        now_us + backoff_ms(views->attempt, RECONNECT_MAX_MS, (uint32_t)now_us) * INT64_C(1000);
    views->last = *why;
    views->last.kind = ERROR_RETRIABLE;
    if (err != NULL)
        *err = views->last;
    return -1;
}

void view_connection_close(struct view_connection *views)
{
    redis_close(views->redis);
    views->redis = NULL;
    views->generation[0] = '\0';
}

int view_connection_reply(struct view_connection *views, struct error *err,
                          struct redis_reply **ret_reply)
{
    struct error why;
    struct redis_reply *reply;
    if (redis_receive(views->redis, views->timeout_ms, &why, &reply) != 0)
        return view_connection_fail(views, &why, err);
    if (redis_type(reply) == REDIS_ERROR) {
        struct slice text = redis_text(reply);
        error_set(&why, ERROR_RETRIABLE, "Redis: %.*s", text.len < 200 ? (int)text.len : 200,
                  text.data);
        redis_reply_free(reply);
        return view_connection_fail(views, &why, err);
    }
    *ret_reply = reply;
    return 0;
}

int view_connection_strange(struct view_connection *views, struct error *err)
{
    struct error why;
    error_set(&why, ERROR_RETRIABLE, "Redis: an answer that our function never gives");
    return view_connection_fail(views, &why, err);
}

void view_connection_call(struct view_connection *views, const char *function, size_t keys,
                          size_t arguments)
{
    char name[64];
    snprintf(name, sizeof(name), FUNCTION_PREFIX "%s", function);
    redis_command(views->redis, 3 + keys + arguments);
    redis_argument(views->redis, slice_of("FCALL"));
    redis_argument(views->redis, slice_of(name));
    redis_argument_int(views->redis, (int64_t)keys);
}

void view_connection_key(struct view_connection *views, struct slice id)
{
    char key[sizeof(CART_VIEW_KEY_PREFIX) + CART_ID_MAX];
    size_t prefix = sizeof(CART_VIEW_KEY_PREFIX) - 1;
    CHECK(id.len <= CART_ID_MAX);
    memcpy(key, CART_VIEW_KEY_PREFIX, prefix);
    memcpy(key + prefix, id.data, id.len);
    redis_argument(views->redis, (struct slice){key, prefix + id.len});
}

/* Whether the library at the other end is the one of this binary. */
static int same_library(struct view_connection *views, struct error *err, bool *ret_same)
{
    struct redis_reply *reply;
    struct error why;
    view_connection_call(views, "digest", 0, 0);
    if (redis_receive(views->redis, views->timeout_ms, &why, &reply) != 0)
        return view_connection_fail(views, &why, err);
    *ret_same = redis_type(reply) == REDIS_TEXT &&
                slice_equal(redis_text(reply), slice_of(view_library_digest));
    redis_reply_free(reply);
    return 0;
}

static int load_library(struct view_connection *views, struct error *err)
{
    struct redis_reply *reply;
    bool same = false;
    if (same_library(views, err, &same) != 0)
        return -1;
    if (same)
        return 0;
    redis_command(views->redis, 4);
    redis_argument(views->redis, slice_of("FUNCTION"));
    redis_argument(views->redis, slice_of("LOAD"));
    redis_argument(views->redis, slice_of("REPLACE"));
    redis_argument(views->redis, slice_of(view_library_text));
    if (view_connection_reply(views, err, &reply) != 0)
        return -1;
    redis_reply_free(reply);
    return 0;
}

/* Only made when there is none: a read must not need the right to write. */
static int make_generation(struct view_connection *views, struct error *err,
                           struct redis_reply **ret_reply)
{
    struct uuid_source source = {.left = 0};
    uint64_t number;
    char token[VIEW_GENERATION_SIZE];
    uuid_random(&source, &number, sizeof(number));
    snprintf(token, sizeof(token), "%016lx", number);
    view_connection_call(views, "generation", 1, 1);
    redis_argument(views->redis, slice_of(PROJECTION_KEY));
    redis_argument(views->redis, slice_of(token));
    return view_connection_reply(views, err, ret_reply);
}

static int learn_generation(struct view_connection *views, struct error *err)
{
    struct redis_reply *reply;
    redis_command(views->redis, 3);
    redis_argument(views->redis, slice_of("HGET"));
    redis_argument(views->redis, slice_of(PROJECTION_KEY));
    redis_argument(views->redis, slice_of("generation"));
    if (view_connection_reply(views, err, &reply) != 0)
        return -1;
    if (redis_type(reply) == REDIS_NIL) {
        redis_reply_free(reply);
        if (make_generation(views, err, &reply) != 0)
            return -1;
    }
    bool fits = redis_type(reply) == REDIS_TEXT && redis_text(reply).len > 0 &&
                redis_text(reply).len < VIEW_GENERATION_SIZE;
    if (fits)
        snprintf(views->generation, sizeof(views->generation), "%s", redis_text(reply).data);
    redis_reply_free(reply);
    return fits ? 0 : view_connection_strange(views, err);
}

int view_connection_use(struct view_connection *views, struct error *err)
{
    struct error why;
    if (views->redis != NULL && redis_usable(views->redis))
        return views->generation[0] != '\0' ? 0 : learn_generation(views, err);
    view_connection_close(views);
    if (clock_monotonic_us() < views->not_before_us) {
        if (err != NULL)
            *err = views->last;
        return -1;
    }
    if (redis_open(&views->address, views->connect_timeout_ms, &why, &views->redis) != 0)
        return view_connection_fail(views, &why, err);
    if (load_library(views, err) != 0 || learn_generation(views, err) != 0)
        return -1;
    views->attempt = 0;
    return 0;
}

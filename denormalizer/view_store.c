/* The effect: views, states and positions in Redis.
 * Owner: denormalizer. Thread: one at a time.
 */
#include "denormalizer/view_store.h"

#include <stdio.h>
#include <string.h>

#include "cart/cart_snapshot.h"
#include "denormalizer/project.h"

static void key_argument(struct view_store *store, struct slice id)
{
    char key[sizeof(CART_VIEW_KEY_PREFIX) + CART_ID_MAX];
    size_t prefix = sizeof(CART_VIEW_KEY_PREFIX) - 1;
    CHECK(id.len <= CART_ID_MAX);
    memcpy(key, CART_VIEW_KEY_PREFIX, prefix);
    memcpy(key + prefix, id.data, id.len);
    redis_argument(store->redis, (struct slice){key, prefix + id.len});
}

/* A state that is not whole is as good as none: the event store has the truth. */
static void take_loaded(struct cached_cart *cached, const struct redis_reply *reply)
{
    struct slice id = cached->entry.key;
    struct error ignored;
    int64_t version;
    cart_free(&cached->cart);
    cached->rebuilt[0] = '\0';
    cached->loaded = true;
    if (redis_type(reply) != REDIS_ARRAY || redis_count(reply) != 3)
        return;
    const struct redis_reply *state = redis_element(reply, 1), *rebuilt = redis_element(reply, 2);
    if (redis_type(rebuilt) == REDIS_TEXT && redis_text(rebuilt).len < REBUILT_TOKEN_SIZE)
        memcpy(cached->rebuilt, redis_text(rebuilt).data, redis_text(rebuilt).len + 1);
    if (redis_type(state) != REDIS_TEXT || !redis_text_int(redis_element(reply, 0), &version))
        return;
    if (cart_snapshot_decode(redis_text(state), id, &cached->cart, &ignored) == 0 &&
        cached->cart.version != version)
        cart_free(&cached->cart);
}

int view_store_load(struct view_store *store, struct cached_cart *const *carts, size_t count,
                    struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        redis_command(store->redis, 5);
        redis_argument(store->redis, slice_of("HMGET"));
        key_argument(store, carts[i]->entry.key);
        redis_argument(store->redis, slice_of("version"));
        redis_argument(store->redis, slice_of("state"));
        redis_argument(store->redis, slice_of("rebuilt"));
    }
    for (size_t i = 0; i < count; i++) {
        struct redis_reply *reply;
        struct error why;
        /* An error reply here is a key of another type: no view, and put makes it way. */
        if (redis_receive(store->redis, VIEW_TIMEOUT_MS, &why, &reply) != 0)
            return view_store_fail(store, &why, err);
        take_loaded(carts[i], reply);
        redis_reply_free(reply);
    }
    return 0;
}

static void version_view_state(struct view_store *store, struct slice id, const struct cart *cart)
{
    project_render(id, cart, &store->view, &store->state);
    redis_argument_int(store->redis, cart->version);
    redis_argument(store->redis, buf_slice(&store->view));
    redis_argument(store->redis, buf_slice(&store->state));
}

static void call_put(struct view_store *store, struct cached_cart *const *carts, size_t count,
                     const struct view_position *positions, size_t position_count)
{
    view_store_call(store, "put", 1 + count, 1 + position_count * 4 + count * 4);
    redis_argument(store->redis, slice_of(PROJECTION_KEY));
    for (size_t i = 0; i < count; i++)
        key_argument(store, carts[i]->entry.key);
    redis_argument_int(store->redis, (int64_t)position_count);
    for (size_t i = 0; i < position_count; i++) {
        redis_argument_int(store->redis, positions[i].partition);
        redis_argument_int(store->redis, positions[i].expected);
        redis_argument_int(store->redis, positions[i].position);
        redis_argument_int(store->redis, positions[i].offset);
    }
    for (size_t i = 0; i < count; i++) {
        version_view_state(store, carts[i]->entry.key, &carts[i]->cart);
        redis_argument(store->redis, slice_of(carts[i]->rebuilt));
    }
}

static int strange_answer(struct view_store *store, struct error *err)
{
    struct error why;
    error_set(&why, ERROR_RETRIABLE, "Redis: an answer that our function never gives");
    return view_store_fail(store, &why, err);
}

/* One verdict per cart. */
static int take_verdicts(struct view_store *store, const struct redis_reply *reply, size_t count,
                         char *verdicts, struct error *err)
{
    if (redis_type(reply) == REDIS_TEXT && redis_text(reply).len == count) {
        memcpy(verdicts, redis_text(reply).data, count);
        return 0;
    }
    return strange_answer(store, err);
}

static bool is_lost(const struct redis_reply *reply)
{
    static const char lost[] = "LOST ";
    return redis_type(reply) == REDIS_TEXT && redis_text(reply).len > sizeof(lost) - 1 &&
           memcmp(redis_text(reply).data, lost, sizeof(lost) - 1) == 0;
}

/* All chunks but the last: positions must not be there before them, so their replies come first. */
static int put_chunks(struct view_store *store, struct cached_cart *const *carts, size_t count,
                      char *verdicts, struct error *err)
{
    for (size_t at = 0; at < count; at += VIEW_CHUNK) {
        call_put(store, carts + at, VIEW_CHUNK, NULL, 0);
        struct error why;
        if (redis_send(store->redis, VIEW_TIMEOUT_MS, &why) != 0)
            return view_store_fail(store, &why, err);
    }
    for (size_t at = 0; at < count; at += VIEW_CHUNK) {
        struct redis_reply *reply;
        if (view_store_reply(store, err, &reply) != 0)
            return -1;
        int rc = take_verdicts(store, reply, VIEW_CHUNK, verdicts + at, err);
        redis_reply_free(reply);
        if (rc != 0)
            return -1;
    }
    return 0;
}

enum view_put view_store_put(struct view_store *store, struct cached_cart *const *carts,
                             size_t count, const struct view_position *positions,
                             size_t position_count, char *verdicts, struct error *err)
{
    size_t early = count - count % VIEW_CHUNK;
    struct redis_reply *reply;
    if (put_chunks(store, carts, early, verdicts, err) != 0)
        return VIEW_PUT_FAILED;
    if (memchr(verdicts, '!', early) != NULL)
        position_count = 0;
    call_put(store, carts + early, count - early, positions, position_count);
    if (view_store_reply(store, err, &reply) != 0)
        return VIEW_PUT_FAILED;
    if (is_lost(reply)) {
        struct slice text = redis_text(reply);
        error_set(err, ERROR_RETRIABLE, "Redis has lost data: %.*s", (int)text.len, text.data);
        redis_reply_free(reply);
        return VIEW_PUT_LOST;
    }
    int rc = take_verdicts(store, reply, count - early, verdicts + early, err);
    redis_reply_free(reply);
    if (rc != 0)
        return VIEW_PUT_FAILED;
    return memchr(verdicts, '!', count) != NULL ? VIEW_PUT_REBUILT : VIEW_PUT_DONE;
}

static void call_replace(struct view_store *store, const char *token,
                         const struct rebuilt_cart *carts, size_t count)
{
    view_store_call(store, "replace", count, 1 + count * 4);
    for (size_t i = 0; i < count; i++)
        key_argument(store, carts[i].id);
    redis_argument(store->redis, slice_of(token));
    for (size_t i = 0; i < count; i++) {
        version_view_state(store, carts[i].id, carts[i].cart);
        if (carts[i].beyond > 0)
            redis_argument_int(store->redis, carts[i].beyond);
        else
            redis_argument(store->redis, slice_of(""));
    }
}

static int take_replaced(struct view_store *store, struct rebuilt_cart *carts, size_t count,
                         struct error *err)
{
    struct redis_reply *reply;
    if (view_store_reply(store, err, &reply) != 0)
        return -1;
    bool whole = redis_type(reply) == REDIS_ARRAY && redis_count(reply) == count;
    for (size_t i = 0; whole && i < count; i++) {
        carts[i].newer = 0;
        if (!redis_text_int(redis_element(reply, i), &carts[i].newer))
            carts[i].newer = 0; /* '+' or '=' */
    }
    redis_reply_free(reply);
    return whole ? 0 : strange_answer(store, err);
}

int view_store_replace(struct view_store *store, const char *token, struct rebuilt_cart *carts,
                       size_t count, struct error *err)
{
    struct error why;
    for (size_t at = 0; at < count; at += VIEW_CHUNK) {
        call_replace(store, token, carts + at, count - at < VIEW_CHUNK ? count - at : VIEW_CHUNK);
        if (redis_send(store->redis, VIEW_TIMEOUT_MS, &why) != 0)
            return view_store_fail(store, &why, err);
    }
    for (size_t at = 0; at < count; at += VIEW_CHUNK) {
        if (take_replaced(store, carts + at, count - at < VIEW_CHUNK ? count - at : VIEW_CHUNK,
                          err) != 0)
            return -1;
    }
    return 0;
}

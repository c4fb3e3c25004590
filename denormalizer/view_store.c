/* The effect: views, states and positions in Redis.
 * Owner: denormalizer. Thread: one at a time.
 */
#include "denormalizer/view_store.h"

#include <stdio.h>
#include <string.h>

#include "cart/cart_snapshot.h"
#include "denormalizer/project.h"

enum { CONNECT_TIMEOUT_MS = 1000, TIMEOUT_MS = 2000 };

int view_store_init(struct view_store *store, const char *connection_string, struct error *err)
{
    *store = (struct view_store){
        .link = {.connect_timeout_ms = CONNECT_TIMEOUT_MS, .timeout_ms = TIMEOUT_MS}};
    return redis_address_parse(connection_string, err, &store->link.address);
}

void view_store_free(struct view_store *store)
{
    view_connection_close(&store->link);
    buf_free(&store->view);
    buf_free(&store->state);
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
    cached->held = false;
    if (redis_type(reply) != REDIS_ARRAY || redis_count(reply) != 3)
        return;
    const struct redis_reply *state = redis_element(reply, 1), *rebuilt = redis_element(reply, 2);
    if (redis_type(rebuilt) == REDIS_TEXT && redis_text(rebuilt).len < REBUILT_TOKEN_SIZE)
        memcpy(cached->rebuilt, redis_text(rebuilt).data, redis_text(rebuilt).len + 1);
    if (!redis_text_int(redis_element(reply, 0), &version))
        return;
    cached->held = true;
    if (redis_type(state) != REDIS_TEXT)
        return;
    if (cart_snapshot_decode(redis_text(state), id, &cached->cart, &ignored) == 0 &&
        cached->cart.version != version)
        cart_free(&cached->cart);
}

int view_store_load(struct view_store *store, struct cached_cart *const *carts, size_t count,
                    struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        redis_command(store->link.redis, 5);
        redis_argument(store->link.redis, slice_of("HMGET"));
        view_connection_key(&store->link, carts[i]->entry.key);
        redis_argument(store->link.redis, slice_of("version"));
        redis_argument(store->link.redis, slice_of("state"));
        redis_argument(store->link.redis, slice_of("rebuilt"));
    }
    for (size_t i = 0; i < count; i++) {
        struct redis_reply *reply;
        struct error why;
        /* An error reply here is a key of another type: no view, and put makes it way. */
        if (redis_receive(store->link.redis, store->link.timeout_ms, &why, &reply) != 0)
            return view_connection_fail(&store->link, &why, err);
        take_loaded(carts[i], reply);
        redis_reply_free(reply);
    }
    return 0;
}

static void fields_of(struct view_store *store, struct slice id, const struct cart *cart)
{
    char owner[PRINCIPAL_MAX];
    project_render(id, cart, &store->view, &store->state);
    redis_argument_int(store->link.redis, cart->version);
    redis_argument(store->link.redis, buf_slice(&store->view));
    redis_argument(store->link.redis, buf_slice(&store->state));
    redis_argument(store->link.redis, cart_owner(cart, owner));
}

/* Moves the positions, or only says what they are expected to be. */
static void call_put(struct view_store *store, struct cached_cart *const *carts, size_t count,
                     const struct view_position *positions, size_t position_count, bool move)
{
    struct redis *redis = store->link.redis;
    view_connection_call(&store->link, "put", 1 + count, 1 + position_count * 4 + count * 6);
    redis_argument(redis, slice_of(PROJECTION_KEY));
    for (size_t i = 0; i < count; i++)
        view_connection_key(&store->link, carts[i]->entry.key);
    redis_argument_int(redis, (int64_t)position_count);
    for (size_t i = 0; i < position_count; i++) {
        redis_argument_int(redis, positions[i].partition);
        redis_argument_int(redis, positions[i].expected);
        redis_argument_int(redis, move ? positions[i].position : positions[i].expected);
        redis_argument_int(redis, positions[i].offset);
    }
    for (size_t i = 0; i < count; i++) {
        fields_of(store, carts[i]->entry.key, &carts[i]->cart);
        redis_argument(redis, slice_of(carts[i]->rebuilt));
        redis_argument_int(redis, carts[i]->held);
    }
}

static bool is_lost(const struct redis_reply *reply)
{
    static const char lost[] = "LOST ";
    return redis_type(reply) == REDIS_TEXT && redis_text(reply).len > sizeof(lost) - 1 &&
           memcmp(redis_text(reply).data, lost, sizeof(lost) - 1) == 0;
}

/* One verdict per cart, unless Redis has lost data. */
static enum view_put take_verdicts(struct view_store *store, size_t count, char *verdicts,
                                   struct error *err)
{
    struct redis_reply *reply;
    enum view_put result = VIEW_PUT_DONE;
    if (view_connection_reply(&store->link, err, &reply) != 0)
        return VIEW_PUT_FAILED;
    if (is_lost(reply)) {
        struct slice text = redis_text(reply);
        error_set(err, ERROR_RETRIABLE, "Redis has lost data: %.*s", (int)text.len, text.data);
        result = VIEW_PUT_LOST;
    } else if (redis_type(reply) == REDIS_TEXT && redis_text(reply).len == count) {
        if (count > 0)
            memcpy(verdicts, redis_text(reply).data, count);
    } else {
        result = VIEW_PUT_FAILED;
    }
    redis_reply_free(reply);
    if (result == VIEW_PUT_FAILED)
        view_connection_strange(&store->link, err);
    return result;
}

/* All chunks but the last: positions must not be there before them, so their replies come first. */
static enum view_put put_chunks(struct view_store *store, struct cached_cart *const *carts,
                                size_t count, const struct view_position *positions,
                                size_t position_count, char *verdicts, struct error *err)
{
    enum view_put result = VIEW_PUT_DONE;
    for (size_t at = 0; at < count; at += VIEW_CHUNK) {
        call_put(store, carts + at, VIEW_CHUNK, positions, position_count, false);
        struct error why;
        if (redis_send(store->link.redis, store->link.timeout_ms, &why) != 0) {
            view_connection_fail(&store->link, &why, err);
            return VIEW_PUT_FAILED;
        }
    }
    for (size_t at = 0; at < count; at += VIEW_CHUNK) {
        enum view_put one = take_verdicts(store, VIEW_CHUNK, verdicts + at, err);
        if (one == VIEW_PUT_FAILED)
            return one;
        if (one == VIEW_PUT_LOST)
            result = one;
    }
    return result;
}

static bool any_rebuilt(const char *verdicts, size_t count)
{
    return count > 0 && memchr(verdicts, '!', count) != NULL;
}

enum view_put view_store_put(struct view_store *store, struct cached_cart *const *carts,
                             size_t count, const struct view_position *positions,
                             size_t position_count, char *verdicts, struct error *err)
{
    size_t early = count - count % VIEW_CHUNK;
    enum view_put result =
        put_chunks(store, carts, early, positions, position_count, verdicts, err);
    if (result != VIEW_PUT_DONE)
        return result;
    call_put(store, carts + early, count - early, positions, position_count,
             !any_rebuilt(verdicts, early));
    result = take_verdicts(store, count - early, verdicts + early, err);
    if (result != VIEW_PUT_DONE)
        return result;
    return any_rebuilt(verdicts, count) ? VIEW_PUT_REBUILT : VIEW_PUT_DONE;
}

static void call_replace(struct view_store *store, const char *token,
                         const struct rebuilt_cart *carts, size_t count)
{
    view_connection_call(&store->link, "replace", 1 + count, 2 + count * 5);
    redis_argument(store->link.redis, slice_of(PROJECTION_KEY));
    for (size_t i = 0; i < count; i++)
        view_connection_key(&store->link, carts[i].id);
    redis_argument(store->link.redis, slice_of(token));
    redis_argument(store->link.redis, slice_of(store->link.generation));
    for (size_t i = 0; i < count; i++) {
        fields_of(store, carts[i].id, carts[i].cart);
        if (carts[i].beyond > 0)
            redis_argument_int(store->link.redis, carts[i].beyond);
        else
            redis_argument(store->link.redis, slice_of(""));
    }
}

static int take_replaced(struct view_store *store, struct rebuilt_cart *carts, size_t count,
                         bool *other_generation, struct error *err)
{
    struct redis_reply *reply;
    if (view_connection_reply(&store->link, err, &reply) != 0)
        return -1;
    bool emptied = redis_type(reply) == REDIS_TEXT && slice_equal(redis_text(reply), slice_of("?"));
    bool whole = redis_type(reply) == REDIS_ARRAY && redis_count(reply) == count;
    for (size_t i = 0; i < count; i++) {
        carts[i].newer = emptied ? REBUILT_EMPTIED : 0;
        if (whole && !redis_text_int(redis_element(reply, i), &carts[i].newer))
            carts[i].newer = 0; /* '+' or '=' */
    }
    redis_reply_free(reply);
    *other_generation = *other_generation || emptied;
    return whole || emptied ? 0 : view_connection_strange(&store->link, err);
}

int view_store_replace(struct view_store *store, const char *token, struct rebuilt_cart *carts,
                       size_t count, struct error *err)
{
    struct error why;
    bool other_generation = false;
    for (size_t at = 0; at < count; at += VIEW_CHUNK) {
        call_replace(store, token, carts + at, count - at < VIEW_CHUNK ? count - at : VIEW_CHUNK);
        if (redis_send(store->link.redis, store->link.timeout_ms, &why) != 0)
            return view_connection_fail(&store->link, &why, err);
    }
    for (size_t at = 0; at < count; at += VIEW_CHUNK) {
        if (take_replaced(store, carts + at, count - at < VIEW_CHUNK ? count - at : VIEW_CHUNK,
                          &other_generation, err) != 0)
            return -1;
    }
    if (other_generation)
        store->link.generation[0] = '\0';
    return 0;
}

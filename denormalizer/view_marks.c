/* Repair marks and the sweep of views without a stream.
 * Owner: denormalizer. Thread: one at a time.
 */
#include <stdio.h>
#include <string.h>

#include "denormalizer/view_store.h"

/* The reply of a function that answers 0 or 1. */
static int take_flag(struct view_store *store, struct error *err, bool *ret_flag)
{
    struct redis_reply *reply;
    if (view_connection_reply(&store->link, err, &reply) != 0)
        return -1;
    *ret_flag = redis_type(reply) == REDIS_INTEGER && redis_integer(reply) == 1;
    redis_reply_free(reply);
    return 0;
}

int view_store_repair_begin(struct view_store *store, const char *token,
                            const struct view_position *positions, size_t count, struct error *err)
{
    bool ignored;
    view_connection_call(&store->link, "repair_begin", 1, 1 + count * 2);
    redis_argument(store->link.redis, slice_of(PROJECTION_KEY));
    redis_argument(store->link.redis, slice_of(token));
    for (size_t i = 0; i < count; i++) {
        redis_argument_int(store->link.redis, positions[i].partition);
        redis_argument_int(store->link.redis, positions[i].position);
    }
    return take_flag(store, err, &ignored);
}

int view_store_repair_mark(struct view_store *store, const char *token, struct slice cursor,
                           const struct view_position *positions, size_t count, struct error *err,
                           bool *ret_there)
{
    view_connection_call(&store->link, "repair_mark", 1, 2 + count);
    redis_argument(store->link.redis, slice_of(PROJECTION_KEY));
    redis_argument(store->link.redis, slice_of(token));
    redis_argument(store->link.redis, cursor);
    for (size_t i = 0; i < count; i++)
        redis_argument_int(store->link.redis, positions[i].partition);
    return take_flag(store, err, ret_there);
}

int view_store_repair_end(struct view_store *store, const char *token,
                          const struct view_position *positions, size_t count, struct error *err,
                          bool *ret_there)
{
    view_connection_call(&store->link, "repair_end", 1, 1 + count);
    redis_argument(store->link.redis, slice_of(PROJECTION_KEY));
    redis_argument(store->link.redis, slice_of(token));
    for (size_t i = 0; i < count; i++)
        redis_argument_int(store->link.redis, positions[i].partition);
    return take_flag(store, err, ret_there);
}

static void copy_text(const struct redis_reply *reply, char *to, size_t size)
{
    to[0] = '\0';
    if (redis_type(reply) == REDIS_TEXT)
        snprintf(to, size, "%.*s", (int)redis_text(reply).len, redis_text(reply).data);
}

/* "token position cursor"; one of another shape is none. */
static void parse_mark(const struct redis_reply *reply, struct repair_mark *mark)
{
    *mark = (struct repair_mark){.position = 0};
    if (redis_type(reply) != REDIS_TEXT)
        return;
    const char *text = redis_text(reply).data, *blank = strchr(text, ' ');
    if (blank == NULL || (size_t)(blank - text) >= sizeof(mark->token))
        return;
    const char *at = blank + 1;
    if (!view_number(&at, &mark->position) || strlen(at) >= sizeof(mark->cursor))
        return;
    memcpy(mark->token, text, (size_t)(blank - text));
    memcpy(mark->cursor, at, strlen(at));
}

int view_store_repair_read(struct view_store *store, int partition, struct error *err,
                           struct repair_mark *ret_mark)
{
    char field[32];
    struct redis_reply *reply;
    snprintf(field, sizeof(field), "repair:%d", partition);
    redis_command(store->link.redis, 3);
    redis_argument(store->link.redis, slice_of("HGET"));
    redis_argument(store->link.redis, slice_of(PROJECTION_KEY));
    redis_argument(store->link.redis, slice_of(field));
    if (view_connection_reply(&store->link, err, &reply) != 0)
        return -1;
    parse_mark(reply, ret_mark);
    redis_reply_free(reply);
    return 0;
}

/* Keys with our prefix that cannot be a view's (too long an id) are somebody else's. */
static size_t take_keys(const struct redis_reply *keys, struct swept_view *views, size_t max)
{
    size_t prefix = sizeof(CART_VIEW_KEY_PREFIX) - 1, count = 0;
    for (size_t i = 0; i < redis_count(keys) && count < max; i++) {
        struct slice key = redis_text(redis_element(keys, i));
        if (key.len <= prefix || key.len - prefix > CART_ID_MAX)
            continue;
        snprintf(views[count++].id, CART_ID_MAX + 1, "%.*s", (int)(key.len - prefix),
                 key.data + prefix);
    }
    return count;
}

static int scan_keys(struct view_store *store, struct view_scan *scan, struct swept_view *views,
                     size_t max, size_t *ret_count, struct error *err)
{
    struct redis_reply *reply;
    redis_command(store->link.redis, 8);
    redis_argument(store->link.redis, slice_of("SCAN"));
    redis_argument(store->link.redis, slice_of(scan->cursor));
    redis_argument(store->link.redis, slice_of("MATCH"));
    redis_argument(store->link.redis, slice_of(CART_VIEW_KEY_PREFIX "*"));
    redis_argument(store->link.redis, slice_of("COUNT"));
    redis_argument_int(store->link.redis, VIEW_SCAN_PAGE / 10); /* a hint: more may come */
    redis_argument(store->link.redis, slice_of("TYPE"));
    redis_argument(store->link.redis, slice_of("hash"));
    if (view_connection_reply(&store->link, err, &reply) != 0)
        return -1;
    CHECK(redis_type(reply) == REDIS_ARRAY && redis_count(reply) == 2);
    copy_text(redis_element(reply, 0), scan->cursor, sizeof(scan->cursor));
    scan->done = strcmp(scan->cursor, "0") == 0;
    *ret_count = take_keys(redis_element(reply, 1), views, max);
    redis_reply_free(reply);
    return 0;
}

int view_store_scan(struct view_store *store, struct view_scan *scan, const char *token,
                    struct swept_view *ret_views, size_t max, size_t *ret_count, struct error *err)
{
    size_t found, count = 0;
    if (scan_keys(store, scan, ret_views, max, &found, err) != 0)
        return -1;
    for (size_t i = 0; i < found; i++) {
        char key[sizeof(CART_VIEW_KEY_PREFIX) + CART_ID_MAX];
        snprintf(key, sizeof(key), CART_VIEW_KEY_PREFIX "%s", ret_views[i].id);
        redis_command(store->link.redis, 4);
        redis_argument(store->link.redis, slice_of("HMGET"));
        redis_argument(store->link.redis, slice_of(key));
        redis_argument(store->link.redis, slice_of("version"));
        redis_argument(store->link.redis, slice_of("rebuilt"));
    }
    for (size_t i = 0; i < found; i++) {
        struct redis_reply *reply;
        struct swept_view view = ret_views[i];
        if (view_connection_reply(&store->link, err, &reply) != 0)
            return -1;
        copy_text(redis_element(reply, 0), view.version, sizeof(view.version));
        copy_text(redis_element(reply, 1), view.rebuilt, sizeof(view.rebuilt));
        redis_reply_free(reply);
        if (strcmp(view.rebuilt, token) != 0)
            ret_views[count++] = view;
    }
    *ret_count = count;
    return 0;
}

int view_store_remove(struct view_store *store, const struct swept_view *view, struct error *err,
                      bool *ret_removed)
{
    char key[sizeof(CART_VIEW_KEY_PREFIX) + CART_ID_MAX];
    snprintf(key, sizeof(key), CART_VIEW_KEY_PREFIX "%s", view->id);
    view_connection_call(&store->link, "remove", 1, 2);
    redis_argument(store->link.redis, slice_of(key));
    redis_argument(store->link.redis, slice_of(view->version));
    redis_argument(store->link.redis, slice_of(view->rebuilt));
    return take_flag(store, err, ret_removed);
}

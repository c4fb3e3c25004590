/* The current view of a cart, for listeners: from Redis, else folded from the event store.
 * Owner: cart-api. Thread: the worker's, but for run and finished, which are a reader's.
 */
#include "cart-api/live_read.h"

#include "base/clock.h"
#include "base/log.h"
#include "cart-api/app.h"
#include "cart-api/fields.h"
#include "cart-api/view_fold.h"
#include "cart/cart_view.h"
#include "io/redis_async.h"

enum { KEY_PREFIX = sizeof(CART_VIEW_KEY_PREFIX) - 1 };

struct live_read {
    struct pg_job job;
    struct http_deferred task;
    struct worker *worker;
    uint32_t trust; /* under which Redis was asked, see view_trust.h */
    void (*done)(void *arg, const struct live_reading *reading);
    void *arg;
    struct live_reading reading;
    char owner[PRINCIPAL_MAX];
    size_t key_length;
    char key[KEY_PREFIX + CART_ID_MAX];
};

static struct slice cart_id_of(const struct live_read *read)
{
    return (struct slice){read->key + KEY_PREFIX, read->key_length - KEY_PREFIX};
}

static void complete(struct http_deferred *task)
{
    struct live_read *read = CONTAINER_OF(task, struct live_read, task);
    read->done(read->arg, &read->reading);
    free(read);
}

static void keep_owner(struct live_read *read, struct slice owner)
{
    CHECK(owner.len <= sizeof(read->owner));
    memmove(read->owner, owner.data, owner.len);
    read->reading.owner = (struct slice){read->owner, owner.len};
}

/* ---- folding, on a reader's thread */

static int run(struct pg_job *job, struct pg *pg, struct error *err)
{
    struct live_read *read = CONTAINER_OF(job, struct live_read, job);
    struct slice cart_id = cart_id_of(read);
    struct cart cart = {0};
    struct buf json = {0};
    int rc = 0;
    switch (view_fold(read->worker->app, pg, cart_id, &cart, &json, err)) {
    case CART_LOADED:
        read->reading.found = cart.version > 0 ? LIVE_FOUND : LIVE_NO_CART;
        if (cart.version > 0) {
            keep_owner(read, cart_owner(&cart, read->owner));
            read->reading.view = live_view_new(cart.version, buf_slice(&json));
        }
        break;
    case CART_UNREADABLE:
        log_error("live views: a cart cannot be folded", LOG_TEXT("reason", err->message));
        read->reading.found = LIVE_UNAVAILABLE;
        break;
    case CART_NOT_LOADED:
        rc = -1;
        break;
    }
    buf_free(&json);
    cart_free(&cart);
    return rc;
}

static void finished(struct pg_job *job, const struct error *err)
{
    struct live_read *read = CONTAINER_OF(job, struct live_read, job);
    if (err != NULL) {
        log_debug("live views: read failed", LOG_TEXT("reason", err->message));
        read->reading.found = LIVE_UNAVAILABLE;
    }
    http_post(&read->task);
}

static void fold(struct live_read *read)
{
    struct app *app = read->worker->app;
    read->job = (struct pg_job){
        .deadline_us = clock_monotonic_us() + app->settings->read_timeout_ms * INT64_C(1000),
        .run = run,
        .done = finished,
    };
    if (atomic_load_explicit(&app->committer, memory_order_acquire) != NULL &&
        pg_pool_submit(app->readers, &read->job))
        return;
    read->reading.found = LIVE_UNAVAILABLE;
    http_post(&read->task);
}

/* ---- Redis */

static void on_reply(void *arg, const struct redis_reply_fields *reply)
{
    enum { FIELD_VERSION, FIELD_VIEW, FIELD_OWNER };
    struct live_read *read = arg;
    int64_t version;
    if (reply == NULL || reply->values[FIELD_VIEW].data == NULL ||
        reply->values[FIELD_VERSION].data == NULL || reply->values[FIELD_OWNER].data == NULL ||
        reply->values[FIELD_OWNER].len > PRINCIPAL_MAX ||
        field_integer(reply->values[FIELD_VERSION], 1, INT32_MAX, &version) != 0 ||
        view_trust_of(&read->worker->app->view_check.trust, view_partition(cart_id_of(read))) !=
            read->trust) {
        fold(read);
        return;
    }
    read->reading.found = LIVE_FOUND;
    keep_owner(read, reply->values[FIELD_OWNER]);
    read->reading.view = live_view_new((int32_t)version, reply->values[FIELD_VIEW]);
    http_post(&read->task);
}

void live_read(struct worker *worker, struct slice cart_id,
               void (*done)(void *arg, const struct live_reading *reading), void *arg)
{
    static const char *const fields[] = {"version", "view", "owner"};
    struct live_read *read = mem_calloc(1, sizeof(*read));
    CHECK(cart_id.len <= CART_ID_MAX);
    read->worker = worker;
    read->done = done;
    read->arg = arg;
    memcpy(read->key, CART_VIEW_KEY_PREFIX, KEY_PREFIX);
    memcpy(read->key + KEY_PREFIX, cart_id.data, cart_id.len);
    read->key_length = KEY_PREFIX + cart_id.len;
    http_task_init(worker->http, &read->task, complete);
    struct view_check *check = &worker->app->view_check;
    read->trust = view_trust_of(&check->trust, view_partition(cart_id));
    if (read->trust == 0)
        view_check_start(check);
    if (read->trust == 0 ||
        !redis_async_hmget(worker->redis, (struct slice){read->key, read->key_length}, fields,
                           ARRAY_SIZE(fields), on_reply, read))
        fold(read);
}

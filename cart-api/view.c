/* GET /api/cart/view/{cartId}: from Redis when the view is there and new enough, else folded from
 * the event store. Never a wrong or an empty cart. Owner: cart-api. Thread: the worker's, but for
 * loading, which is a reader's.
 *
 *   ASKED --view, new enough--> answered
 *     |  \--view, behind minVersion--> WAITING --timer--> ASKED   (a few times)
 *     |                                    \--too often--> FOLDING
 *     \--no view, error, time-out, not connected, doubt--> FOLDING --> offered to Redis -->
 * answered
 *
 * What was folded may be newer than the view in Redis. So that no later read shows the older one,
 * it is written there first; where that fails, view_trust.h says what happens.
 */
#include "cart-api/read_routes.h"

#include <stdlib.h>

#include "cart-api/caller.h"
#include "cart-api/fields.h"
#include "cart-api/problems.h"
#include "cart-api/reading.h"
#include "cart-api/refuse.h"
#include "cart-api/view_fold.h"
#include "cart/cart_view.h"
#include "io/redis_async.h"

/* How long the projection gets to catch up, look by look; together about one Kafka round trip. */
static const int wait_ms[] = {5, 5, 10, 25};

enum { KEY_SIZE = sizeof(CART_VIEW_KEY_PREFIX) + CART_ID_MAX };

struct view_call {
    struct reading reading;
    struct worker *worker;
    int32_t min_version; /* 0: any */
    int partition;
    uint32_t trust; /* under which Redis was asked */
    size_t waits;
    struct http_timer *timer;        /* while it waits */
    struct view_call *newer, *older; /* in worker->waiting */
};

static void ask(struct view_call *call);

/* ---- folding */

static int load(struct reading *reading, struct pg *pg, struct error *err)
{
    struct view_call *call = CONTAINER_OF(reading, struct view_call, reading);
    struct cart cart = {0};
    int rc = 0;
    switch (view_fold(reading->app, pg, reading_cart_id(reading), &cart, &reading->body, err)) {
    case CART_LOADED:
        if (cart.version > 0)
            reading_found(reading, &cart);
        if (cart.version == 0)
            reading_refuse(reading, &problem_cart_not_found, "There is no such cart.");
        else if (cart.version < call->min_version)
            reading_refuse(reading, &problem_view_behind,
                           "The cart has not reached minVersion; was that version answered by us?");
        else
            reading->version = cart.version;
        break;
    case CART_UNREADABLE:
        reading_refuse(reading, &problem_cart_unreadable,
                       "The stored events of this cart cannot be folded.");
        break;
    case CART_NOT_LOADED:
        rc = -1;
        break;
    }
    cart_free(&cart);
    return rc;
}

/* ---- waiting */

static void remove_waiting(struct view_call *call)
{
    if (call->newer != NULL)
        call->newer->older = call->older;
    else
        call->worker->waiting = call->older;
    if (call->older != NULL)
        call->older->newer = call->newer;
    call->newer = call->older = NULL;
    call->timer = NULL;
}

static void on_timer(void *arg)
{
    struct view_call *call = arg;
    remove_waiting(call);
    ask(call);
}

static void wait_for_projection(struct view_call *call)
{
    struct worker *worker = call->worker;
    metric_add(worker->app->counters.view_waits, 0, 1);
    call->older = worker->waiting;
    if (call->older != NULL)
        call->older->newer = call;
    worker->waiting = call;
    call->timer = http_timer_start(worker->http, wait_ms[call->waits++], on_timer, call);
}

void view_abandon_waiting(struct worker *worker)
{
    while (worker->waiting != NULL) {
        struct view_call *call = worker->waiting;
        http_timer_stop(call->timer);
        remove_waiting(call);
        reading_refuse(&call->reading, &problem_view_behind, "The server stops.");
        http_post(&call->reading.deferred);
    }
}

/* ---- Redis */

/** The request is answered; what is left goes back at the end of the turn, all at once. */
static void finish(struct view_call *call)
{
    struct http_deferred *deferred = &call->reading.deferred;
    deferred->node.next = call->worker->finished != NULL ? &call->worker->finished->node : NULL;
    call->worker->finished = deferred;
}

void view_post_finished(void *arg)
{
    struct worker *worker = arg;
    struct http_deferred *list = worker->finished;
    worker->finished = NULL;
    http_post(list);
}

static void on_reply(void *arg, const struct redis_reply_fields *reply)
{
    enum { FIELD_VERSION, FIELD_VIEW, FIELD_OWNER };
    struct view_call *call = arg;
    int64_t version;
    if (call->reading.deferred.request == NULL) {
        finish(call); /* nobody waits any more */
        return;
    }
    if (reply == NULL || reply->values[FIELD_VIEW].data == NULL ||
        reply->values[FIELD_VERSION].data == NULL ||
        (reply->values[FIELD_OWNER].data == NULL && !call->reading.everybodys) ||
        field_integer(reply->values[FIELD_VERSION], 1, INT32_MAX, &version) != 0 ||
        view_trust_of(&call->worker->app->view_check.trust, call->partition) != call->trust) {
        reading_submit(&call->reading);
        return;
    }
    if (!call->reading.everybodys &&
        !caller_may_read(auth_of(call->reading.deferred.request), reply->values[FIELD_OWNER])) {
        caller_refuse_cart(call->reading.deferred.request);
        finish(call);
        return;
    }
    if (version < call->min_version) {
        if (call->waits < ARRAY_SIZE(wait_ms))
            wait_for_projection(call);
        else
            reading_submit(&call->reading);
        return;
    }
    metric_add(call->worker->app->counters.view_reads, SOURCE_REDIS, 1);
    reading_answer_view(call->reading.deferred.request, (int32_t)version,
                        reply->values[FIELD_VIEW]);
    finish(call);
}

static void ask(struct view_call *call)
{
    static const char *const fields[] = {"version", "view", "owner"};
    char key[KEY_SIZE];
    struct slice cart_id = reading_cart_id(&call->reading);
    size_t prefix = sizeof(CART_VIEW_KEY_PREFIX) - 1;
    struct view_check *check = &call->worker->app->view_check;
    call->trust = view_trust_of(&check->trust, call->partition);
    if (call->trust == 0) {
        view_check_start(check);
        reading_submit(&call->reading);
        return;
    }
    memcpy(key, CART_VIEW_KEY_PREFIX, prefix);
    memcpy(key + prefix, cart_id.data, cart_id.len);
    if (!redis_async_hmget(call->worker->redis, (struct slice){key, prefix + cart_id.len}, fields,
                           ARRAY_SIZE(fields), on_reply, call))
        reading_submit(&call->reading);
}

void route_view(struct http_request *request, void *context)
{
    static const char *const names[] = {"minVersion", NULL};
    struct slice cart_id = http_param(request, "cartId"), text;
    int64_t min_version = 0;
    if (!field_cart_id(cart_id)) {
        refuse_cart_id(request);
        return;
    }
    if (!query_is_valid(request, names))
        return;
    if (http_query(request, "minVersion", &text) &&
        field_integer(text, 0, INT32_MAX, &min_version) != 0) {
        refuse_parameter(request, "?minVersion", "minVersion must be a version, 0 or more.");
        return;
    }
    struct view_call *call = reading_new(sizeof(*call), context, request, cart_id, load);
    call->worker = http_worker_local(http_request_worker(request));
    call->min_version = (int32_t)min_version;
    call->partition = view_partition(cart_id);
    ask(call);
}

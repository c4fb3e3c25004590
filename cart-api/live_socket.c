/* GET /ws: the views of several carts over one WebSocket.
 * Owner: cart-api. Thread: the request's worker.
 *
 * Answers leave at once. Views leave when nothing else is under way, so a client that reads slowly
 * skips versions and is never sent what it cannot take.
 */
#include "cart-api/app.h"
#include "cart-api/live_message.h"
#include "cart-api/live_routes.h"
#include "cart-api/live_seat.h"
#include "cart-api/problems.h"
#include "cart-api/refuse.h"
#include "http/websocket.h"

enum {
    MESSAGE_BYTES_MAX = 4096,
    BATCH_BYTES = 65536,      /* of views that are sent together */
    ANSWER_BYTES_MAX = 65536, /* that a client may leave unread while it asks for more */
};

static const char protocol[] = "cartwright.v1";

struct subscription {
    struct live_listener listener;
    struct live_socket *socket;
    struct subscription *next;
    size_t cart_id_length;
    char cart_id[CART_ID_MAX];
};

struct live_socket {
    struct app *app;
    struct live_guest guest;
    struct live_worker *live;
    struct websocket *socket;
    struct subscription *subscriptions;
    int64_t count;
    size_t answered; /* bytes of answers since the last time that all had left */
    struct buf text;
};

static struct slice cart_id_of(const struct subscription *subscription)
{
    return (struct slice){subscription->cart_id, subscription->cart_id_length};
}

/* ---- sending */

static void answer(struct live_socket *socket)
{
    socket->answered += socket->text.len;
    websocket_send(socket->socket, buf_slice(&socket->text));
    if (socket->answered > ANSWER_BYTES_MAX)
        websocket_close(socket->socket, WEBSOCKET_POLICY, "read before you ask for more");
}

static void answer_error(struct live_socket *socket, const char *code, const char *message,
                         struct slice cart_id)
{
    buf_clear(&socket->text);
    live_write_error(&socket->text, code, message, cart_id);
    answer(socket);
}

static void answer_done(struct live_socket *socket, const char *type, struct slice cart_id,
                        int32_t version)
{
    buf_clear(&socket->text);
    live_write_done(&socket->text, type, cart_id, version);
    answer(socket);
}

/** Sends the subscription's next view, if it has one and the batch has room; the bytes. */
static size_t send_next(struct subscription *subscription, size_t batched)
{
    struct live_socket *socket = subscription->socket;
    struct live_view *view = subscription->listener.next;
    if (!subscription->listener.joined || view == NULL ||
        (batched > 0 && batched + view->length > BATCH_BYTES))
        return 0;
    view = live_take_next(&subscription->listener);
    buf_clear(&socket->text);
    live_write_view(&socket->text, cart_id_of(subscription), view->version, live_view_json(view));
    websocket_send(socket->socket, buf_slice(&socket->text));
    metric_add(socket->app->counters.live_pushed, 0, 1);
    live_view_release(view);
    return socket->text.len;
}

static void on_ready(void *arg)
{
    struct live_socket *socket = arg;
    size_t batched = 0;
    socket->answered = 0;
    for (struct subscription *subscription = socket->subscriptions; subscription != NULL;
         subscription = subscription->next)
        batched += send_next(subscription, batched);
}

/* ---- subscriptions */

static struct subscription *find(const struct live_socket *socket, struct slice cart_id)
{
    struct subscription *subscription = socket->subscriptions;
    while (subscription != NULL && !slice_equal(cart_id_of(subscription), cart_id))
        subscription = subscription->next;
    return subscription;
}

static void remove_subscription(struct subscription *subscription)
{
    struct live_socket *socket = subscription->socket;
    struct subscription **at = &socket->subscriptions;
    while (*at != subscription)
        at = &(*at)->next;
    *at = subscription->next;
    socket->count--;
    live_leave(&subscription->listener);
    free(subscription);
}

static void on_news(struct live_listener *listener)
{
    struct subscription *subscription = CONTAINER_OF(listener, struct subscription, listener);
    if (websocket_idle(subscription->socket->socket))
        send_next(subscription, 0);
}

static void on_joined(struct live_listener *listener, enum live_found found,
                      const struct live_view *view)
{
    struct subscription *subscription = CONTAINER_OF(listener, struct subscription, listener);
    struct live_socket *socket = subscription->socket;
    switch (found) {
    case LIVE_FOUND: /* its view follows, if the client does not have it */
        answer_done(socket, "subscribed", cart_id_of(subscription), view->version);
        return;
    case LIVE_NO_CART:
        answer_error(socket, problem_cart_not_found.code, caller_no_cart, cart_id_of(subscription));
        break;
    case LIVE_UNAVAILABLE:
        answer_error(socket, problem_store_unavailable.code, problem_store_unavailable.title,
                     cart_id_of(subscription));
        break;
    }
    remove_subscription(subscription);
}

static void on_gone(struct live_listener *listener)
{
    on_joined(listener, LIVE_NO_CART, NULL);
}

static void subscribe(struct live_socket *socket, const struct live_request *request)
{
    struct slice cart_id = {request->cart_id, request->cart_id_length};
    if (find(socket, cart_id) != NULL) {
        answer_error(socket, "already_subscribed", "Views of this cart are sent already.", cart_id);
        return;
    }
    if (socket->count >= socket->app->settings->live_carts_max) {
        answer_error(socket, "too_many_carts", "Unsubscribe from another cart first.", cart_id);
        return;
    }
    struct subscription *subscription = mem_calloc(1, sizeof(*subscription));
    subscription->socket = socket;
    subscription->cart_id_length = cart_id.len;
    memcpy(subscription->cart_id, cart_id.data, cart_id.len);
    subscription->listener = (struct live_listener){.caller = &socket->guest.caller.identity,
                                                    .version = request->version,
                                                    .on_joined = on_joined,
                                                    .on_news = on_news,
                                                    .on_gone = on_gone};
    subscription->next = socket->subscriptions;
    socket->subscriptions = subscription;
    socket->count++;
    live_join(socket->live, cart_id, &subscription->listener);
}

static void unsubscribe(struct live_socket *socket, struct slice cart_id)
{
    struct subscription *subscription = find(socket, cart_id);
    if (subscription != NULL)
        remove_subscription(subscription);
    answer_done(socket, "unsubscribed", cart_id, 0);
}

/* ---- the socket */

static void on_message(void *arg, struct slice text)
{
    struct live_socket *socket = arg;
    struct live_request request;
    char why[LIVE_WHY_SIZE];
    if (live_request_parse(text, &request, why) != 0) {
        answer_error(socket, "invalid_message", why, slice_of(""));
        websocket_close(socket->socket, WEBSOCKET_POLICY, "invalid message");
        return;
    }
    struct slice cart_id = {request.cart_id, request.cart_id_length};
    switch (request.type) {
    case LIVE_SUBSCRIBE:
        subscribe(socket, &request);
        return;
    case LIVE_UNSUBSCRIBE:
        unsubscribe(socket, cart_id);
        return;
    case LIVE_PING:
        answer_done(socket, "pong", slice_of(""), 0);
        return;
    case LIVE_REQUEST_TYPES:
        break;
    }
    NOT_REACHED();
}

static void on_closed(void *arg, enum http_stream_end how)
{
    struct live_socket *socket = arg;
    while (socket->subscriptions != NULL) {
        /* The analyzer does not follow that removing the first one makes the next the first.
         * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        remove_subscription(socket->subscriptions);
    }
    live_gate_close(&socket->guest, how);
    buf_free(&socket->text);
    free(socket);
}

static void on_expired(void *arg)
{
    struct live_socket *socket = arg;
    websocket_close(socket->socket, WEBSOCKET_POLICY, "the token has expired");
}

/* ---- the opening */

static void refuse_upgrade(struct http_request *request, const char *why)
{
    http_add_header(request, "upgrade", slice_of("websocket"));
    http_add_header(request, "connection", slice_of("upgrade"));
    http_add_header(request, "sec-websocket-version", slice_of("13"));
    problem_answer(request, &problem_upgrade_required, why, NULL, 0);
}

static bool handshake_passes(struct http_request *request)
{
    switch (websocket_handshake(request)) {
    case WEBSOCKET_HANDSHAKE_GOOD:
        return true;
    case WEBSOCKET_HANDSHAKE_NOT:
        refuse_upgrade(request, "This address speaks the WebSocket protocol only.");
        return false;
    case WEBSOCKET_HANDSHAKE_VERSION:
        refuse_upgrade(request, "Sec-WebSocket-Version must be 13.");
        return false;
    case WEBSOCKET_HANDSHAKE_BAD:
        problem_answer(request, &problem_bad_request,
                       "Sec-WebSocket-Key must be the base64 of 16 bytes.", NULL, 0);
        return false;
    }
    NOT_REACHED();
}

/** The one that we speak, if the client offers it. */
static const char *choose_protocol(const struct http_request *request)
{
    struct slice offer;
    for (size_t at = 0; websocket_offer(request, &at, &offer);) {
        if (slice_equal(offer, slice_of(protocol)))
            return protocol;
    }
    return NULL;
}

/** A browser's script cannot send Authorization: its token comes as a subprotocol. False: answered.
 */
static bool identify(struct http_request *request, struct auth_identity *ret_identity)
{
    static const char prefix[] = "bearer.";
    const size_t length = sizeof(prefix) - 1;
    struct slice offer;
    const char *why = NULL;
    *ret_identity = *auth_of(request);
    if (ret_identity->kind != AUTH_NONE)
        return true;
    for (size_t at = 0; websocket_offer(request, &at, &offer);) {
        if (offer.len <= length || memcmp(offer.data, prefix, length) != 0)
            continue;
        struct slice token = {offer.data + length, offer.len - length};
        if (auth_judge(request, token, ret_identity, &why) == 0)
            return true;
        break;
    }
    auth_refuse(request, why);
    return false;
}

void route_socket(struct http_request *request, void *context)
{
    static const struct websocket_events events = {on_ready, on_message, on_closed};
    static const char *const names[] = {NULL};
    struct app *app = context;
    struct auth_identity identity;
    if (!query_is_valid(request, names) || !handshake_passes(request) ||
        !identify(request, &identity) || !live_gate_open(request, app, &identity))
        return;
    struct worker *worker = http_worker_local(http_request_worker(request));
    struct websocket_options options = {
        .limits = live_limits(app), .message_max = MESSAGE_BYTES_MAX, .events = &events};
    options.limits.silence_ms = (int)app->settings->live_silence_ms;
    struct live_socket *socket = mem_calloc(1, sizeof(*socket));
    socket->app = app;
    live_gate_enter(&socket->guest, app, &identity);
    socket->live = worker->live;
    socket->socket = websocket_open(request, choose_protocol(request), &options, socket);
    live_gate_watch(&socket->guest, worker->http, on_expired, socket);
}

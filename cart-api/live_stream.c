/* GET /api/cart/{cartId}/stream: a cart's views as server-sent events, their ids its versions.
 * Owner: cart-api. Thread: the request's worker.
 *
 *   JOINING (the request waits) --first read--> OPEN (an SSE stream) --closed--> freed
 *                                    \--no cart, no store: a problem--> freed
 */
#include "cart-api/app.h"
#include "cart-api/fields.h"
#include "cart-api/live_routes.h"
#include "cart-api/live_seat.h"
#include "cart-api/problems.h"
#include "cart-api/refuse.h"
#include "http/sse.h"

enum { RETRY_MS = 1000 }; /* a client that lost its stream comes back after it */

struct live_stream {
    struct live_listener listener;
    struct http_deferred deferred; /* while it joins */
    struct app *app;
    struct live_guest guest;
    struct sse *sse; /* while it is open */
    enum live_found found;
};

static void end(struct live_stream *stream, enum http_stream_end how)
{
    live_leave(&stream->listener);
    live_gate_close(&stream->guest, how);
    free(stream);
}

/* ---- open */

static void send_next(struct live_stream *stream)
{
    struct live_view *view = live_take_next(&stream->listener);
    if (view == NULL)
        return;
    sse_send(stream->sse, "view", view->version, live_view_json(view));
    metric_add(stream->app->counters.live_pushed, 0, 1);
    live_view_release(view);
}

static void on_ready(void *arg)
{
    send_next(arg);
}

static void on_closed(void *arg, enum http_stream_end how)
{
    end(arg, how);
}

static void on_news(struct live_listener *listener)
{
    struct live_stream *stream = CONTAINER_OF(listener, struct live_stream, listener);
    if (stream->sse != NULL && sse_idle(stream->sse))
        send_next(stream);
}

static void on_gone(struct live_listener *listener)
{
    struct live_stream *stream = CONTAINER_OF(listener, struct live_stream, listener);
    if (stream->sse != NULL)
        sse_end(stream->sse); /* the client comes back and is told 404 */
}

static void on_expired(void *arg)
{
    struct live_stream *stream = arg;
    sse_end(stream->sse);
}

/* ---- joining */

static void open_stream(struct live_stream *stream, struct http_request *request)
{
    static const struct sse_events events = {on_ready, on_closed};
    struct http_stream_limits limits = live_limits(stream->app);
    struct slice origin;
    if (http_header(request, "origin", &origin)) { /* it has passed the gate */
        http_add_header(request, "access-control-allow-origin", origin);
        http_add_header(request, "vary", slice_of("origin"));
    }
    struct http_worker *worker = http_request_worker(request);
    stream->sse = sse_open(request, RETRY_MS, &limits, &events, stream);
    live_gate_watch(&stream->guest, worker, on_expired, stream);
}

static void on_answerable(struct http_deferred *deferred)
{
    struct live_stream *stream = CONTAINER_OF(deferred, struct live_stream, deferred);
    struct http_request *request = deferred->request;
    if (request != NULL && stream->found == LIVE_FOUND &&
        slice_equal(http_method(request), slice_of("GET"))) {
        open_stream(stream, request);
        return;
    }
    if (request != NULL && stream->found == LIVE_FOUND) /* HEAD */
        http_answer(request, 200, "text/event-stream", (struct slice){"", 0});
    else if (request != NULL && stream->found == LIVE_NO_CART)
        caller_refuse_cart(request);
    else if (request != NULL)
        problem_answer(request, &problem_store_unavailable, "Try again.", NULL, 0);
    end(stream, HTTP_STREAM_LEFT);
}

static void on_joined(struct live_listener *listener, enum live_found found,
                      const struct live_view *view)
{
    struct live_stream *stream = CONTAINER_OF(listener, struct live_stream, listener);
    (void)view;
    stream->found = found;
    http_post(&stream->deferred);
}

/** The version that the client has; false: answered. */
static bool last_version(struct http_request *request, int32_t *ret_version)
{
    struct slice text;
    int64_t version = 0;
    if (http_header(request, "last-event-id", &text) && text.len > 0 &&
        field_integer(text, 0, INT32_MAX, &version) != 0) {
        refuse_parameter(request, "Last-Event-ID", "Last-Event-ID must be a version, 0 or more.");
        return false;
    }
    *ret_version = (int32_t)version;
    return true;
}

void route_stream(struct http_request *request, void *context)
{
    static const char *const names[] = {NULL};
    struct app *app = context;
    struct slice cart_id = http_param(request, "cartId");
    int32_t version;
    if (!field_cart_id(cart_id)) {
        refuse_cart_id(request);
        return;
    }
    if (!query_is_valid(request, names) || !last_version(request, &version) ||
        !live_gate_open(request, app, auth_of(request)))
        return;
    struct worker *worker = http_worker_local(http_request_worker(request));
    struct live_stream *stream = mem_calloc(1, sizeof(*stream));
    stream->app = app;
    live_gate_enter(&stream->guest, app, auth_of(request));
    stream->listener = (struct live_listener){.caller = &stream->guest.caller.identity,
                                              .version = version,
                                              .on_joined = on_joined,
                                              .on_news = on_news,
                                              .on_gone = on_gone};
    http_defer(request, &stream->deferred, on_answerable);
    live_join(worker->live, cart_id, &stream->listener);
}

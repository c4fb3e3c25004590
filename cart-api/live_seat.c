/* Live views, a worker's side.
 * Owner: cart-api. Thread: the worker's.
 *
 *   a seat:  WAITING for Redis to confirm (or a moment) --> READING --> QUIET <--> READING
 *
 * A look that is asked for while one is under way is done again after it: what the first one has
 * read may be from before.
 */
#include "cart-api/live_seat.h"

enum {
    CONFIRM_MS = 250, /* Redis is away, most likely: read without waiting longer */
    RETRY_MS = 1000,  /* after a read that failed */
};

struct live_worker {
    struct live_mailbox mailbox;
    struct worker *worker;
    struct map seats;
    bool stopped; /* its memory ends with the last delivery */
};

struct live_seat {
    struct live_place place;
    struct map_entry entry;
    struct live_worker *live;
    struct live_listener *newest;
    struct http_timer *timer;
    bool reading, again; /* a read is under way; and another is wanted after it */
    bool busy;           /* listeners are being called: it must not end now */
    struct buf head;     /* of the last view that was read */
    size_t cart_id_length;
    char cart_id[CART_ID_MAX];
};

static void look(struct live_seat *seat);

/* ---- offers */

static void offer(struct live_listener *listener, struct live_view *view)
{
    if (view->version <= listener->version ||
        (listener->next != NULL && view->version <= listener->next->version))
        return;
    live_view_release(listener->next);
    listener->next = live_view_hold(view);
    if (listener->joined)
        listener->on_news(listener);
}

struct live_view *live_take_next(struct live_listener *listener)
{
    struct live_view *view = listener->next;
    listener->next = NULL;
    if (view != NULL)
        listener->version = view->version;
    return view;
}

/* ---- the end of a seat */

static void set_timer(struct live_seat *seat, int delay_ms, void (*fire)(void *))
{
    if (seat->timer == NULL)
        seat->timer = http_timer_start(seat->live->worker->http, delay_ms, fire, seat);
}

static void free_seat(struct live_seat *seat)
{
    buf_free(&seat->head);
    free(seat);
}

/** Ends the seat when nobody sits there any more, neither a listener nor a read. */
static void settle(struct live_seat *seat)
{
    if (seat->newest != NULL || seat->reading || seat->busy)
        return;
    if (seat->timer != NULL)
        http_timer_stop(seat->timer);
    live_place_leave(&seat->place);
    map_remove(&seat->live->seats, &seat->entry);
    free_seat(seat);
}

void live_leave(struct live_listener *listener)
{
    struct live_seat *seat = listener->seat;
    if (seat == NULL)
        return;
    if (listener->newer != NULL)
        listener->newer->older = listener->older;
    else
        seat->newest = listener->older;
    if (listener->older != NULL)
        listener->older->newer = listener->newer;
    listener->newer = listener->older = NULL;
    listener->seat = NULL;
    live_view_release(listener->next);
    listener->next = NULL;
    settle(seat);
}

/* ---- whose the cart is
 *
 * A published view does not tell, but what stands in it before its version (the user) does not
 * change while its owner stays the same. */

static struct slice head_of(const struct live_view *view)
{
    const char *end = memmem(view->json, view->length, "\"version\":", 10);
    return (struct slice){view->json, end != NULL ? (size_t)(end - view->json) : 0};
}

static bool has_head(const struct live_seat *seat, const struct live_view *view)
{
    return seat->head.len > 0 && slice_equal(buf_slice(&seat->head), head_of(view));
}

static void keep_head(struct live_seat *seat, const struct live_view *view)
{
    struct slice head = head_of(view);
    buf_clear(&seat->head);
    buf_append(&seat->head, head.data, head.len);
}

/* ---- reading */

static void found_by(struct live_listener *listener, struct live_view *view)
{
    offer(listener, view);
    /* Who came while this was read waits for the next one: this may be older than what a reader
     * was shown before. */
    if (listener->seat == NULL || listener->joined || listener->seat->reading)
        return;
    listener->joined = true;
    listener->on_joined(listener, LIVE_FOUND, view);
}

/** Returns whether the listener stays. */
static bool not_found_by(struct live_listener *listener, enum live_found found)
{
    bool joined = listener->joined;
    if (joined && found == LIVE_UNAVAILABLE)
        return true;
    live_leave(listener);
    if (joined)
        listener->on_gone(listener);
    else
        listener->on_joined(listener, found, NULL);
    return false;
}

static void on_retry(void *arg)
{
    struct live_seat *seat = arg;
    seat->timer = NULL;
    look(seat);
}

static void on_read(void *arg, const struct live_reading *reading)
{
    struct live_seat *seat = arg;
    struct live_view *view = reading->view;
    enum live_found found = reading->found;
    if (seat->live == NULL) { /* the worker has stopped meanwhile */
        live_view_release(view);
        free_seat(seat);
        return;
    }
    seat->reading = false;
    if (found == LIVE_FOUND)
        keep_head(seat, view);
    if (seat->again) { /* what was read may be from before whatever asked for another look */
        seat->again = false;
        if (seat->newest != NULL)
            look(seat);
    }
    if (!seat->reading || found == LIVE_FOUND) {
        struct live_listener *older;
        seat->busy = true;
        for (struct live_listener *listener = seat->newest; listener != NULL; listener = older) {
            older = listener->older;
            if (found == LIVE_FOUND && !caller_may_read(listener->caller, reading->owner))
                not_found_by(listener, LIVE_NO_CART);
            else if (found == LIVE_FOUND)
                found_by(listener, view);
            else if (not_found_by(listener, found))
                set_timer(seat, RETRY_MS, on_retry);
        }
        seat->busy = false;
    }
    live_view_release(view);
    settle(seat);
}

static void look(struct live_seat *seat)
{
    if (seat->timer != NULL) {
        http_timer_stop(seat->timer);
        seat->timer = NULL;
    }
    if (seat->reading) {
        seat->again = true;
        return;
    }
    seat->reading = true;
    live_read(seat->live->worker, (struct slice){seat->cart_id, seat->cart_id_length}, on_read,
              seat);
}

/* ---- joining */

static struct live_seat *add_seat(struct live_worker *live, struct slice cart_id)
{
    struct live_seat *seat = mem_calloc(1, sizeof(*seat));
    CHECK(cart_id.len <= CART_ID_MAX);
    seat->live = live;
    seat->cart_id_length = cart_id.len;
    memcpy(seat->cart_id, cart_id.data, cart_id.len);
    seat->entry.key = (struct slice){seat->cart_id, cart_id.len};
    map_insert(&live->seats, &seat->entry);
    if (live_place_take(&live->mailbox, cart_id, &seat->place))
        set_timer(seat, CONFIRM_MS, on_retry);
    return seat;
}

void live_join(struct live_worker *live, struct slice cart_id, struct live_listener *listener)
{
    struct map_entry *entry = map_find(&live->seats, cart_id);
    struct live_seat *seat =
        entry != NULL ? CONTAINER_OF(entry, struct live_seat, entry) : add_seat(live, cart_id);
    listener->seat = seat;
    listener->joined = false;
    listener->next = NULL;
    listener->newer = NULL;
    listener->older = seat->newest;
    if (seat->newest != NULL)
        seat->newest->newer = listener;
    seat->newest = listener;
    if (seat->timer == NULL)
        look(seat);
}

/* ---- what the hub delivers */

static void take_delivery(struct live_seat *seat, bool wants_look, struct live_view *news)
{
    /* A view of another user's, or the first one: a read tells whose it is, and is as new. */
    if (news != NULL && !has_head(seat, news)) {
        live_view_release(news);
        news = NULL;
        wants_look = true;
    }
    if (news != NULL) {
        struct live_listener *older;
        seat->busy = true;
        for (struct live_listener *listener = seat->newest; listener != NULL; listener = older) {
            older = listener->older;
            offer(listener, news);
        }
        seat->busy = false;
        live_view_release(news);
    }
    if (wants_look && seat->newest != NULL)
        look(seat);
    settle(seat);
}

static void deliver(struct live_mailbox *mailbox)
{
    struct live_worker *live = CONTAINER_OF(mailbox, struct live_worker, mailbox);
    struct live_place *place;
    struct live_view *news = NULL;
    bool wants_look = false;
    while ((place = live_mail_take(mailbox, &wants_look, &news)) != NULL)
        take_delivery(CONTAINER_OF(place, struct live_seat, place), wants_look, news);
    if (live->stopped)
        free(live);
}

struct live_worker *live_worker_start(struct worker *worker, struct live_hub *hub)
{
    struct live_worker *live = mem_calloc(1, sizeof(*live));
    live->worker = worker;
    live->mailbox = (struct live_mailbox){.hub = hub, .http = worker->http, .deliver = deliver};
    return live;
}

/** Connections are gone by now; what is left are requests that were still joining, and reads,
 * which end by themselves. */
static void end_seat(struct live_seat *seat)
{
    /* The analyzer does not follow that a seat which was freed is not in the map any more.
     * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    seat->busy = true;
    while (seat->newest != NULL) {
        CHECK(!seat->newest->joined);
        not_found_by(seat->newest, LIVE_UNAVAILABLE);
    }
    if (seat->timer != NULL)
        http_timer_stop(seat->timer);
    live_place_leave(&seat->place);
    map_remove(&seat->live->seats, &seat->entry);
    seat->live = NULL;
    if (!seat->reading)
        free_seat(seat);
}

void live_worker_stop(struct live_worker *live)
{
    struct map_entry *entry;
    while ((entry = live->seats.oldest) != NULL)
        end_seat(CONTAINER_OF(entry, struct live_seat, entry));
    map_free(&live->seats);
    if (live_mail_posted(&live->mailbox))
        live->stopped = true;
    else
        free(live);
}

/* Live views, the process's side: one Redis subscription for all workers, and who listens to what.
 * Owner: cart-api; one per process, in struct app. Thread: see each function.
 *
 *   Redis --subscriber's thread--> topic (a cart) --> seats (one per worker that has listeners)
 *         --> the workers' mailboxes --http_post--> live_seat.c
 *
 * A mailbox holds each seat at most once, with the newest view only: however slow a worker is, it
 * is bounded by the number of carts that are listened to.
 */
#ifndef CARTWRIGHT_CART_API_LIVE_HUB_H
#define CARTWRIGHT_CART_API_LIVE_HUB_H

#include <pthread.h>
#include <stdbool.h>

#include "base/map.h"
#include "base/metrics.h"
#include "cart-api/live_view.h"
#include "http/http.h"
#include "proto/cart_event.h"

struct app;
struct live_hub;
struct live_topic;

/** What a worker has of a cart that is listened to; embedded in struct live_seat. */
struct live_place {
    struct live_topic *topic;
    struct live_mailbox *mailbox;
    /* under the hub's lock */
    struct live_place *next_in_topic, *next_in_mail;
    bool in_mail;
    bool look;              /* messages may have been missed: read the current view */
    struct live_view *news; /* newest that was published since the worker has looked */
};

/** A worker's; embedded in struct live_worker. */
struct live_mailbox {
    struct live_hub *hub;
    struct http_worker *http;
    struct http_deferred task;
    /* On the worker's thread, once for each place with mail, which is taken by live_mail_take. */
    void (*deliver)(struct live_mailbox *mailbox);
    /* under the hub's lock */
    struct live_place *mail;
    bool posted;
};

struct live_hub *live_hub_start(struct app *app);
/** After all workers have stopped. NULL is fine. */
void live_hub_stop(struct live_hub *hub);

/** Worker's thread: from when the place is told (look) every published view reaches it; false: that
 * is the case already. */
bool live_place_take(struct live_mailbox *mailbox, struct slice cart_id, struct live_place *place);
/** Worker's thread: nothing comes for the place any more. */
void live_place_leave(struct live_place *place);

/** Worker's thread: the next place with mail; NULL when there is none. *ret_news (or NULL) is the
 * caller's. */
struct live_place *live_mail_take(struct live_mailbox *mailbox, bool *ret_look,
                                  struct live_view **ret_news);

/** Worker's thread: whether deliver is still going to be called. */
bool live_mail_posted(struct live_mailbox *mailbox);

/** Whether one more listener is admitted; any thread. principal: who listens, "" for nobody in
 * particular, who has no limit of his own. Each admission is given back once. */
enum live_admission { LIVE_ADMITTED, LIVE_FULL, LIVE_TOO_MANY_OF_YOURS };
enum live_admission live_admit(struct live_hub *hub, struct slice principal) WARN_UNUSED;
void live_dismiss(struct live_hub *hub, struct slice principal);

#endif

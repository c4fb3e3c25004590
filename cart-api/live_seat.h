/* Live views, a worker's side: its listeners, cart by cart.
 * Owner: cart-api; part of struct worker. Thread: the worker's.
 *
 * A listener joins: first Redis is subscribed to, then the current view is read, then versions are
 * compared. So nothing between is lost, and after a lost connection the same is done again. No
 * listener is ever offered a version that is not newer than what it has.
 */
#ifndef CARTWRIGHT_CART_API_LIVE_SEAT_H
#define CARTWRIGHT_CART_API_LIVE_SEAT_H

#include "cart-api/caller.h"
#include "cart-api/live_hub.h"
#include "cart-api/live_read.h"

struct live_seat;
struct live_worker;

struct live_listener {
    const struct auth_identity *caller; /* who may not read a cart finds none */
    struct live_seat *seat;             /* NULL: has not joined, or has left */
    struct live_listener *newer, *older;
    int32_t version;        /* the newest that the client has */
    struct live_view *next; /* newer than that, not sent yet; or NULL */
    bool joined;            /* the first read is done */
    /* All may leave this listener, no other. */
    /* The first read is done. LIVE_FOUND: view is the current one, which next may hold too. Other:
     * it has left. */
    void (*on_joined)(struct live_listener *listener, enum live_found found,
                      const struct live_view *view);
    void (*on_news)(struct live_listener *listener); /* next has been set */
    void (*on_gone)(struct live_listener *listener); /* there is no such cart any more; it left */
};

struct live_worker *live_worker_start(struct worker *worker, struct live_hub *hub);
/** All listeners have left. */
void live_worker_stop(struct live_worker *live);

/** caller, version and the callbacks are set. */
void live_join(struct live_worker *live, struct slice cart_id, struct live_listener *listener);
/** Fine when it has left. */
void live_leave(struct live_listener *listener);

/** Takes what is next: the view is the caller's and counts as what the client has. NULL: nothing.
 */
struct live_view *live_take_next(struct live_listener *listener);

#endif

/* Overcomes doubts about the views in Redis: compares the projection's positions with the event
 * store's, on a reader's thread, when a read asks for it. Owner: cart-api. Thread: any.
 */
#ifndef CARTWRIGHT_CART_API_VIEW_CHECK_H
#define CARTWRIGHT_CART_API_VIEW_CHECK_H

#include <stdatomic.h>

#include "cart-api/view_trust.h"
#include "io/pg_pool.h"

struct app;

/** Zero-initialise but for app; in struct app. */
struct view_check {
    struct pg_job job;
    struct app *app;
    atomic_bool running;           /* the job is on its way */
    _Atomic int64_t not_before_us; /* monotonic; between two looks others get the readers */
    struct view_trust trust;
};

/** Starts a check unless one is under way or was a moment ago. Cheap. */
void view_check_start(struct view_check *check);

#endif

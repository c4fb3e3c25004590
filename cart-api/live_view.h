/* A rendered view that several threads and listeners hold at once.
 * Owner: cart-api; whoever holds a reference. Thread: any.
 */
#ifndef CARTWRIGHT_CART_API_LIVE_VIEW_H
#define CARTWRIGHT_CART_API_LIVE_VIEW_H

#include <stdatomic.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/memory.h"

struct live_view {
    atomic_int references;
    int32_t version; /* 1 or more */
    size_t length;
    char json[];
};

/** A copy of json with one reference, which is the caller's. */
static inline struct live_view *live_view_new(int32_t version, struct slice json)
{
    struct live_view *view = mem_alloc(sizeof(*view) + json.len);
    atomic_init(&view->references, 1);
    view->version = version;
    view->length = json.len;
    memcpy(view->json, json.data, json.len);
    return view;
}

static inline struct live_view *live_view_hold(struct live_view *view)
{
    atomic_fetch_add_explicit(&view->references, 1, memory_order_relaxed);
    return view;
}

/** NULL is fine. */
static inline void live_view_release(struct live_view *view)
{
    if (view != NULL && atomic_fetch_sub_explicit(&view->references, 1, memory_order_acq_rel) == 1)
        free(view);
}

static inline struct slice live_view_json(const struct live_view *view)
{
    return (struct slice){view->json, view->length};
}

#endif

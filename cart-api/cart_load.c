/* A cart folded from the event store.
 * Owner: cart-api. Thread: the connection's.
 */
#include "cart-api/cart_load.h"

#include "cart-api/cart_aggregate.h"
#include "cart/cart_snapshot.h"
#include "eventstore/read.h"

enum { FOLD_FAILED = 1 };

struct folding {
    struct slice cart_id;
    struct cart *cart;
    struct error *err;
};

static int take_snapshot(void *argument, struct slice payload, int32_t version, int64_t position)
{
    struct folding *folding = argument;
    struct error ignored; /* a snapshot is a short cut: without it the events tell all */
    (void)version;
    (void)position;
    return cart_snapshot_decode(payload, folding->cart_id, folding->cart, &ignored);
}

static int take_event(void *argument, const struct event_record *event)
{
    struct folding *folding = argument;
    return cart_apply(folding->cart, event, folding->err) == 0 ? 0 : FOLD_FAILED;
}

enum cart_loaded cart_load(struct pg *pg, struct slice cart_id, int32_t upto_version,
                           int64_t upto_us, int timeout_ms, struct cart *cart, struct error *err)
{
    struct folding folding = {cart_id, cart, err};
    struct stream_fold fold = {
        .stream_id = cart_id,
        .upto_version = upto_version,
        .upto_us = upto_us,
        .snapshot = take_snapshot,
        .event = take_event,
        .argument = &folding,
    };
    switch (read_fold(pg, &category_cart, &fold, timeout_ms, err)) {
    case 0:
        return CART_LOADED;
    case FOLD_FAILED:
        return CART_UNREADABLE;
    default:
        return CART_NOT_LOADED;
    }
}

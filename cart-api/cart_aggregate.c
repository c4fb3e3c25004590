/* Carts as the committer keeps them: create, evolve, snapshot.
 * Owner: cart-api. Thread: the lanes'.
 */
#include "cart-api/cart_aggregate.h"

#include <stdlib.h>

#include "base/memory.h"
#include "cart/cart_claim.h"
#include "cart/cart_snapshot.h"
#include "proto/cart_codec.h"

int cart_apply(struct cart *cart, const struct event_record *event, struct error *err)
{
    struct cart_decoded decoded = {0};
    int rc = cart_event_decode(event->payload, &decoded, err);
    if (rc == 0)
        rc = cart_evolve(cart, &decoded.event, err);
    cart_decoded_free(&decoded);
    return rc;
}

int cart_inspect(const struct event_record *event, struct error *err)
{
    struct cart_decoded decoded = {0};
    struct cart_claim claim = {event->stream_id, event->type, event->payload, event->version};
    int rc = cart_claim_decode(&claim, &decoded, err);
    cart_decoded_free(&decoded);
    return rc;
}

static void *create(void)
{
    return mem_calloc(1, sizeof(struct cart));
}

static void destroy(void *state)
{
    if (state != NULL)
        cart_free(state);
    free(state);
}

static int32_t version(const void *state)
{
    const struct cart *cart = state;
    return cart->version;
}

static size_t memory(const void *state)
{
    return cart_memory(state);
}

static int64_t updated_at_us(const void *state)
{
    const struct cart *cart = state;
    return cart->updated_at_us;
}

static int evolve(void *state, const struct event_record *event, struct error *err)
{
    return cart_apply(state, event, err);
}

static void snapshot(const void *state, struct slice stream_id, struct buf *out)
{
    cart_snapshot_encode(stream_id, state, out);
}

static int restore(void *state, struct slice stream_id, struct slice payload)
{
    struct error err; /* a refused snapshot is no failure: the events are folded instead */
    return cart_snapshot_decode(payload, stream_id, state, &err);
}

const struct aggregate cart_aggregate = {
    .create = create,
    .free = destroy,
    .version = version,
    .memory = memory,
    .updated_at_us = updated_at_us,
    .evolve = evolve,
    .snapshot = snapshot,
    .restore = restore,
};

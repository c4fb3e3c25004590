/* Carts folded from the event store.
 * Owner: denormalizer. Thread: the connection's.
 */
#include "denormalizer/store_fold.h"

#include <stdlib.h>

#include "base/memory.h"
#include "cart/cart_claim.h"
#include "cart/cart_snapshot.h"
#include "denormalizer/project.h"
#include "eventstore/read.h"

/* What the sinks need of one cart. */
struct fold_target {
    struct folded_cart *folded;
    struct cart_decoded *decoded; /* shared: one event at a time */
};

static int take_snapshot(void *argument, struct slice payload, int32_t version, int64_t position)
{
    struct fold_target *target = argument;
    struct folded_cart *folded = target->folded;
    struct error ignored; /* a snapshot that is not whole: all events are folded instead */
    (void)position;
    if (cart_snapshot_decode(payload, folded->id, &folded->cart, &ignored) != 0)
        return -1;
    if (folded->cart.version == version)
        return 0;
    cart_free(&folded->cart);
    return -1;
}

static int take_event(void *argument, const struct event_record *event)
{
    struct fold_target *target = argument;
    struct folded_cart *folded = target->folded;
    struct cart_claim claim = {event->stream_id, event->type, event->payload, event->version};
    if (cart_claim_decode(&claim, target->decoded, &folded->why) == 0 &&
        cart_evolve(&folded->cart, &target->decoded->event, &folded->why) == 0)
        return 0;
    folded->bad = true;
    return 1;
}

int store_fold(struct pg *pg, struct folded_cart *carts, size_t count, struct error *err)
{
    struct cart_decoded decoded = {.line_capacity = 0};
    struct fold_target *targets = mem_calloc(count, sizeof(*targets));
    struct stream_fold *folds = mem_calloc(count, sizeof(*folds));
    int *results = mem_calloc(count, sizeof(*results));
    CHECK(count > 0 && count <= STORE_FOLD_MAX);
    for (size_t i = 0; i < count; i++) {
        targets[i] = (struct fold_target){&carts[i], &decoded};
        folds[i] = (struct stream_fold){
            .stream_id = carts[i].id,
            .snapshot = take_snapshot,
            .event = take_event,
            .argument = &targets[i],
        };
    }
    int rc = read_folds(pg, &category_cart, folds, count, STORE_FOLD_TIMEOUT_MS, err, results);
    free(results);
    free(folds);
    free(targets);
    cart_decoded_free(&decoded);
    return rc;
}

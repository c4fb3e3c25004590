/* Carts into the cache: from Redis what it has, from the event store the rest.
 * Owner: denormalizer. Thread: the service's.
 */
#ifndef CARTWRIGHT_DENORMALIZER_CART_LOADER_H
#define CARTWRIGHT_DENORMALIZER_CART_LOADER_H

#include "denormalizer/cart_cache.h"
#include "denormalizer/view_store.h"
#include "service/service.h"

/** Zero-initialise but for the first four. */
struct cart_loader {
    struct service_runtime *runtime;
    struct cart_cache *cache;
    struct view_store *views;
    struct metric *store_folds;
    struct cached_cart **wanted; /* by the batch, not loaded yet */
    size_t wanted_count, wanted_capacity;
};

/** The cart must be loaded so far that the event with this version can be applied. */
void cart_loader_want(struct cart_loader *loader, struct cached_cart *cached, int32_t version);

/** Loads what is wanted; after -1 some of it may be loaded. Needs view_connection_use before. */
int cart_loader_load(struct cart_loader *loader, struct error *err) WARN_UNUSED;

/** Nothing is wanted any more; when loading failed, what did not get as far as wanted is not
 * loaded. */
void cart_loader_reset(struct cart_loader *loader, bool failed);

/** The carts at their heads in the store, to be written. One that the store has less of stays. */
int cart_loader_fold(struct cart_loader *loader, struct cached_cart *const *carts, size_t count,
                     struct error *err) WARN_UNUSED;

void cart_loader_free(struct cart_loader *loader);

#endif

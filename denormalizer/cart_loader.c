/* Carts into the cache: from Redis what it has, from the event store the rest.
 * Owner: denormalizer. Thread: the service's.
 */
#include "denormalizer/cart_loader.h"

#include <stdlib.h>

#include "base/memory.h"
#include "denormalizer/store_fold.h"

void cart_loader_want(struct cart_loader *loader, struct cached_cart *cached, int32_t version)
{
    cached->wanted = true;
    cached->needed = version - 1;
    loader->wanted = mem_grown(loader->wanted, loader->wanted_count, &loader->wanted_capacity,
                               sizeof(struct cached_cart *));
    loader->wanted[loader->wanted_count++] = cached;
}

/* The carts, at most STORE_FOLD_MAX, at their heads in the store. What Redis had is newer than
 * nothing: it stays when the store has less. */
static int fold_page(struct cart_loader *loader, struct cached_cart *const *carts, size_t count,
                     struct error *err)
{
    struct pg *pg;
    if (service_store(loader->runtime, err, &pg) != 0)
        return -1;
    struct folded_cart *folded = mem_calloc(count, sizeof(*folded));
    for (size_t i = 0; i < count; i++)
        folded[i].id = carts[i]->entry.key;
    int rc = store_fold(pg, folded, count, err);
    for (size_t i = 0; i < count; i++) {
        if (rc != 0 || folded[i].cart.version < carts[i]->cart.version) {
            cart_free(&folded[i].cart);
            continue;
        }
        cart_free(&carts[i]->cart);
        carts[i]->cart = folded[i].cart;
        carts[i]->loaded = true;
        /* Ahead of Redis by itself, not by an event of this batch: written all the same. */
        if (carts[i]->cart.version > 0)
            cart_cache_mark(loader->cache, carts[i]);
    }
    free(folded);
    metric_add(loader->store_folds, 0, rc == 0 ? (int64_t)count : 0);
    return rc;
}

int cart_loader_fold(struct cart_loader *loader, struct cached_cart *const *carts, size_t count,
                     struct error *err)
{
    for (size_t at = 0; at < count; at += STORE_FOLD_MAX) {
        size_t page = count - at < STORE_FOLD_MAX ? count - at : STORE_FOLD_MAX;
        if (fold_page(loader, carts + at, page, err) != 0)
            return -1;
    }
    return 0;
}

int cart_loader_load(struct cart_loader *loader, struct error *err)
{
    size_t lacking = 0;
    if (view_store_load(loader->views, loader->wanted, loader->wanted_count, err) != 0)
        return -1;
    for (size_t i = 0; i < loader->wanted_count; i++) {
        cart_cache_count(loader->cache, loader->wanted[i]);
        if (loader->wanted[i]->cart.version < loader->wanted[i]->needed)
            loader->wanted[lacking++] = loader->wanted[i];
        else
            loader->wanted[i]->wanted = false;
    }
    loader->wanted_count = lacking;
    return lacking > 0 ? cart_loader_fold(loader, loader->wanted, lacking, err) : 0;
}

void cart_loader_reset(struct cart_loader *loader, bool failed)
{
    for (size_t i = 0; i < loader->wanted_count; i++) {
        struct cached_cart *cached = loader->wanted[i];
        cached->wanted = false;
        if (!failed || cached->dirty || (cached->loaded && cached->cart.version >= cached->needed))
            continue;
        cached->loaded = false;
        cart_free(&cached->cart);
    }
    loader->wanted_count = 0;
}

void cart_loader_free(struct cart_loader *loader)
{
    free(loader->wanted);
    loader->wanted = NULL;
}

/* The carts that are being folded: those of the batch, and as many of the last ones as fit.
 * Owner: denormalizer. Thread: the service's.
 */
#ifndef CARTWRIGHT_DENORMALIZER_CART_CACHE_H
#define CARTWRIGHT_DENORMALIZER_CART_CACHE_H

#include "base/map.h"
#include "cart/cart.h"

enum { REBUILT_TOKEN_SIZE = 24 }; /* a rebuild's token and NUL; empty: none */

struct cached_cart {
    struct map_entry entry;
    struct cart cart;
    char rebuilt[REBUILT_TOKEN_SIZE]; /* the rebuild that this was folded from */
    bool loaded;                      /* else the cart says nothing yet */
    bool wanted;                      /* being loaded */
    bool dirty;                       /* has what Redis does not have */
    bool held;                        /* Redis had a view of it when we looked or wrote */
    int32_t needed;                   /* the version that loading should reach */
    size_t bytes;                     /* as counted */
    char id[CART_ID_MAX + 1];
};

/** Zero-initialise but for bytes_max. */
struct cart_cache {
    struct map map;
    size_t bytes, bytes_max;
    struct cached_cart **dirty;
    size_t dirty_count, dirty_capacity;
};

/** The cart of this id (at most CART_ID_MAX bytes), made when absent; stays until cart_cache_trim.
 */
struct cached_cart *cart_cache_get(struct cart_cache *cache, struct slice id);

/** NULL when absent. */
struct cached_cart *cart_cache_find(const struct cart_cache *cache, struct slice id);

/** To be called when the cart has grown without being marked: it was loaded. */
void cart_cache_count(struct cart_cache *cache, struct cached_cart *cached);

/** Puts the cart on the list of what must be written. */
void cart_cache_mark(struct cart_cache *cache, struct cached_cart *cached);

/** All dirty carts are in Redis: the list is empty. */
void cart_cache_written(struct cart_cache *cache);

/** Forgets the dirty carts: they may be ahead of what is durable. */
void cart_cache_drop_dirty(struct cart_cache *cache);

/** Forgets the carts used longest ago until the bytes are below the bound. Nothing may be dirty. */
void cart_cache_trim(struct cart_cache *cache);

/** Forgets all. */
void cart_cache_clear(struct cart_cache *cache);
void cart_cache_free(struct cart_cache *cache);

#endif

/* The carts that are being folded.
 * Owner: denormalizer. Thread: the service's.
 */
#include "denormalizer/cart_cache.h"

#include <stdlib.h>

#include "base/memory.h"

static struct cached_cart *of_entry(struct map_entry *entry)
{
    return CONTAINER_OF(entry, struct cached_cart, entry);
}

struct cached_cart *cart_cache_find(const struct cart_cache *cache, struct slice id)
{
    struct map_entry *entry = map_find(&cache->map, id);
    return entry != NULL ? of_entry(entry) : NULL;
}

void cart_cache_count(struct cart_cache *cache, struct cached_cart *cached)
{
    size_t bytes = sizeof(*cached) - sizeof(cached->cart) + cart_memory(&cached->cart);
    cache->bytes += bytes - cached->bytes;
    cached->bytes = bytes;
}

struct cached_cart *cart_cache_get(struct cart_cache *cache, struct slice id)
{
    struct cached_cart *cached = cart_cache_find(cache, id);
    if (cached != NULL) {
        map_touch(&cache->map, &cached->entry);
        return cached;
    }
    CHECK(id.len <= CART_ID_MAX);
    cached = mem_calloc(1, sizeof(*cached));
    memcpy(cached->id, id.data, id.len);
    cached->entry.key = (struct slice){cached->id, id.len};
    map_insert(&cache->map, &cached->entry);
    cart_cache_count(cache, cached);
    return cached;
}

static void forget(struct cart_cache *cache, struct cached_cart *cached)
{
    map_remove(&cache->map, &cached->entry);
    cache->bytes -= cached->bytes;
    cart_free(&cached->cart);
    free(cached);
}

void cart_cache_mark(struct cart_cache *cache, struct cached_cart *cached)
{
    if (cached->dirty)
        return;
    cache->dirty = mem_grown(cache->dirty, cache->dirty_count, &cache->dirty_capacity,
                             sizeof(struct cached_cart *));
    cached->dirty = true;
    cache->dirty[cache->dirty_count++] = cached;
}

void cart_cache_written(struct cart_cache *cache)
{
    for (size_t i = 0; i < cache->dirty_count; i++) {
        cache->dirty[i]->dirty = false;
        cache->dirty[i]->held = true;
        cart_cache_count(cache, cache->dirty[i]);
    }
    cache->dirty_count = 0;
}

void cart_cache_drop_dirty(struct cart_cache *cache)
{
    for (size_t i = 0; i < cache->dirty_count; i++)
        forget(cache, cache->dirty[i]);
    cache->dirty_count = 0;
}

void cart_cache_trim(struct cart_cache *cache)
{
    CHECK(cache->dirty_count == 0);
    while (cache->bytes > cache->bytes_max && cache->map.oldest != NULL)
        forget(cache, of_entry(cache->map.oldest));
}

void cart_cache_clear(struct cart_cache *cache)
{
    cache->dirty_count = 0;
    while (cache->map.oldest != NULL)
        forget(cache, of_entry(cache->map.oldest));
}

void cart_cache_free(struct cart_cache *cache)
{
    cart_cache_clear(cache);
    map_free(&cache->map);
    free(cache->dirty);
    *cache = (struct cart_cache){0};
}

/* The streams a lane knows, bounded in bytes.
 * Owner: lib/eventstore; a lane. Thread: the lane's.
 */
#include "eventstore/stream_cache.h"

#include <stdlib.h>

#include "base/memory.h"

static struct stream_entry *entry_of(struct map_entry *map_entry)
{
    return CONTAINER_OF(map_entry, struct stream_entry, map);
}

struct stream_entry *stream_cache_get(struct stream_cache *cache, struct slice stream_id)
{
    struct map_entry *found = map_find(&cache->map, stream_id);
    if (found != NULL) {
        map_touch(&cache->map, found);
        return entry_of(found);
    }
    struct stream_entry *entry = mem_calloc(1, sizeof(*entry) + stream_id.len + 1);
    memcpy(entry->stream_id, stream_id.data, stream_id.len);
    entry->map.key = (struct slice){entry->stream_id, stream_id.len};
    map_insert(&cache->map, &entry->map);
    stream_cache_recount(cache, entry);
    return entry;
}

void stream_cache_recount(struct stream_cache *cache, struct stream_entry *entry)
{
    size_t bytes = sizeof(*entry) + entry->map.key.len + 1;
    if (entry->state != NULL)
        bytes += cache->aggregate->memory(entry->state);
    cache->bytes += bytes - entry->bytes;
    entry->bytes = bytes;
}

void stream_cache_forget(struct stream_cache *cache, struct stream_entry *entry)
{
    cache->aggregate->free(entry->state);
    entry->state = NULL;
    entry->position = 0;
    entry->snapshot_version = 0;
    entry->broken = false;
    stream_cache_recount(cache, entry);
}

static void drop(struct stream_cache *cache, struct stream_entry *entry)
{
    CHECK(entry->in_batch == 0);
    map_remove(&cache->map, &entry->map);
    cache->bytes -= entry->bytes;
    cache->aggregate->free(entry->state);
    free(entry);
}

void stream_cache_trim(struct stream_cache *cache)
{
    while (cache->bytes > cache->bytes_max && cache->map.oldest != NULL)
        drop(cache, entry_of(cache->map.oldest));
}

void stream_cache_free(struct stream_cache *cache)
{
    while (cache->map.oldest != NULL)
        drop(cache, entry_of(cache->map.oldest));
    map_free(&cache->map);
}

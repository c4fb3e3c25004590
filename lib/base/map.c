/* A hash table with string keys over intrusive entries, and their order of last use.
 * Owner: lib/base. Thread: one at a time.
 */
#include "base/map.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"

enum { MAP_FIRST_SLOTS = 64 };

void map_free(struct map *map)
{
    free(map->slots);
    *map = (struct map){0};
}

static struct map_entry **slot_of(const struct map *map, uint64_t hash)
{
    return &map->slots[(hash ^ hash >> 32) & (map->slot_count - 1)];
}

struct map_entry *map_find(const struct map *map, struct slice key)
{
    if (map->count == 0)
        return NULL;
    uint64_t hash = hash_fnv1a(key.data, key.len);
    struct map_entry *entry = *slot_of(map, hash);
    while (entry != NULL && (entry->hash != hash || !slice_equal(entry->key, key)))
        entry = entry->chain;
    return entry;
}

static void grow(struct map *map)
{
    map->slot_count = map->slot_count > 0 ? map->slot_count * 2 : MAP_FIRST_SLOTS;
    free(map->slots);
    map->slots = mem_calloc(map->slot_count, sizeof(struct map_entry *));
    for (struct map_entry *entry = map->newest; entry != NULL; entry = entry->older) {
        struct map_entry **slot = slot_of(map, entry->hash);
        entry->chain = *slot;
        *slot = entry;
    }
}

static void link_newest(struct map *map, struct map_entry *entry)
{
    entry->newer = NULL;
    entry->older = map->newest;
    if (map->newest != NULL)
        map->newest->newer = entry;
    else
        map->oldest = entry;
    map->newest = entry;
}

static void unlink_use(struct map *map, struct map_entry *entry)
{
    if (entry->newer != NULL)
        entry->newer->older = entry->older;
    else
        map->newest = entry->older;
    if (entry->older != NULL)
        entry->older->newer = entry->newer;
    else
        map->oldest = entry->newer;
}

void map_insert(struct map *map, struct map_entry *entry)
{
    if (map->count == map->slot_count)
        grow(map);
    entry->hash = hash_fnv1a(entry->key.data, entry->key.len);
    struct map_entry **slot = slot_of(map, entry->hash);
    entry->chain = *slot;
    *slot = entry;
    link_newest(map, entry);
    map->count++;
}

void map_remove(struct map *map, struct map_entry *entry)
{
    struct map_entry **link = slot_of(map, entry->hash);
    while (*link != entry) {
        CHECK(*link != NULL);
        link = &(*link)->chain;
    }
    *link = entry->chain;
    unlink_use(map, entry);
    map->count--;
}

void map_touch(struct map *map, struct map_entry *entry)
{
    if (map->newest == entry)
        return;
    unlink_use(map, entry);
    link_newest(map, entry);
}

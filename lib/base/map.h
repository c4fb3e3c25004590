/* A hash table with string keys over intrusive entries, and their order of last use.
 * Owner: lib/base. Thread: one at a time.
 */
#ifndef CARTWRIGHT_BASE_MAP_H
#define CARTWRIGHT_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/** Embedded in what is mapped; key must live and stay unchanged as long as the entry is in. */
struct map_entry {
    struct slice key;
    uint64_t hash;
    struct map_entry *chain;
    struct map_entry *newer, *older; /* order of use */
};

/** Zero-initialise; owns its slots, never the entries. */
struct map {
    struct map_entry **slots;
    size_t slot_count, count;
    struct map_entry *newest, *oldest;
};

/** Frees the slots; the entries are the caller's, who removes them first. */
void map_free(struct map *map);

/** The entry of key, or NULL. Does not change the order of use. */
struct map_entry *map_find(const struct map *map, struct slice key);

/** Inserts an entry whose key is set and not in the map; it becomes the newest. */
void map_insert(struct map *map, struct map_entry *entry);

void map_remove(struct map *map, struct map_entry *entry);

/** Makes entry the newest. */
void map_touch(struct map *map, struct map_entry *entry);

#endif

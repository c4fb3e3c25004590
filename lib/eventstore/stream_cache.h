/* The streams a lane knows, bounded in bytes; least recently used ones are forgotten first.
 * Owner: lib/eventstore; a lane. Thread: the lane's.
 */
#ifndef CARTWRIGHT_EVENTSTORE_STREAM_CACHE_H
#define CARTWRIGHT_EVENTSTORE_STREAM_CACHE_H

#include "base/map.h"
#include "eventstore/committer.h"

struct stream_entry {
    struct map_entry map; /* key points to stream_id */
    void *state;          /* NULL: not loaded */
    int64_t position;     /* of the stream's last event, 0: none */
    int32_t snapshot_version;
    uint64_t seen;    /* the lane's session in which it was loaded or written last */
    bool broken;      /* its stored events cannot be folded */
    size_t in_batch;  /* 1 + index in the current batch's streams, 0: not in it */
    size_t bytes;     /* as last counted into the cache's sum */
    char stream_id[]; /* NUL-terminated */
};

struct stream_cache {
    const struct aggregate *aggregate;
    struct map map;
    size_t bytes, bytes_max;
};

/** The entry of a stream, made (without state) when it is not there; now the newest. */
struct stream_entry *stream_cache_get(struct stream_cache *cache, struct slice stream_id);
/** Counts the entry's memory anew after its state changed. */
void stream_cache_recount(struct stream_cache *cache, struct stream_entry *entry);
/** Forgets what is known of the stream; the entry stays until stream_cache_trim. */
void stream_cache_forget(struct stream_cache *cache, struct stream_entry *entry);
/** Removes the oldest entries until the bound holds. No entry may be in a batch. */
void stream_cache_trim(struct stream_cache *cache);
void stream_cache_free(struct stream_cache *cache);

#endif

/* Tokens that were verified before.
 * Owner: lib/http. Thread: any; each shard has its lock, held for a look-up or a copy only.
 */
#include "http/token_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"

enum { SHARDS = 8 };

struct cached {
    struct map_entry entry;
    uint8_t digest[DIGEST_SHA256_SIZE];
    uint64_t generation;
    struct jwt_identity identity; /* points behind the struct */
};

struct token_cache {
    size_t shard_capacity;
    struct shard {
        pthread_mutex_t lock;
        struct map map;
    } shards[SHARDS];
};

static struct slice copy(struct slice text, char **at)
{
    struct slice copied = {*at, text.len};
    if (text.len > 0)
        memcpy(*at, text.data, text.len);
    *at += text.len;
    return copied;
}

void jwt_identity_copy(const struct jwt_identity *from, char *text, struct jwt_identity *to)
{
    *to = *from;
    to->subject = copy(from->subject, &text);
    to->email = copy(from->email, &text);
    to->phone = copy(from->phone, &text);
    to->locale = copy(from->locale, &text);
}

struct token_cache *token_cache_new(size_t capacity)
{
    struct token_cache *cache = mem_calloc(1, sizeof(*cache));
    cache->shard_capacity = (capacity + SHARDS - 1) / SHARDS;
    for (size_t i = 0; i < SHARDS; i++)
        CHECK(pthread_mutex_init(&cache->shards[i].lock, NULL) == 0);
    return cache;
}

static void drop(struct shard *shard, struct map_entry *entry)
{
    map_remove(&shard->map, entry);
    free(CONTAINER_OF(entry, struct cached, entry));
}

void token_cache_free(struct token_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &cache->shards[i];
        while (shard->map.oldest != NULL)
            drop(shard, shard->map.oldest);
        map_free(&shard->map);
        pthread_mutex_destroy(&shard->lock);
    }
    free(cache);
}

static struct shard *shard_of(struct token_cache *cache, const uint8_t *digest)
{
    return &cache->shards[digest[0] % SHARDS];
}

static struct slice key_of(const uint8_t *digest)
{
    return (struct slice){(const char *)digest, DIGEST_SHA256_SIZE};
}

bool token_cache_find(struct token_cache *cache, const uint8_t digest[DIGEST_SHA256_SIZE],
                      uint64_t generation, int64_t now_s, char *text,
                      struct jwt_identity *ret_identity)
{
    struct shard *shard = shard_of(cache, digest);
    pthread_mutex_lock(&shard->lock);
    struct map_entry *entry = map_find(&shard->map, key_of(digest));
    bool found = entry != NULL;
    if (found) {
        struct cached *cached = CONTAINER_OF(entry, struct cached, entry);
        found = cached->generation == generation && now_s < cached->identity.expires_at_s;
        if (found) {
            map_touch(&shard->map, entry);
            jwt_identity_copy(&cached->identity, text, ret_identity);
        } else {
            drop(shard, entry);
        }
    }
    pthread_mutex_unlock(&shard->lock);
    return found;
}

void token_cache_keep(struct token_cache *cache, const uint8_t digest[DIGEST_SHA256_SIZE],
                      uint64_t generation, const struct jwt_identity *identity)
{
    size_t bytes =
        identity->subject.len + identity->email.len + identity->phone.len + identity->locale.len;
    struct cached *cached = mem_calloc(1, sizeof(*cached) + bytes);
    memcpy(cached->digest, digest, DIGEST_SHA256_SIZE);
    cached->entry.key = key_of(cached->digest);
    cached->generation = generation;
    jwt_identity_copy(identity, (char *)(cached + 1), &cached->identity);

    struct shard *shard = shard_of(cache, digest);
    pthread_mutex_lock(&shard->lock);
    struct map_entry *old = map_find(&shard->map, cached->entry.key);
    if (old != NULL)
        drop(shard, old);
    else if (shard->map.count >= cache->shard_capacity)
        drop(shard, shard->map.oldest);
    map_insert(&shard->map, &cached->entry);
    pthread_mutex_unlock(&shard->lock);
}

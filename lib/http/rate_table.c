/* Token buckets by key, in a table of fixed size.
 * Owner: lib/http. Thread: any; a set of buckets is under the lock of its shard.
 */
#include "http/rate_table.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"
#include "io/digest.h"

enum { SHARDS = 16, WAYS = 8 };

static const int64_t one = 1000000; /* a request, in the unit of levels: it fills per microsecond */

struct bucket {
    uint64_t key;    /* 0: never used */
    int64_t level;   /* at used_us */
    int64_t used_us; /* when it was looked at last */
};

struct rate_table {
    struct rate_limit limit;
    size_t sets; /* of each shard */
    struct rate_shard {
        pthread_mutex_t lock;
        struct bucket (*sets)[WAYS];
    } shards[SHARDS];
};

struct rate_table *rate_table_new(const struct rate_limit *limit, size_t buckets)
{
    CHECK(limit->per_minute > 0 && limit->burst > 0);
    struct rate_table *table = mem_calloc(1, sizeof(*table));
    table->limit = *limit;
    const size_t of_one_set_each = (size_t)SHARDS * WAYS;
    table->sets = (buckets + of_one_set_each - 1) / of_one_set_each;
    for (size_t i = 0; i < SHARDS; i++) {
        CHECK(pthread_mutex_init(&table->shards[i].lock, NULL) == 0);
        table->shards[i].sets = mem_calloc(table->sets, sizeof(struct bucket[WAYS]));
    }
    return table;
}

void rate_table_free(struct rate_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_destroy(&table->shards[i].lock);
        free(table->shards[i].sets);
    }
    free(table);
}

/** Nobody finds another's key by trying: 64 bits of SHA-256. */
static uint64_t key_of(struct slice text)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    uint64_t key;
    digest_sha256_of(text, digest);
    memcpy(&key, digest, sizeof(key));
    return key != 0 ? key : 1;
}

/** The key's bucket, or the set's that was used longest ago, made full. */
static struct bucket *find(const struct rate_table *table, struct bucket *set, uint64_t key,
                           int64_t now_us)
{
    struct bucket *oldest = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].used_us < oldest->used_us || (set[i].key == 0 && oldest->key != 0))
            oldest = &set[i];
    }
    *oldest = (struct bucket){key, table->limit.burst * one, now_us};
    return oldest;
}

static void fill(const struct rate_limit *limit, struct bucket *bucket, int64_t now_us)
{
    int64_t whole = limit->burst * one, gained;
    int64_t passed_us = now_us > bucket->used_us ? now_us - bucket->used_us : 0;
    if (__builtin_mul_overflow(passed_us, limit->per_minute, &gained))
        gained = INT64_MAX;
    gained /= 60;
    bucket->level = gained < whole - bucket->level ? bucket->level + gained : whole;
    bucket->used_us = now_us;
}

/** Seconds in which so much comes in, rounded up. */
static int64_t seconds_for(const struct rate_limit *limit, int64_t missing)
{
    int64_t per_minute = limit->per_minute * one;
    return missing <= 0 ? 0 : (missing * 60 + per_minute - 1) / per_minute;
}

int64_t rate_window_s(const struct rate_limit *limit)
{
    return seconds_for(limit, limit->burst * one);
}

struct rate_state rate_take(struct rate_table *table, struct slice key, int64_t now_us)
{
    const struct rate_limit *limit = &table->limit;
    uint64_t number = key_of(key);
    struct rate_shard *shard = &table->shards[number % SHARDS];
    pthread_mutex_lock(&shard->lock);
    struct bucket *bucket = find(table, shard->sets[number / SHARDS % table->sets], number, now_us);
    fill(limit, bucket, now_us);
    bool allowed = bucket->level >= one;
    if (allowed)
        bucket->level -= one;
    int64_t level = bucket->level;
    pthread_mutex_unlock(&shard->lock);
    return (struct rate_state){
        .allowed = allowed,
        .remaining = level / one,
        .whole_in_s = seconds_for(limit, limit->burst * one - level),
        .retry_in_s = seconds_for(limit, one - level),
    };
}

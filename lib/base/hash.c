/* Two hashes: one that places streams on partitions for ever, one for tables in memory.
 * Owner: lib/base. Thread: any.
 */
#include "base/hash.h"

#include <string.h>

#include "base/check.h"

uint32_t hash_murmur2(const void *bytes, size_t length)
{
    static const uint32_t multiplier = 0x5bd1e995, seed = 0x9747b28c;
    const uint8_t *at = bytes;
    uint32_t hash = seed ^ (uint32_t)length;
    size_t left = length;
    for (; left >= 4; at += 4, left -= 4) {
        uint32_t word =
            (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
        word *= multiplier;
        word ^= word >> 24;
        word *= multiplier;
        hash = hash * multiplier ^ word;
    }
    if (left >= 3)
        hash ^= (uint32_t)at[2] << 16;
    if (left >= 2)
        hash ^= (uint32_t)at[1] << 8;
    if (left >= 1)
        hash = (hash ^ at[0]) * multiplier;
    hash ^= hash >> 13;
    hash *= multiplier;
    return hash ^ hash >> 15;
}

int hash_partition(const char *stream_id, size_t length, int partitions)
{
    CHECK(partitions > 0);
    return (int)((hash_murmur2(stream_id, length) & 0x7fffffff) % (uint32_t)partitions);
}

uint64_t hash_fnv1a(const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * 0x100000001b3;
    return hash;
}

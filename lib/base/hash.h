/* Two hashes: one that places streams on partitions for ever, one for tables in memory.
 * Owner: lib/base. Thread: any.
 */
#ifndef CARTWRIGHT_BASE_HASH_H
#define CARTWRIGHT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/** murmur2 as Kafka's Java clients compute it over a record key. */
uint32_t hash_murmur2(const void *bytes, size_t length);

/** The partition of a stream: (murmur2 & 0x7fffffff) % partitions, what Kafka's default
 * partitioner in Java gives the same key. Never changes: stored events depend on it. */
int hash_partition(const char *stream_id, size_t length, int partitions);

/** FNV-1a, 64 bits, for hash tables in memory; its values are never stored. */
uint64_t hash_fnv1a(const void *bytes, size_t length);

#endif

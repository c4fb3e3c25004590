/* How evenly carts fall on partitions: counts the ids that hash_partition gives to each, for
 * several numbers of partitions. Prints one JSON object: the fullest and the emptiest partition as
 * shares of the mean. Owner: load/capacity. Thread: one.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"

enum { KINDS = 2, SIZES = 3, PARTITIONS_MAX = 256, ID_SIZE = 40 };

static const int partition_counts[SIZES] = {16, 64, PARTITIONS_MAX};
static const char *const kind_names[KINDS] = {"uuid", "counted"};

/** A well mixed 64-bit value of n: stands for the random bits of an id. */
static uint64_t mix(uint64_t n)
{
    n += UINT64_C(0x9e3779b97f4a7c15);
    n = (n ^ (n >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    n = (n ^ (n >> 27)) * UINT64_C(0x94d049bb133111eb);
    return n ^ (n >> 31);
}

/** Writes value as digits of the base that 2^bits is, the lowest last; returns the end. */
static char *put_hex(char *at, uint64_t value, int digits)
{
    for (int i = digits - 1; i >= 0; i--)
        *at++ = "0123456789abcdef"[(value >> (4 * i)) & 15];
    return at;
}

/** The id of cart n: as the server makes them (UUIDv7, one a millisecond here), or counted. */
static size_t make_id(int kind, uint64_t n, char id[static ID_SIZE])
{
    if (kind == 1)
        return (size_t)snprintf(id, ID_SIZE, "cart-%" PRIu64, n);
    uint64_t random = mix(n), more = mix(~n), ms = UINT64_C(0x01a200000000) + n;
    char *at = put_hex(id, ms >> 16, 8);
    *at++ = '-';
    at = put_hex(at, ms & 0xffff, 4);
    *at++ = '-';
    at = put_hex(at, 0x7000 | (random >> 52), 4);
    *at++ = '-';
    at = put_hex(at, 0x8000 | (more >> 50), 4);
    *at++ = '-';
    at = put_hex(at, random & UINT64_C(0xffffffffffff), 12);
    return (size_t)(at - id);
}

static void count(int kind, uint64_t carts, uint64_t counts[SIZES][PARTITIONS_MAX])
{
    for (uint64_t n = 0; n < carts; n++) {
        char id[ID_SIZE];
        size_t length = make_id(kind, n, id);
        for (int size = 0; size < SIZES; size++)
            counts[size][hash_partition(id, length, partition_counts[size])]++;
    }
}

static void print_size(uint64_t carts, int partitions, const uint64_t *counts)
{
    uint64_t most = counts[0], least = counts[0];
    for (int i = 1; i < partitions; i++) {
        most = counts[i] > most ? counts[i] : most;
        least = counts[i] < least ? counts[i] : least;
    }
    double mean = (double)carts / partitions;
    printf("\"%d\":{\"most\":%.6f,\"least\":%.6f}", partitions, (double)most / mean,
           (double)least / mean);
}

int main(int argc, char **argv)
{
    char *end = NULL;
    errno = 0;
    uint64_t carts = argc == 2 ? strtoull(argv[1], &end, 10) : 0;
    if (carts == 0 || errno != 0 || *end != '\0') {
        fprintf(stderr, "usage: partition_skew CARTS\n");
        return 2;
    }
    printf("{\"carts\":%" PRIu64, carts);
    for (int kind = 0; kind < KINDS; kind++) {
        uint64_t counts[SIZES][PARTITIONS_MAX] = {0};
        count(kind, carts, counts);
        printf(",\"%s\":{", kind_names[kind]);
        for (int size = 0; size < SIZES; size++) {
            printf("%s", size > 0 ? "," : "");
            print_size(carts, partition_counts[size], counts[size]);
        }
        printf("}");
    }
    printf("}\n");
    return 0;
}

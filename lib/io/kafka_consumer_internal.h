/* What kafka_consumer.c and kafka_offsets.c share; nobody else includes it.
 * Owner: lib/io. Thread: the consumer's.
 */
#ifndef CARTWRIGHT_IO_KAFKA_CONSUMER_INTERNAL_H
#define CARTWRIGHT_IO_KAFKA_CONSUMER_INTERNAL_H

#include <stdatomic.h>

#include "io/kafka_assignment.h"

struct kafka_consumer {
    rd_kafka_t *client;
    char *topic, *bootstrap_servers, *client_id;
    bool grouped;
    bool leaves;         /* its group, when it is closed */
    atomic_bool closing; /* no callback reaches the owner any more */
    struct kafka_assignment assignment;
    struct kafka_trouble trouble;
    void (*assigned)(void *context, struct kafka_start *starts, size_t count);
    void (*revoked)(void *context, const int *partitions, size_t count, bool lost);
    void *context;
};

#endif

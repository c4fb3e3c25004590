/* Topics: make them, look at them. Each call opens and closes its own client.
 * Owner: lib/io. Thread: any; calls block at most timeout_ms.
 */
#ifndef CARTWRIGHT_IO_KAFKA_ADMIN_H
#define CARTWRIGHT_IO_KAFKA_ADMIN_H

#include <stddef.h>

#include "base/error.h"

struct kafka_topic_config {
    const char *name, *value; /* as the broker calls them: "retention.ms", "-1" */
};

struct kafka_topic {
    const char *name;
    int partitions;
    int replication; /* 0: the broker's default */
    const struct kafka_topic_config *configs;
    size_t config_count;
};

/** Makes those of the topics that do not exist. 0 when all exist with their number of partitions
 * (configs of a topic that existed are left alone); -1: permanent when one exists with another
 * number. */
int kafka_admin_create_topics(const char *bootstrap_servers, const struct kafka_topic *topics,
                              size_t count, int timeout_ms, struct error *err) WARN_UNUSED;

/** The number of partitions of a topic, 0 when it does not exist. */
int kafka_admin_partition_count(const char *bootstrap_servers, const char *topic, int timeout_ms,
                                struct error *err, int *ret_count) WARN_UNUSED;

#endif

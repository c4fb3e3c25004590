/* The partitions that a kafka_consumer reads and where it is in each; kafka_consumer.c and
 * kafka_assignment.c share it, nobody else includes it.
 * Owner: lib/io. Thread: the consumer's.
 */
#ifndef CARTWRIGHT_IO_KAFKA_ASSIGNMENT_H
#define CARTWRIGHT_IO_KAFKA_ASSIGNMENT_H

#include "io/kafka_client.h"
#include "io/kafka_consumer.h"

struct kafka_place {
    bool assigned;
    bool held; /* started with KAFKA_OFFSET_HOLD and not yet sought: nothing is delivered */
    bool paused;
    int64_t next; /* what the next message should be, or a logical offset */
};

/** Zero-initialise. */
struct kafka_assignment {
    struct kafka_place *places; /* by partition number */
    int count;
};

void kafka_assignment_free(struct kafka_assignment *assignment);

/** The place of an assigned partition, or NULL. */
struct kafka_place *kafka_assignment_find(const struct kafka_assignment *assignment, int partition);

/** Makes starts what is read, at the client too: rd_kafka_assign, then pause what is held. */
int kafka_assignment_set(struct kafka_assignment *assignment, rd_kafka_t *client, const char *topic,
                         const struct kafka_start *starts, size_t count,
                         struct error *err) WARN_UNUSED;

/** Nothing is read any more. */
void kafka_assignment_clear(struct kafka_assignment *assignment, rd_kafka_t *client);

/** Moves one partition; all that was fetched of it before is dropped. */
int kafka_assignment_seek(struct kafka_assignment *assignment, rd_kafka_t *client,
                          const char *topic, int partition, int64_t offset, int timeout_ms,
                          struct error *err) WARN_UNUSED;

/** Pauses or resumes one partition. */
int kafka_assignment_pause(struct kafka_assignment *assignment, rd_kafka_t *client,
                           const char *topic, int partition, bool pause,
                           struct error *err) WARN_UNUSED;

#endif

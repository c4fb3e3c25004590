/* Dead letters: what no handler can take goes to <topic>.dlq as it was, with its coordinates and
 * the reason beside it. Owner: lib/service. Thread: the service's.
 */
#ifndef CARTWRIGHT_SERVICE_DEAD_LETTER_H
#define CARTWRIGHT_SERVICE_DEAD_LETTER_H

#include "eventstore/category.h"
#include "eventstore/event_record.h"
#include "io/kafka_message.h"
#include "io/kafka_producer.h"

#define DEAD_LETTER_TOPIC "dlq.topic"
#define DEAD_LETTER_PARTITION "dlq.partition"
#define DEAD_LETTER_OFFSET "dlq.offset"     /* absent when the event was read from the store */
#define DEAD_LETTER_POSITION "dlq.position" /* absent when the record does not say */
#define DEAD_LETTER_REASON "dlq.reason"
#define DEAD_LETTER_SERVICE "dlq.service"
#define DEAD_LETTER_TRUNCATED "dlq.truncated" /* original size; the value holds its beginning */

enum {
    DEAD_LETTER_VALUE_MAX = 3 * 1024 * 1024, /* below what our brokers and clients take */
    DEAD_LETTER_VALUE_SMALL = 512 * 1024,    /* what any broker takes; after a refusal */
    DEAD_LETTER_HEADERS_MAX = 64,
    DEAD_LETTER_HEADER_BYTES_MAX = 128 * 1024,
};

/** Zero-initialise but for the first four. */
struct dead_letters {
    const char *service, *bootstrap_servers;
    const struct category *category;
    size_t value_max;
    struct kafka_producer *producer;
    int partitions; /* of the dead letter topic */
    int sent, failed;
    struct error last;
};

/** What is sent: a record of the topic, or an event of the store. */
struct dead_letter {
    const struct kafka_message *message; /* or NULL */
    const struct event_record *event;    /* or NULL: not even that */
    const char *reason;
};

/** Queues a letter; copies it. */
int dead_letter_send(struct dead_letters *letters, const struct dead_letter *letter,
                     struct error *err) WARN_UNUSED;

/** Waits until all letters since the last call are in the log of their topic. After -1 each of them
 * may be there or not: they must be sent again. */
int dead_letters_confirm(struct dead_letters *letters, struct error *err) WARN_UNUSED;

void dead_letters_close(struct dead_letters *letters);

#endif

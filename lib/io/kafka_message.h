/* A record taken from a topic, with its headers.
 * Owner: lib/io. Thread: one at a time; a message may be freed on another thread than it was
 * polled.
 */
#ifndef CARTWRIGHT_IO_KAFKA_MESSAGE_H
#define CARTWRIGHT_IO_KAFKA_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct kafka_header {
    const char *name; /* NUL-terminated */
    struct slice value;
};

/** Slices point into memory of the message: valid until kafka_message_free. */
struct kafka_message {
    int partition;
    int64_t offset;
    struct slice key, value; /* data is NULL when there is none */
    int64_t timestamp_ms;    /* wall clock of the record; -1: none */
    void *handle;            /* the client library's message; NULL: made by hand, as tests do */
    const struct kafka_header *headers; /* of one made by hand */
    size_t header_count;
};

/** The last header of that name; data is NULL when its value is null. False: no such header. */
bool kafka_message_header(const struct kafka_message *message, const char *name,
                          struct slice *ret_value);

/** Headers one by one, index from 0, in the order they were written; false after the last. */
bool kafka_message_header_at(const struct kafka_message *message, size_t index,
                             const char **ret_name, struct slice *ret_value);

/** Gives the memory of the headers back; what they told is void. Asked again, they are read again.
 */
void kafka_message_forget_headers(const struct kafka_message *message);

/** Gives the memory back and zeroes *message; fine on a zeroed one. Must be called before the
 * consumer is closed. */
void kafka_message_free(struct kafka_message *message);

#endif

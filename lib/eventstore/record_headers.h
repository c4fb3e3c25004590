/* An event as a Kafka record: CloudEvents 1.0 in binary mode. Written by the relay, read by every
 * consumer. Source: CloudEvents 1.0 and its Kafka protocol binding; W3C trace context.
 * Owner: lib/eventstore. Thread: any; a struct record_headers belongs to one.
 *
 * key = stream id, value = payload, partition = the event's partition, timestamp = recorded_at.
 */
#ifndef CARTWRIGHT_EVENTSTORE_RECORD_HEADERS_H
#define CARTWRIGHT_EVENTSTORE_RECORD_HEADERS_H

#include "base/clock.h"
#include "base/error.h"
#include "eventstore/category.h"
#include "eventstore/event_record.h"
#include "io/kafka_message.h"
#include "io/kafka_producer.h"

#define RECORD_SPEC_VERSION "ce_specversion"
#define RECORD_EVENT_ID "ce_id"
#define RECORD_SOURCE "ce_source"
#define RECORD_TYPE "ce_type"       /* package.type */
#define RECORD_TIME "ce_time"       /* RFC 3339, microseconds, UTC */
#define RECORD_SUBJECT "ce_subject" /* stream id */
#define RECORD_CONTENT_TYPE "content-type"
#define RECORD_PARTITION_KEY "partitionkey" /* stream id */
#define RECORD_VERSION "version"            /* in the stream */
#define RECORD_POSITION "position"          /* in the partition */
#define RECORD_CORRELATION_ID "correlationid"
#define RECORD_CAUSATION_ID "causationid"
#define RECORD_TRACEPARENT "traceparent"

enum { RECORD_HEADER_COUNT = 13, TRACEPARENT_TEXT_SIZE = 56 };

/** The headers of one event and the memory of their texts; written again and again without
 * allocating. Zero-initialise; record_headers_free. */
struct record_headers {
    struct kafka_header headers[RECORD_HEADER_COUNT];
    struct buf type;
    char event_id[UUID_TEXT_SIZE];
    char correlation_id[UUID_TEXT_SIZE];
    char causation_id[UUID_TEXT_SIZE];
    char time[CLOCK_TEXT_SIZE];
    char version[12], position[21];
    char traceparent[TRACEPARENT_TEXT_SIZE];
};

void record_headers_free(struct record_headers *headers);

/** Names of event types that a reader has seen, so that an event can keep its type when the
 * record's headers are given back. Zero-initialise. */
enum { RECORD_TYPES_MAX = 32, RECORD_TYPE_MAX = 48 };
struct record_types {
    struct {
        char text[RECORD_TYPE_MAX];
        size_t length;
    } names[RECORD_TYPES_MAX];
    size_t count;
};

/** The record of an event; it points into headers, event and category, all of which must stay until
 * it is sent. opaque is left NULL. */
struct kafka_record record_write(struct record_headers *headers, const struct category *category,
                                 const struct event_record *event);

/** What identifies a record as an event of ours: position > 0 and a well-formed event id. */
int record_identity(const struct kafka_message *message, int64_t *ret_position,
                    struct uuid *ret_event_id) WARN_UNUSED;

/** The whole event; slices point into the message, type (without the package) into types or the
 * message, actor is empty (it is in the payload). Of a header that is there twice the last one
 * counts. The headers' memory is given back where types has room: a batch of records would keep a
 * dozen allocations for each. -1 with a permanent error that names the header for a record that no
 * relay of this category has written. */
int record_read(const struct category *category, struct record_types *types,
                const struct kafka_message *message, struct error *err,
                struct event_record *ret_event) WARN_UNUSED;

/** 00-<trace id>-<span id: the last eight bytes of causation_id>-<flags> */
void record_traceparent(const struct event_record *event, char text[TRACEPARENT_TEXT_SIZE]);

#endif

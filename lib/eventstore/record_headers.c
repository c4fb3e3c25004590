/* An event as a Kafka record: CloudEvents 1.0 in binary mode.
 * Owner: lib/eventstore. Thread: any.
 */
#include "eventstore/record_headers.h"

#include <string.h>

#include "base/hex.h"

void record_headers_free(struct record_headers *headers)
{
    buf_free(&headers->type);
}

/* Digits of a positive number; its length. snprintf would be a third of what a record costs us. */
static size_t format_int(int64_t value, char *text)
{
    char digits[20];
    size_t count = 0, length = 0;
    CHECK(value >= 0);
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count > 0)
        text[length++] = digits[--count];
    text[length] = '\0';
    return length;
}

void record_traceparent(const struct event_record *event, char text[TRACEPARENT_TEXT_SIZE])
{
    char *at = text;
    memcpy(at, "00-", 3);
    at = hex_write(event->correlation_id.bytes, 16, at + 3);
    *at++ = '-';
    at = hex_write(event->causation_id.bytes + 8, 8, at);
    *at++ = '-';
    at = hex_write(&event->trace_flags, 1, at);
    *at = '\0';
}

struct kafka_record record_write(struct record_headers *headers, const struct category *category,
                                 const struct event_record *event)
{
    struct kafka_header *header = headers->headers;
    buf_clear(&headers->type);
    buf_text(&headers->type, category->package);
    buf_char(&headers->type, '.');
    buf_append(&headers->type, event->type.data, event->type.len);
    uuid_format(&event->event_id, headers->event_id);
    uuid_format(&event->correlation_id, headers->correlation_id);
    uuid_format(&event->causation_id, headers->causation_id);
    clock_format(event->recorded_at_us, headers->time);
    size_t version_length = format_int(event->version, headers->version);
    size_t position_length = format_int(event->position, headers->position);
    record_traceparent(event, headers->traceparent);

    const struct slice id = {headers->event_id, UUID_TEXT_SIZE - 1};
    const struct slice correlation = {headers->correlation_id, UUID_TEXT_SIZE - 1};
    const struct slice causation = {headers->causation_id, UUID_TEXT_SIZE - 1};
    *header++ = (struct kafka_header){RECORD_SPEC_VERSION, {"1.0", 3}};
    *header++ = (struct kafka_header){RECORD_EVENT_ID, id};
    *header++ = (struct kafka_header){RECORD_SOURCE, slice_of(category->source)};
    *header++ = (struct kafka_header){RECORD_TYPE, buf_slice(&headers->type)};
    *header++ = (struct kafka_header){RECORD_TIME, {headers->time, CLOCK_TEXT_SIZE - 1}};
    *header++ = (struct kafka_header){RECORD_SUBJECT, event->stream_id};
    *header++ = (struct kafka_header){RECORD_CONTENT_TYPE, slice_of("application/protobuf")};
    *header++ = (struct kafka_header){RECORD_PARTITION_KEY, event->stream_id};
    *header++ = (struct kafka_header){RECORD_VERSION, {headers->version, version_length}};
    *header++ = (struct kafka_header){RECORD_POSITION, {headers->position, position_length}};
    *header++ = (struct kafka_header){RECORD_CORRELATION_ID, correlation};
    *header++ = (struct kafka_header){RECORD_CAUSATION_ID, causation};
    *header++ = (struct kafka_header){RECORD_TRACEPARENT,
                                      {headers->traceparent, TRACEPARENT_TEXT_SIZE - 1}};
    CHECK(header == headers->headers + RECORD_HEADER_COUNT);
    return (struct kafka_record){
        .partition = event->partition,
        .timestamp_ms = event->recorded_at_us / 1000,
        .key = event->stream_id,
        .value = event->payload,
        .headers = headers->headers,
        .header_count = RECORD_HEADER_COUNT,
    };
}

/* A positive decimal number without sign, blanks or leading zeros, at most max. */
static int parse_positive(struct slice text, int64_t max, int64_t *ret_value)
{
    int64_t value = 0;
    if (text.len == 0 || text.data[0] == '0')
        return -1;
    for (size_t i = 0; i < text.len; i++) {
        int digit = text.data[i] - '0';
        if (digit < 0 || digit > 9 || value > (max - digit) / 10)
            return -1;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return 0;
}

static int read_header(const struct kafka_message *message, const char *name, struct error *err,
                       struct slice *ret_value)
{
    if (!kafka_message_header(message, name, ret_value) || ret_value->data == NULL)
        return error_set(err, ERROR_PERMANENT, "header %s is missing", name);
    return 0;
}

static int malformed(struct error *err, const char *name)
{
    return error_set(err, ERROR_PERMANENT, "header %s is malformed", name);
}

static int read_uuid(const struct kafka_message *message, const char *name, struct error *err,
                     struct uuid *ret_uuid)
{
    struct slice text;
    if (read_header(message, name, err, &text) != 0)
        return -1;
    return uuid_parse(text.data, text.len, ret_uuid) == 0 ? 0 : malformed(err, name);
}

static int read_positive(const struct kafka_message *message, const char *name, int64_t max,
                         struct error *err, int64_t *ret_value)
{
    struct slice text;
    if (read_header(message, name, err, &text) != 0)
        return -1;
    return parse_positive(text, max, ret_value) == 0 ? 0 : malformed(err, name);
}

int record_identity(const struct kafka_message *message, int64_t *ret_position,
                    struct uuid *ret_event_id)
{
    int64_t position;
    struct uuid event_id;
    if (read_positive(message, RECORD_POSITION, INT64_MAX, NULL, &position) != 0 ||
        read_uuid(message, RECORD_EVENT_ID, NULL, &event_id) != 0)
        return -1;
    *ret_position = position;
    *ret_event_id = event_id;
    return 0;
}

static int read_type(const struct category *category, const struct kafka_message *message,
                     struct error *err, struct slice *ret_type)
{
    struct slice text;
    size_t prefix = strlen(category->package) + 1;
    if (read_header(message, RECORD_TYPE, err, &text) != 0)
        return -1;
    if (text.len <= prefix || memcmp(text.data, category->package, prefix - 1) != 0 ||
        text.data[prefix - 1] != '.')
        return error_set(err, ERROR_PERMANENT, "header " RECORD_TYPE " is not of %s",
                         category->package);
    *ret_type = (struct slice){text.data + prefix, text.len - prefix};
    return 0;
}

static int read_subject(const struct kafka_message *message, struct error *err,
                        struct slice *ret_stream_id)
{
    struct slice text;
    if (read_header(message, RECORD_SUBJECT, err, &text) != 0)
        return -1;
    if (text.len == 0 || !slice_equal(text, message->key))
        return error_set(err, ERROR_PERMANENT, "header " RECORD_SUBJECT " is not the key");
    *ret_stream_id = text;
    return 0;
}

static int read_time(const struct kafka_message *message, struct error *err, int64_t *ret_us)
{
    struct slice text;
    if (read_header(message, RECORD_TIME, err, &text) != 0)
        return -1;
    return clock_parse(text.data, text.len, ret_us) == 0 ? 0 : malformed(err, RECORD_TIME);
}

static int read_flags(const struct kafka_message *message, struct error *err, uint8_t *ret_flags)
{
    struct slice text;
    if (read_header(message, RECORD_TRACEPARENT, err, &text) != 0)
        return -1;
    if (text.len != TRACEPARENT_TEXT_SIZE - 1 || !hex_read(text.data + 53, 1, ret_flags))
        return malformed(err, RECORD_TRACEPARENT);
    return 0;
}

int record_read(const struct category *category, const struct kafka_message *message,
                struct error *err, struct event_record *ret_event)
{
    struct event_record event = {.partition = message->partition, .payload = message->value};
    int64_t version = 0;
    if (read_positive(message, RECORD_POSITION, INT64_MAX, err, &event.position) != 0 ||
        read_uuid(message, RECORD_EVENT_ID, err, &event.event_id) != 0 ||
        read_type(category, message, err, &event.type) != 0 ||
        read_subject(message, err, &event.stream_id) != 0 ||
        read_positive(message, RECORD_VERSION, INT32_MAX, err, &version) != 0 ||
        read_uuid(message, RECORD_CORRELATION_ID, err, &event.correlation_id) != 0 ||
        read_uuid(message, RECORD_CAUSATION_ID, err, &event.causation_id) != 0 ||
        read_time(message, err, &event.recorded_at_us) != 0 ||
        read_flags(message, err, &event.trace_flags) != 0)
        return -1;
    event.version = (int32_t)version;
    *ret_event = event;
    return 0;
}

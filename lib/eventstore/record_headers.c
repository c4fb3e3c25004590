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

/* ---- reading */

struct reading {
    const struct category *category;
    const struct kafka_message *message;
    struct event_record *event;
    int64_t version;
};

static int read_position(struct reading *reading, struct slice text)
{
    return parse_positive(text, INT64_MAX, &reading->event->position);
}

static int read_event_id(struct reading *reading, struct slice text)
{
    return uuid_parse(text.data, text.len, &reading->event->event_id);
}

static int read_type(struct reading *reading, struct slice text)
{
    const char *package = reading->category->package;
    size_t prefix = strlen(package) + 1;
    if (text.len <= prefix || memcmp(text.data, package, prefix - 1) != 0 ||
        text.data[prefix - 1] != '.')
        return -1;
    reading->event->type = (struct slice){text.data + prefix, text.len - prefix};
    return 0;
}

static int read_subject(struct reading *reading, struct slice text)
{
    reading->event->stream_id = reading->message->key;
    return text.len > 0 && slice_equal(text, reading->message->key) ? 0 : -1;
}

static int read_version(struct reading *reading, struct slice text)
{
    return parse_positive(text, INT32_MAX, &reading->version);
}

static int read_correlation_id(struct reading *reading, struct slice text)
{
    return uuid_parse(text.data, text.len, &reading->event->correlation_id);
}

static int read_causation_id(struct reading *reading, struct slice text)
{
    return uuid_parse(text.data, text.len, &reading->event->causation_id);
}

static int read_time(struct reading *reading, struct slice text)
{
    return clock_parse(text.data, text.len, &reading->event->recorded_at_us);
}

static int read_flags(struct reading *reading, struct slice text)
{
    return text.len == TRACEPARENT_TEXT_SIZE - 1 &&
                   hex_read(text.data + 53, 1, &reading->event->trace_flags)
               ? 0
               : -1;
}

/* What a record has, in the order in which record_write writes it, and what it must have for us. */
static const struct field {
    const char *name;
    int (*read)(struct reading *reading, struct slice text); /* NULL: tells us nothing */
    const char *wrong;
} fields[RECORD_HEADER_COUNT] = {
    {RECORD_SPEC_VERSION, NULL, NULL},
    {RECORD_EVENT_ID, read_event_id, "is malformed"},
    {RECORD_SOURCE, NULL, NULL},
    {RECORD_TYPE, read_type, "is not of this category"},
    {RECORD_TIME, read_time, "is malformed"},
    {RECORD_SUBJECT, read_subject, "is not the key"},
    {RECORD_CONTENT_TYPE, NULL, NULL},
    {RECORD_PARTITION_KEY, NULL, NULL},
    {RECORD_VERSION, read_version, "is malformed"},
    {RECORD_POSITION, read_position, "is malformed"},
    {RECORD_CORRELATION_ID, read_correlation_id, "is malformed"},
    {RECORD_CAUSATION_ID, read_causation_id, "is malformed"},
    {RECORD_TRACEPARENT, read_flags, "is malformed"},
};

/* The field of that name, looked for from the one after the last found; past the last: none. */
static size_t find_field(const char *name, size_t expected)
{
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        size_t at = (expected + i) % ARRAY_SIZE(fields);
        if (strcmp(fields[at].name, name) == 0)
            return at;
    }
    return ARRAY_SIZE(fields);
}

/* One pass: asking by name would compare each name with each header. */
static void collect(const struct kafka_message *message, struct slice *values)
{
    const char *name;
    struct slice value;
    size_t next = 0;
    for (size_t i = 0; kafka_message_header_at(message, i, &name, &value); i++) {
        size_t found = find_field(name, next);
        if (found == ARRAY_SIZE(fields))
            continue;
        values[found] = value;
        next = (found + 1) % ARRAY_SIZE(fields);
    }
}

/* The same text in types; its data is NULL when there is no room. */
static struct slice keep_type(struct record_types *types, struct slice type)
{
    for (size_t i = 0; i < types->count; i++) {
        struct slice known = {types->names[i].text, types->names[i].length};
        if (slice_equal(known, type))
            return known;
    }
    if (types->count == RECORD_TYPES_MAX || type.len > RECORD_TYPE_MAX)
        return (struct slice){0};
    size_t new = types->count++;
    memcpy(types->names[new].text, type.data, type.len);
    types->names[new].length = type.len;
    return (struct slice){types->names[new].text, type.len};
}

int record_identity(const struct kafka_message *message, int64_t *ret_position,
                    struct uuid *ret_event_id)
{
    struct slice position, event_id;
    return kafka_message_header(message, RECORD_POSITION, &position) &&
                   kafka_message_header(message, RECORD_EVENT_ID, &event_id) &&
                   parse_positive(position, INT64_MAX, ret_position) == 0 &&
                   uuid_parse(event_id.data, event_id.len, ret_event_id) == 0
               ? 0
               : -1;
}

int record_read(const struct category *category, struct record_types *types,
                const struct kafka_message *message, struct error *err,
                struct event_record *ret_event)
{
    struct event_record event = {.partition = message->partition, .payload = message->value};
    struct reading reading = {.category = category, .message = message, .event = &event};
    struct slice values[ARRAY_SIZE(fields)] = {0};
    collect(message, values);
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        if (fields[i].read == NULL)
            continue;
        if (values[i].data == NULL)
            return error_set(err, ERROR_PERMANENT, "header %s is missing", fields[i].name);
        if (fields[i].read(&reading, values[i]) != 0)
            return error_set(err, ERROR_PERMANENT, "header %s %s", fields[i].name, fields[i].wrong);
    }
    event.version = (int32_t)reading.version;
    struct slice kept = keep_type(types, event.type);
    if (kept.data != NULL) {
        event.type = kept;
        kafka_message_forget_headers(message);
    }
    *ret_event = event;
    return 0;
}

/* An event survives the way through a record's headers, and what is not ours is told apart. */
#include "eventstore/record_headers.h"

#include <stdio.h>

#include "tests/unit/test.h"

static const struct category category = {
    .name = "cart",
    .topic = "cart.events",
    .package = "cartwright.cart.v1",
    .source = "/cartwright/cart",
    .partitions = 16,
};

static struct event_record sample(void)
{
    struct event_record event = {
        .partition = 3,
        .position = 9223372036854775807,
        .stream_id = slice_of("cart-1"),
        .version = 2147483647,
        .type = slice_of("ItemAdded"),
        .payload = {"\0\1\2", 3},
        .trace_flags = 1,
        .recorded_at_us = 1795262400123456,
    };
    for (uint8_t i = 0; i < 16; i++) {
        event.event_id.bytes[i] = i;
        event.correlation_id.bytes[i] = (uint8_t)(0x10 + i);
        event.causation_id.bytes[i] = (uint8_t)(0xf0 + i);
    }
    return event;
}

static struct kafka_message as_message(const struct kafka_record *record)
{
    return (struct kafka_message){
        .partition = record->partition,
        .key = record->key,
        .value = record->value,
        .headers = record->headers,
        .header_count = record->header_count,
    };
}

static void writes_what_the_contract_says(void **state)
{
    static const struct kafka_header expected[RECORD_HEADER_COUNT] = {
        {"ce_specversion", {"1.0", 3}},
        {"ce_id", {"00010203-0405-0607-0809-0a0b0c0d0e0f", 36}},
        {"ce_source", {"/cartwright/cart", 16}},
        {"ce_type", {"cartwright.cart.v1.ItemAdded", 28}},
        {"ce_time", {"2026-11-21T12:00:00.123456Z", 27}},
        {"ce_subject", {"cart-1", 6}},
        {"content-type", {"application/protobuf", 20}},
        {"partitionkey", {"cart-1", 6}},
        {"version", {"2147483647", 10}},
        {"position", {"9223372036854775807", 19}},
        {"correlationid", {"10111213-1415-1617-1819-1a1b1c1d1e1f", 36}},
        {"causationid", {"f0f1f2f3-f4f5-f6f7-f8f9-fafbfcfdfeff", 36}},
        {"traceparent", {"00-101112131415161718191a1b1c1d1e1f-f8f9fafbfcfdfeff-01", 55}},
    };
    struct record_headers headers = {0};
    struct event_record event = sample();
    struct kafka_record record = record_write(&headers, &category, &event);
    (void)state;
    assert_int_equal(record.partition, 3);
    assert_int_equal(record.timestamp_ms, 1795262400123);
    assert_slice(record.key, "cart-1");
    assert_int_equal(record.value.len, 3);
    assert_int_equal(record.header_count, RECORD_HEADER_COUNT);
    for (size_t i = 0; i < RECORD_HEADER_COUNT; i++) {
        assert_string_equal(record.headers[i].name, expected[i].name);
        assert_int_equal(record.headers[i].value.len, expected[i].value.len);
        assert_memory_equal(record.headers[i].value.data, expected[i].value.data,
                            expected[i].value.len);
    }
    record_headers_free(&headers);
}

static void reads_what_it_wrote(void **state)
{
    struct record_types types = {0};
    struct record_headers headers = {0};
    struct event_record event = sample(), read;
    struct kafka_record record = record_write(&headers, &category, &event);
    struct kafka_message message = as_message(&record);
    struct error err;
    (void)state;
    assert_int_equal(record_read(&category, &types, &message, &err, &read), 0);
    assert_int_equal(read.partition, event.partition);
    assert_int_equal(read.position, event.position);
    assert_int_equal(read.version, event.version);
    assert_int_equal(read.recorded_at_us, event.recorded_at_us);
    assert_int_equal(read.trace_flags, event.trace_flags);
    assert_true(uuid_equal(&read.event_id, &event.event_id));
    assert_true(uuid_equal(&read.correlation_id, &event.correlation_id));
    assert_true(uuid_equal(&read.causation_id, &event.causation_id));
    assert_slice(read.type, "ItemAdded");
    assert_slice(read.stream_id, "cart-1");
    assert_true(slice_equal(read.payload, event.payload));
    record_headers_free(&headers);
}

/* The same memory for the next event: nothing of the one before is left. */
static void writes_again_and_again(void **state)
{
    struct record_headers headers = {0};
    struct event_record event = sample();
    struct slice value;
    (void)state;
    record_write(&headers, &category, &event);
    event.position = 7;
    event.version = 1;
    event.type = slice_of("X");
    struct kafka_record record = record_write(&headers, &category, &event);
    struct kafka_message message = as_message(&record);
    assert_true(kafka_message_header(&message, RECORD_POSITION, &value));
    assert_slice(value, "7");
    assert_true(kafka_message_header(&message, RECORD_VERSION, &value));
    assert_slice(value, "1");
    assert_true(kafka_message_header(&message, RECORD_TYPE, &value));
    assert_slice(value, "cartwright.cart.v1.X");
    record_headers_free(&headers);
}

static int read_with(const char *name, struct slice value, struct error *err)
{
    struct record_types types = {0};
    struct record_headers headers = {0};
    struct event_record event = sample();
    struct kafka_record record = record_write(&headers, &category, &event);
    struct kafka_message message = as_message(&record);
    for (size_t i = 0; i < RECORD_HEADER_COUNT; i++) {
        if (strcmp(headers.headers[i].name, name) == 0)
            headers.headers[i].value = value;
    }
    int rc = record_read(&category, &types, &message, err, &event);
    record_headers_free(&headers);
    return rc;
}

static void refuses_what_no_relay_wrote(void **state)
{
    static const struct kafka_header cases[] = {
        {RECORD_POSITION, {"", 0}},
        {RECORD_POSITION, {"0", 1}},
        {RECORD_POSITION, {"01", 2}},
        {RECORD_POSITION, {"-1", 2}},
        {RECORD_POSITION, {"+1", 2}},
        {RECORD_POSITION, {" 1", 2}},
        {RECORD_POSITION, {"1x", 2}},
        {RECORD_POSITION, {"1\0", 2}},
        {RECORD_POSITION, {"9223372036854775808", 19}},
        {RECORD_POSITION, {"99999999999999999999999", 23}},
        {RECORD_POSITION, {NULL, 0}},
        {RECORD_VERSION, {"2147483648", 10}},
        {RECORD_EVENT_ID, {"00010203-0405-0607-0809-0a0b0c0d0e0", 35}},
        {RECORD_EVENT_ID, {"", 0}},
        {RECORD_EVENT_ID, {NULL, 0}},
        {RECORD_CORRELATION_ID, {"x", 1}},
        {RECORD_CAUSATION_ID, {"x", 1}},
        {RECORD_TIME, {"yesterday", 9}},
        {RECORD_TYPE, {"cartwright.cart.v1.", 19}},
        {RECORD_TYPE, {"cartwright.cart.v1", 18}},
        {RECORD_TYPE, {"cartwright.cart.v2.ItemAdded", 28}},
        {RECORD_TYPE, {"", 0}},
        {RECORD_SUBJECT, {"cart-2", 6}},
        {RECORD_SUBJECT, {"", 0}},
        {RECORD_TRACEPARENT, {"00-1-2-01", 9}},
        {RECORD_TRACEPARENT, {"00-101112131415161718191a1b1c1d1e1f-f8f9fafbfcfdfeff-0G", 55}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct error err = {0};
        assert_int_equal(read_with(cases[i].name, cases[i].value, &err), -1);
        assert_int_equal(err.kind, ERROR_PERMANENT);
        assert_non_null(strstr(err.message, cases[i].name));
    }
}

static void names_a_missing_header(void **state)
{
    struct record_types types = {0};
    struct record_headers headers = {0};
    struct event_record event = sample();
    struct kafka_record record = record_write(&headers, &category, &event);
    struct kafka_message message = as_message(&record);
    struct error err;
    (void)state;
    message.header_count = 0;
    assert_int_equal(record_read(&category, &types, &message, &err, &event), -1);
    assert_string_equal(err.message, "header ce_id is missing");
    record_headers_free(&headers);
}

/* A type outlives the headers when there is room, and is right when there is none. */
static void keeps_types_while_there_is_room(void **state)
{
    struct record_headers headers = {0};
    struct record_types types = {0};
    struct event_record event = sample(), read;
    struct error err;
    char name[16];
    (void)state;
    for (size_t i = 0; i < 2 * RECORD_TYPES_MAX; i++) {
        snprintf(name, sizeof(name), "Type%zu", i % (RECORD_TYPES_MAX + 8));
        event.type = slice_of(name);
        struct kafka_record record = record_write(&headers, &category, &event);
        struct kafka_message message = as_message(&record);
        assert_int_equal(record_read(&category, &types, &message, &err, &read), 0);
        assert_slice(read.type, name);
        bool kept = read.type.data >= types.names[0].text &&
                    read.type.data < types.names[RECORD_TYPES_MAX - 1].text + RECORD_TYPE_MAX;
        assert_int_equal(kept, i % (RECORD_TYPES_MAX + 8) < RECORD_TYPES_MAX);
    }
    assert_int_equal(types.count, RECORD_TYPES_MAX);
    record_headers_free(&headers);
}

static void identifies_a_record_by_position_and_id(void **state)
{
    static const struct kafka_header headers[] = {
        {RECORD_EVENT_ID, {"00010203-0405-0607-0809-0a0b0c0d0e0f", 36}},
        {RECORD_POSITION, {"41", 2}},
        {RECORD_POSITION, {"42", 2}}, /* the last of a name counts */
    };
    struct kafka_message message = {.headers = headers, .header_count = ARRAY_SIZE(headers)};
    struct uuid event_id;
    int64_t position;
    (void)state;
    assert_int_equal(record_identity(&message, &position, &event_id), 0);
    assert_int_equal(position, 42);
    assert_int_equal(event_id.bytes[15], 15);
    message.header_count = 1;
    assert_int_equal(record_identity(&message, &position, &event_id), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_the_contract_says),
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(writes_again_and_again),
        cmocka_unit_test(refuses_what_no_relay_wrote),
        cmocka_unit_test(names_a_missing_header),
        cmocka_unit_test(keeps_types_while_there_is_room),
        cmocka_unit_test(identifies_a_record_by_position_and_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

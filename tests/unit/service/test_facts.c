/* Facts of one batch: streams once, versions in order, bytes that survive the buffer's growth. */
#include "service/facts.h"

#include "tests/unit/test.h"

static struct fact fact_of(const char *stream, int32_t version, const char *payload)
{
    return (struct fact){
        .stream_id = slice_of(stream),
        .version = version,
        .event_id = {{(uint8_t)version}},
        .type = "PaymentRequested",
        .payload = slice_of(payload),
        .actor = slice_of("billing"),
        .recorded_at_us = 1,
    };
}

static void a_stream_is_expected_where_its_first_fact_begins(void **state)
{
    struct facts facts = {.category = &category_payment};
    (void)state;
    const struct fact list[] = {fact_of("pay_1", 3, "x"), fact_of("pay_2", 1, "y"),
                                fact_of("pay_1", 4, "z")};
    for (size_t i = 0; i < ARRAY_SIZE(list); i++)
        facts_add(&facts, &list[i]);
    assert_int_equal(facts.batch.stream_count, 2);
    assert_int_equal(facts.batch.event_count, 3);
    assert_int_equal(facts.batch.streams[0].expected_version, 2);
    assert_int_equal(facts.batch.streams[0].first_event.bytes[0], 3);
    assert_int_equal(facts.batch.streams[1].expected_version, 0);
    assert_int_equal(facts.batch.events[2].stream, 0);
    assert_int_equal(facts.batch.events[2].record.partition, facts.batch.streams[0].partition);
    facts_free(&facts);
}

static void bytes_are_copied(void **state)
{
    struct facts facts = {.category = &category_payment};
    char stream[8] = "pay_1", payload[8] = "first";
    (void)state;
    struct fact fact = fact_of(stream, 1, payload);
    facts_add(&facts, &fact);
    memset(stream, 'x', 5);
    memset(payload, 'x', 5);
    for (int32_t i = 1; i < 1000; i++) {
        fact = fact_of("pay_9", i, "some other bytes");
        facts_add(&facts, &fact);
    }
    const struct append_event *event = &facts.batch.events[0];
    assert_true(slice_equal(event->record.stream_id, slice_of("pay_1")));
    assert_memory_equal(facts.batch.payloads.data + event->payload, "first", 5);
    facts_clear(&facts);
    assert_int_equal(facts.batch.event_count, 0);
    facts_add(&facts, &fact);
    assert_int_equal(facts.batch.streams[0].expected_version, 998);
    facts_free(&facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_is_expected_where_its_first_fact_begins),
        cmocka_unit_test(bytes_are_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

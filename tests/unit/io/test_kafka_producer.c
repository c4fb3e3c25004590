/* What a producer promises without a broker: bounds, errors of the right kind, an outcome for each
 * record. */
#include "io/kafka_producer.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tests/unit/test.h"

/* Nobody listens on port 1. The library's threads are C11 threads, which ThreadSanitizer does not
 * know. */
static const char nowhere[] = "127.0.0.1:1";

struct outcomes {
    int delivered, failed;
    void *last_opaque;
};

static void on_delivered(void *context, void *opaque, int partition, int64_t offset,
                         const struct error *err)
{
    struct outcomes *outcomes = context;
    (void)partition;
    (void)offset;
    outcomes->delivered += err == NULL;
    outcomes->failed += err != NULL;
    outcomes->last_opaque = opaque;
}

static struct kafka_producer *open_producer(struct outcomes *outcomes, int queue_messages)
{
    const struct kafka_producer_options options = {
        .bootstrap_servers = nowhere,
        .client_id = "test",
        .topic = "test",
        .queue_messages = queue_messages,
        .delivered = on_delivered,
        .context = outcomes,
    };
    struct kafka_producer *producer;
    struct error err;
    assert_int_equal(kafka_producer_open(&options, &err, &producer), 0);
    return producer;
}

static void purged_records_fail(void **state)
{
    struct outcomes outcomes = {0};
    struct kafka_producer *producer = open_producer(&outcomes, 0);
    const struct kafka_header header = {"name", {"value", 5}};
    struct kafka_record record = {
        .key = slice_of("key"), .value = slice_of("value"), .headers = &header, .header_count = 1};
    struct error err;
    (void)state;
    char marks[3];
    for (int i = 0; i < 3; i++) {
        record.opaque = &marks[i];
        assert_int_equal(kafka_producer_send(producer, &record, &err), 0);
    }
    assert_true(kafka_producer_in_flight(producer) >= 3);
    kafka_producer_purge(producer);
    int64_t deadline_us = clock_monotonic_us() + 10000000;
    while (outcomes.failed < 3 && clock_left_ms(deadline_us) > 0)
        kafka_producer_poll(producer, 100);
    assert_int_equal(outcomes.failed, 3);
    assert_int_equal(outcomes.delivered, 0);
    assert_ptr_equal(outcomes.last_opaque, &marks[2]);
    assert_true(kafka_producer_close(producer, 10000));
}

static void full_queue_is_retriable(void **state)
{
    struct outcomes outcomes = {0};
    struct kafka_producer *producer = open_producer(&outcomes, 2);
    const struct kafka_record record = {.value = slice_of("value")};
    struct error err;
    (void)state;
    assert_int_equal(kafka_producer_send(producer, &record, &err), 0);
    assert_int_equal(kafka_producer_send(producer, &record, &err), 0);
    assert_int_equal(kafka_producer_send(producer, &record, &err), -1);
    assert_int_equal(err.kind, ERROR_RETRIABLE);
    assert_true(kafka_producer_close(producer, 10000));
}

static void too_large_is_permanent(void **state)
{
    struct outcomes outcomes = {0};
    struct kafka_producer *producer = open_producer(&outcomes, 0);
    const size_t size = 5000000;
    char *large = mem_calloc(1, size);
    const struct kafka_record record = {.value = {large, size}};
    struct error err;
    (void)state;
    assert_int_equal(kafka_producer_send(producer, &record, &err), -1);
    assert_int_equal(err.kind, ERROR_PERMANENT);
    free(large);
    assert_true(kafka_producer_close(producer, 10000));
}

static void notices_that_nobody_answers(void **state)
{
    struct outcomes outcomes = {0};
    struct kafka_producer *producer = open_producer(&outcomes, 0);
    const struct kafka_record record = {.value = slice_of("value")};
    struct error err;
    (void)state;
    assert_int_equal(kafka_producer_send(producer, &record, &err), 0);
    int64_t deadline_us = clock_monotonic_us() + 10000000;
    while (kafka_producer_outages(producer) == 0 && clock_left_ms(deadline_us) > 0)
        kafka_producer_poll(producer, 100);
    assert_true(kafka_producer_outages(producer) > 0);
    assert_false(kafka_producer_fatal(producer, &err));
    assert_int_equal(kafka_producer_flush(producer, 10, &err), -1);
    assert_int_equal(err.kind, ERROR_RETRIABLE);
    /* close drops what is in flight and calls nobody */
    assert_true(kafka_producer_close(producer, 10000));
    assert_int_equal(outcomes.delivered + outcomes.failed, 0);
}

int main(void)
{
#ifdef __SANITIZE_THREAD__
    return 0;
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(purged_records_fail),
        cmocka_unit_test(full_queue_is_retriable),
        cmocka_unit_test(too_large_is_permanent),
        cmocka_unit_test(notices_that_nobody_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a consumer promises without a broker: no call outlasts its time-out, the reason can be
 * asked. */
#include "io/kafka_consumer.h"

#include "base/clock.h"
#include "tests/unit/test.h"

/* Nobody listens on port 1. The library's threads are C11 threads, which ThreadSanitizer does not
 * know. */
static const char nowhere[] = "127.0.0.1:1";

static void ignore_revoked(void *context, const int *partitions, size_t count, bool lost)
{
    (void)context;
    (void)partitions;
    (void)count;
    (void)lost;
    fail(); /* nothing was ever assigned */
}

static struct kafka_consumer *open_consumer(const char *group_id)
{
    const struct kafka_consumer_options options = {
        .bootstrap_servers = nowhere,
        .client_id = "test",
        .topic = "test",
        .group_id = group_id,
        .revoked = ignore_revoked,
    };
    struct kafka_consumer *consumer;
    struct error err;
    assert_int_equal(kafka_consumer_open(&options, &err, &consumer), 0);
    return consumer;
}

static void says_what_troubles_it(void **state)
{
    struct kafka_consumer *consumer = open_consumer(NULL);
    const struct kafka_start start = {0, 0};
    struct kafka_message message;
    struct error err;
    int64_t deadline_us = clock_monotonic_us() + 10000000;
    (void)state;
    assert_false(kafka_consumer_trouble(consumer, 1000, &err));
    assert_int_equal(kafka_consumer_assign(consumer, &start, 1, &err), 0);
    while (!kafka_consumer_trouble(consumer, 1000, &err) && clock_left_ms(deadline_us) > 0) {
        enum kafka_poll got = kafka_consumer_poll(consumer, 100, &err, &message);
        assert_true(got == KAFKA_POLL_NOTHING || got == KAFKA_POLL_ERROR);
    }
    assert_true(kafka_consumer_trouble(consumer, 1000, &err));
    assert_int_equal(err.kind, ERROR_RETRIABLE);
    assert_true(kafka_consumer_close(consumer, 10000));
}

static void watermarks_end_in_time(void **state)
{
    struct kafka_consumer *consumer = open_consumer(NULL);
    struct error err;
    int64_t low, high, begin_us = clock_monotonic_us();
    (void)state;
    assert_int_equal(kafka_consumer_watermarks(consumer, 0, 300, &err, &low, &high), -1);
    assert_int_equal(err.kind, ERROR_RETRIABLE);
    assert_true(clock_monotonic_us() - begin_us < 10000000);
    assert_false(kafka_consumer_last_watermarks(consumer, 0, &low, &high));
    assert_true(kafka_consumer_close(consumer, 10000));
}

static void commits_end_in_time(void **state)
{
    struct kafka_consumer *consumer = open_consumer("test");
    struct kafka_start offset = {0, 5};
    struct error err;
    int64_t begin_us = clock_monotonic_us();
    (void)state;
    assert_int_equal(kafka_consumer_commit(consumer, &offset, 1, 300, &err), -1);
    assert_int_equal(err.kind, ERROR_RETRIABLE);
    assert_int_equal(kafka_consumer_committed(consumer, &offset, 1, 300, &err), -1);
    assert_int_equal(err.kind, ERROR_RETRIABLE);
    assert_true(clock_monotonic_us() - begin_us < 10000000);
    begin_us = clock_monotonic_us();
    kafka_consumer_close(consumer, 100); /* a commit is still waiting for a coordinator */
    assert_true(clock_monotonic_us() - begin_us < 5000000);
}

static void only_assigned_partitions_can_be_moved(void **state)
{
    struct kafka_consumer *consumer = open_consumer(NULL);
    struct error err;
    (void)state;
    assert_int_equal(kafka_consumer_seek(consumer, 3, 0, 100, &err), -1);
    assert_int_equal(kafka_consumer_pause(consumer, 3, &err), -1);
    assert_int_equal(kafka_consumer_resume(consumer, -1, &err), -1);
    assert_true(kafka_consumer_close(consumer, 10000));
}

int main(void)
{
#ifdef __SANITIZE_THREAD__
    return 0;
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_troubles_it),
        cmocka_unit_test(watermarks_end_in_time),
        cmocka_unit_test(commits_end_in_time),
        cmocka_unit_test(only_assigned_partitions_can_be_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a kafka_consumer asks and tells the broker about offsets, with deadlines.
 * Owner: lib/io. Thread: the consumer's.
 */
#include "base/clock.h"
#include "io/kafka_consumer_internal.h"

static rd_kafka_topic_partition_list_t *list_of(const struct kafka_consumer *consumer,
                                                const struct kafka_start *offsets, size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, consumer->topic, offsets[i].partition)->offset =
            offsets[i].offset;
    return list;
}

/* The broker answers for each partition; the first refusal counts. */
static rd_kafka_resp_err_t first_failure(rd_kafka_resp_err_t code,
                                         const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; code == RD_KAFKA_RESP_ERR_NO_ERROR && list != NULL && i < list->cnt; i++)
        code = list->elems[i].err;
    return code;
}

int kafka_consumer_commit(struct kafka_consumer *consumer, const struct kafka_start *offsets,
                          size_t count, int timeout_ms, struct error *err)
{
    if (count == 0)
        return 0;
    /* rd_kafka_commit waits without a bound; on a queue of our own the wait is ours. An answer that
     * comes too late finds no queue and is dropped. */
    rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer->client);
    rd_kafka_topic_partition_list_t *list = list_of(consumer, offsets, count);
    rd_kafka_resp_err_t code = rd_kafka_commit_queue(consumer->client, list, queue, NULL, NULL);
    rd_kafka_topic_partition_list_destroy(list);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, timeout_ms);
        code = RD_KAFKA_RESP_ERR__TIMED_OUT;
        if (event != NULL && rd_kafka_event_type(event) == RD_KAFKA_EVENT_OFFSET_COMMIT)
            code = first_failure(rd_kafka_event_error(event),
                                 rd_kafka_event_topic_partition_list(event));
        if (event != NULL)
            rd_kafka_event_destroy(event);
    }
    rd_kafka_queue_destroy(queue);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_fail(err, code, "commit");
}

int kafka_consumer_commit_async(struct kafka_consumer *consumer, const struct kafka_start *offsets,
                                size_t count, struct error *err)
{
    if (count == 0)
        return 0;
    rd_kafka_topic_partition_list_t *list = list_of(consumer, offsets, count);
    rd_kafka_resp_err_t code = rd_kafka_commit(consumer->client, list, 1);
    rd_kafka_topic_partition_list_destroy(list);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_fail(err, code, "commit");
}

int kafka_consumer_committed(struct kafka_consumer *consumer, struct kafka_start *offsets,
                             size_t count, int timeout_ms, struct error *err)
{
    rd_kafka_topic_partition_list_t *list = list_of(consumer, offsets, count);
    rd_kafka_resp_err_t code =
        first_failure(rd_kafka_committed(consumer->client, list, timeout_ms), list);
    for (size_t i = 0; code == RD_KAFKA_RESP_ERR_NO_ERROR && i < count; i++) {
        int64_t offset = list->elems[i].offset;
        offsets[i].offset = offset >= 0 ? offset : KAFKA_OFFSET_COMMITTED;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_fail(err, code, "committed offsets");
}

/* Every answer to a fetch brings both watermarks. Offset 0 needs no look-up and is mostly there;
 * where it was deleted, the end is. */
static int watermarks_of(struct kafka_consumer *reader, int partition, int64_t deadline_us,
                         struct error *err, int64_t *ret_low, int64_t *ret_high)
{
    struct kafka_start start = {partition, 0};
    struct error last = {.kind = ERROR_RETRIABLE, .message = "no answer from the broker in time"};
    if (kafka_consumer_assign(reader, &start, 1, err) != 0)
        return -1;
    while (clock_left_ms(deadline_us) > 0) {
        struct kafka_message message = {0};
        enum kafka_poll got =
            kafka_consumer_poll(reader, clock_left_ms(deadline_us), &last, &message);
        kafka_message_free(&message);
        if (got == KAFKA_POLL_OUT_OF_RANGE) {
            start.offset = KAFKA_OFFSET_END;
            if (kafka_consumer_assign(reader, &start, 1, err) != 0)
                return -1;
        } else if ((got == KAFKA_POLL_MESSAGE || got == KAFKA_POLL_END) &&
                   kafka_consumer_last_watermarks(reader, partition, ret_low, ret_high)) {
            return 0;
        }
    }
    kafka_consumer_trouble(reader, 60000, &last);
    return error_set(err, ERROR_RETRIABLE, "%s", last.message);
}

/* rd_kafka_query_watermark_offsets would be the call, but it waits without a bound for a leader
 * that is away (its time-out covers the metadata only): the question is put as an ordinary,
 * asynchronous fetch. */
int kafka_consumer_watermarks(struct kafka_consumer *consumer, int partition, int timeout_ms,
                              struct error *err, int64_t *ret_low, int64_t *ret_high)
{
    const struct kafka_consumer_options options = {
        .bootstrap_servers = consumer->bootstrap_servers,
        .client_id = consumer->client_id,
        .topic = consumer->topic,
        .fetch_bytes = 1024, /* a batch comes in any case */
        .fetch_wait_ms = 10,
        .report_end = true,
    };
    int64_t deadline_us = clock_monotonic_us() + (int64_t)timeout_ms * 1000;
    struct kafka_consumer *reader;
    if (kafka_consumer_open(&options, err, &reader) != 0)
        return -1;
    int result = watermarks_of(reader, partition, deadline_us, err, ret_low, ret_high);
    kafka_consumer_close(reader, 1000);
    return result == 0 ? 0 : error_prefix(err, "watermarks of partition %d", partition);
}

/* A partition of which more is known to be there than was polled; -1: none. */
static int find_behind(struct kafka_consumer *consumer)
{
    for (int i = 0; i < consumer->assignment.count; i++) {
        const struct kafka_place *place = &consumer->assignment.places[i];
        int64_t low, high;
        if (place->assigned && !place->held && !place->paused &&
            kafka_consumer_last_watermarks(consumer, i, &low, &high) && place->next >= 0 &&
            place->next < high)
            return i;
    }
    return -1;
}

void kafka_consumer_fetch_now(struct kafka_consumer *consumer, int timeout_ms)
{
    const struct kafka_start end = {find_behind(consumer),
                                    KAFKA_OFFSET_END}; /* of the latest time */
    if (end.partition < 0)
        return;
    rd_kafka_topic_partition_list_t *list = list_of(consumer, &end, 1);
    rd_kafka_resp_err_t ignored = rd_kafka_offsets_for_times(consumer->client, list, timeout_ms);
    (void)ignored;
    rd_kafka_topic_partition_list_destroy(list);
}

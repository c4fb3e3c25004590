/* Reads one topic: as a member of a group, or partitions that the owner names.
 * Owner: lib/io. Thread: all calls from one thread.
 */
#include "io/kafka_consumer.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "io/kafka_consumer_internal.h"

static void on_error(rd_kafka_t *client, int code, const char *reason, void *opaque)
{
    struct kafka_consumer *consumer = opaque;
    (void)client;
    kafka_trouble_note(&consumer->trouble, (rd_kafka_resp_err_t)code, reason);
}

static void on_commit(rd_kafka_t *client, rd_kafka_resp_err_t code,
                      rd_kafka_topic_partition_list_t *offsets, void *opaque)
{
    struct kafka_consumer *consumer = opaque;
    (void)client;
    (void)offsets;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR__NO_OFFSET)
        kafka_trouble_note(&consumer->trouble, code, "commit");
}

static void give(struct kafka_consumer *consumer, const rd_kafka_topic_partition_list_t *partitions)
{
    size_t count = (size_t)partitions->cnt;
    struct kafka_start *starts = mem_calloc(count + 1, sizeof(*starts));
    struct error err;
    for (size_t i = 0; i < count; i++)
        starts[i] = (struct kafka_start){partitions->elems[i].partition, KAFKA_OFFSET_COMMITTED};
    if (consumer->assigned != NULL)
        consumer->assigned(consumer->context, starts, count);
    if (kafka_assignment_set(&consumer->assignment, consumer->client, consumer->topic, starts,
                             count, &err) != 0) {
        consumer->trouble.error = err;
        consumer->trouble.at_us = clock_monotonic_us();
    }
    free(starts);
}

/* Tells the owner; what is assigned at the client stays for the caller. */
static void announce_revoke(struct kafka_consumer *consumer, bool lost)
{
    int *partitions = mem_calloc((size_t)consumer->assignment.count + 1, sizeof(*partitions));
    size_t count = 0;
    for (int i = 0; i < consumer->assignment.count; i++) {
        if (consumer->assignment.places[i].assigned)
            partitions[count++] = i;
    }
    if (count > 0 && consumer->revoked != NULL)
        consumer->revoked(consumer->context, partitions, count, lost);
    free(partitions);
}

static void on_rebalance(rd_kafka_t *client, rd_kafka_resp_err_t code,
                         rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct kafka_consumer *consumer = opaque;
    if (atomic_load(&consumer->closing)) {
        rd_kafka_assign(client, NULL);
        return;
    }
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        give(consumer, partitions);
        return;
    }
    announce_revoke(consumer, rd_kafka_assignment_lost(client) != 0);
    kafka_assignment_clear(&consumer->assignment, client);
}

static int new_client(struct kafka_consumer *consumer, const struct kafka_consumer_options *options,
                      struct error *err)
{
    size_t prefetch = options->prefetch_bytes > 0 ? options->prefetch_bytes : 16u << 20;
    const struct kafka_property properties[] = {
        /* Without a group the name only keeps the library content. */
        {"group.id", options->group_id != NULL ? options->group_id : options->client_id, 0},
        {"partition.assignment.strategy", "range", 0},
        {"enable.auto.commit", "false", 0},
        {"enable.auto.offset.store", "false", 0},
        {"auto.offset.reset", "error", 0},
        {"session.timeout.ms", NULL,
         options->session_timeout_ms > 0 ? options->session_timeout_ms : 10000},
        {"heartbeat.interval.ms", NULL, 2000},
        {"max.poll.interval.ms", NULL,
         options->max_poll_interval_ms > 0 ? options->max_poll_interval_ms : 300000},
        {"queued.max.messages.kbytes", NULL, (int64_t)(prefetch / 1024)},
        {"queued.min.messages", NULL, 10000},
        {"fetch.message.max.bytes", NULL,
         options->fetch_bytes > 0 ? options->fetch_bytes : 1 << 20},
        /* Of all partitions: what one answer brings is in memory at once, whatever the queue's
           bound. */
        {"fetch.max.bytes", NULL, 4 << 20},
        {"fetch.wait.max.ms", NULL, options->fetch_wait_ms > 0 ? options->fetch_wait_ms : 500},
        {"fetch.min.bytes", NULL, options->fetch_min_bytes > 0 ? options->fetch_min_bytes : 1},
        {"fetch.error.backoff.ms", NULL, 100},
        {"enable.partition.eof", options->report_end ? "true" : "false", 0},
        {"check.crcs", "true", 0},
        {"group.instance.id", options->instance_id, 0},
    };
    size_t count = ARRAY_SIZE(properties) - (options->instance_id == NULL ? 1 : 0);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_opaque(conf, consumer);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
    return kafka_client_new(RD_KAFKA_CONSUMER, conf, options->bootstrap_servers, options->client_id,
                            properties, count, err, &consumer->client);
}

static void consumer_free(struct kafka_consumer *consumer)
{
    kafka_assignment_free(&consumer->assignment);
    free(consumer->topic);
    free(consumer->bootstrap_servers);
    free(consumer->client_id);
    free(consumer);
}

static int subscribe(struct kafka_consumer *consumer, struct error *err)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, consumer->topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(consumer->client, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_fail(err, code, "subscribe");
}

int kafka_consumer_open(const struct kafka_consumer_options *options, struct error *err,
                        struct kafka_consumer **ret_consumer)
{
    struct kafka_consumer *consumer = mem_calloc(1, sizeof(*consumer));
    consumer->topic = mem_strdup(options->topic);
    consumer->bootstrap_servers = mem_strdup(options->bootstrap_servers);
    consumer->client_id = mem_strdup(options->client_id);
    consumer->grouped = options->group_id != NULL;
    consumer->assigned = options->assigned;
    consumer->revoked = options->revoked;
    consumer->context = options->context;
    if (new_client(consumer, options, err) != 0) {
        consumer_free(consumer);
        return -1;
    }
    /* Errors, rebalances and messages come through one queue: rd_kafka_consumer_poll. */
    rd_kafka_poll_set_consumer(consumer->client);
    if (consumer->grouped && subscribe(consumer, err) != 0) {
        kafka_consumer_close(consumer, 5000);
        return -1;
    }
    *ret_consumer = consumer;
    return 0;
}

static void describe(rd_kafka_message_t *from, struct kafka_message *message)
{
    rd_kafka_timestamp_type_t type;
    *message = (struct kafka_message){
        .partition = from->partition,
        .offset = from->offset,
        .key = {from->key, from->key_len},
        .value = {from->payload, from->len},
        .timestamp_ms = rd_kafka_message_timestamp(from, &type),
        .handle = from,
    };
}

static enum kafka_poll judge_error(struct kafka_consumer *consumer, const rd_kafka_message_t *from,
                                   struct error *err, struct kafka_message *ret_message)
{
    struct kafka_place *place = kafka_assignment_find(&consumer->assignment, from->partition);
    bool of_partition = from->err == RD_KAFKA_RESP_ERR__PARTITION_EOF ||
                        from->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET;
    if (of_partition) {
        if (place == NULL || place->held)
            return KAFKA_POLL_NOTHING;
        *ret_message = (struct kafka_message){
            .partition = from->partition, .offset = from->offset, .timestamp_ms = -1};
        return from->err == RD_KAFKA_RESP_ERR__PARTITION_EOF ? KAFKA_POLL_END
                                                             : KAFKA_POLL_OUT_OF_RANGE;
    }
    const char *reason = rd_kafka_message_errstr(from);
    kafka_trouble_note(&consumer->trouble, from->err, reason != NULL ? reason : "");
    if (!kafka_client_fatal(consumer->client, err))
        *err = consumer->trouble.error;
    return KAFKA_POLL_ERROR;
}

enum kafka_poll kafka_consumer_poll(struct kafka_consumer *consumer, int timeout_ms,
                                    struct error *err, struct kafka_message *ret_message)
{
    rd_kafka_message_t *from = rd_kafka_consumer_poll(consumer->client, timeout_ms);
    if (from == NULL)
        return KAFKA_POLL_NOTHING;
    if (from->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        enum kafka_poll result = judge_error(consumer, from, err, ret_message);
        rd_kafka_message_destroy(from);
        return result;
    }
    struct kafka_place *place = kafka_assignment_find(&consumer->assignment, from->partition);
    if (place == NULL || place->held) {
        rd_kafka_message_destroy(from);
        return KAFKA_POLL_NOTHING;
    }
    place->next = from->offset + 1;
    describe(from, ret_message);
    return KAFKA_POLL_MESSAGE;
}

int kafka_consumer_assign(struct kafka_consumer *consumer, const struct kafka_start *starts,
                          size_t count, struct error *err)
{
    CHECK(!consumer->grouped);
    return kafka_assignment_set(&consumer->assignment, consumer->client, consumer->topic, starts,
                                count, err);
}

int kafka_consumer_seek(struct kafka_consumer *consumer, int partition, int64_t offset,
                        int timeout_ms, struct error *err)
{
    return kafka_assignment_seek(&consumer->assignment, consumer->client, consumer->topic,
                                 partition, offset, timeout_ms, err);
}

int kafka_consumer_pause(struct kafka_consumer *consumer, int partition, struct error *err)
{
    return kafka_assignment_pause(&consumer->assignment, consumer->client, consumer->topic,
                                  partition, true, err);
}

int kafka_consumer_resume(struct kafka_consumer *consumer, int partition, struct error *err)
{
    return kafka_assignment_pause(&consumer->assignment, consumer->client, consumer->topic,
                                  partition, false, err);
}

bool kafka_consumer_last_watermarks(struct kafka_consumer *consumer, int partition,
                                    int64_t *ret_low, int64_t *ret_high)
{
    int64_t low, high;
    if (rd_kafka_get_watermark_offsets(consumer->client, consumer->topic, partition, &low, &high) !=
            RD_KAFKA_RESP_ERR_NO_ERROR ||
        low < 0 || high < 0)
        return false;
    *ret_low = low;
    *ret_high = high;
    return true;
}

bool kafka_consumer_trouble(const struct kafka_consumer *consumer, int within_ms, struct error *err)
{
    const struct kafka_trouble *trouble = &consumer->trouble;
    if (trouble->at_us == 0 || clock_monotonic_us() - trouble->at_us > (int64_t)within_ms * 1000)
        return false;
    if (err != NULL)
        *err = trouble->error;
    return true;
}

static void destroy(void *argument)
{
    struct kafka_consumer *consumer = argument;
    /* Without a group there is nothing to leave, and nothing to wait for. */
    rd_kafka_destroy_flags(consumer->client,
                           consumer->grouped ? 0 : RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    consumer_free(consumer);
}

bool kafka_consumer_close(struct kafka_consumer *consumer, int timeout_ms)
{
    if (consumer == NULL)
        return true;
    if (consumer->grouped)
        announce_revoke(consumer, rd_kafka_assignment_lost(consumer->client) != 0);
    atomic_store(&consumer->closing, true);
    return kafka_run_bounded(destroy, consumer, timeout_ms);
}

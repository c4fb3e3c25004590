/* Topics: make them, look at them.
 * Owner: lib/io. Thread: any; calls block at most timeout_ms.
 */
#include "io/kafka_admin.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/memory.h"
#include "io/kafka_client.h"

/* An admin client is a producer that sends nothing. */
static int open_client(const char *bootstrap_servers, struct error *err, rd_kafka_t **ret_client)
{
    return kafka_client_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), bootstrap_servers,
                            "cartwright-admin", NULL, 0, err, ret_client);
}

static void destroy(void *argument)
{
    rd_kafka_destroy(argument);
}

static int count_partitions(rd_kafka_t *client, const char *topic, int64_t deadline_us,
                            struct error *err, int *ret_count)
{
    const rd_kafka_metadata_t *metadata;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
    if (handle == NULL)
        return kafka_fail(err, rd_kafka_last_error(), topic);
    rd_kafka_resp_err_t code =
        rd_kafka_metadata(client, 0, handle, &metadata, clock_left_ms(deadline_us));
    rd_kafka_topic_destroy(handle);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_fail(err, code, topic);
    CHECK(metadata->topic_cnt == 1);
    code = metadata->topics[0].err;
    int count = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        count = 0;
    else if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_fail(err, code, topic);
    *ret_count = count;
    return 0;
}

static rd_kafka_NewTopic_t *describe(const struct kafka_topic *topic, struct error *err)
{
    char reason[200];
    rd_kafka_NewTopic_t *wanted = rd_kafka_NewTopic_new(
        topic->name, topic->partitions, topic->replication > 0 ? topic->replication : -1, reason,
        sizeof(reason));
    if (wanted == NULL) {
        error_set(err, ERROR_PERMANENT, "topic %s: %s", topic->name, reason);
        return NULL;
    }
    for (size_t i = 0; i < topic->config_count; i++)
        rd_kafka_NewTopic_set_config(wanted, topic->configs[i].name, topic->configs[i].value);
    return wanted;
}

static int judge_creation(rd_kafka_event_t *event, struct error *err)
{
    size_t count;
    if (event == NULL)
        return error_set(err, ERROR_RETRIABLE, "no answer from the broker in time");
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_fail(err, rd_kafka_event_error(event), "create topics");
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
            return kafka_fail(err, code, rd_kafka_topic_result_name(results[i]));
    }
    return 0;
}

static int send_creation(rd_kafka_t *client, rd_kafka_NewTopic_t **wanted, size_t count,
                         int64_t deadline_us, struct error *err)
{
    char reason[200];
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    int left_ms = clock_left_ms(deadline_us);
    /* The request waits for a broker; the operation, until the topics are usable. */
    rd_kafka_AdminOptions_set_request_timeout(options, left_ms, reason, sizeof(reason));
    rd_kafka_AdminOptions_set_operation_timeout(options, left_ms, reason, sizeof(reason));
    rd_kafka_CreateTopics(client, wanted, count, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, left_ms);
    int result = judge_creation(event, err);
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_AdminOptions_destroy(options);
    return result;
}

/* Those of the topics that are missing now; -1 for one with another number of partitions. */
static int find_missing(rd_kafka_t *client, const struct kafka_topic *topics, size_t count,
                        int64_t deadline_us, struct error *err, rd_kafka_NewTopic_t **wanted,
                        size_t *wanted_count)
{
    for (size_t i = 0; i < count; i++) {
        int partitions = 0;
        if (count_partitions(client, topics[i].name, deadline_us, err, &partitions) != 0)
            return -1;
        if (partitions == topics[i].partitions)
            continue;
        if (partitions != 0)
            return error_set(err, ERROR_PERMANENT,
                             "topic %s has %d partitions, not %d: they are part of the stored "
                             "events and never change",
                             topics[i].name, partitions, topics[i].partitions);
        if ((wanted[*wanted_count] = describe(&topics[i], err)) == NULL)
            return -1;
        (*wanted_count)++;
    }
    return 0;
}

int kafka_admin_create_topics(const char *bootstrap_servers, const struct kafka_topic *topics,
                              size_t count, int timeout_ms, struct error *err)
{
    int64_t deadline_us = clock_monotonic_us() + (int64_t)timeout_ms * 1000;
    rd_kafka_NewTopic_t **wanted = mem_calloc(count + 1, sizeof(rd_kafka_NewTopic_t *));
    size_t wanted_count = 0;
    rd_kafka_t *client;
    int result = open_client(bootstrap_servers, err, &client);
    if (result == 0) {
        result = find_missing(client, topics, count, deadline_us, err, wanted, &wanted_count);
        if (result == 0 && wanted_count > 0)
            result = send_creation(client, wanted, wanted_count, deadline_us, err);
        kafka_run_bounded(destroy, client, 2000);
    }
    rd_kafka_NewTopic_destroy_array(wanted, wanted_count);
    free(wanted);
    return result;
}

int kafka_admin_partition_count(const char *bootstrap_servers, const char *topic, int timeout_ms,
                                struct error *err, int *ret_count)
{
    int64_t deadline_us = clock_monotonic_us() + (int64_t)timeout_ms * 1000;
    rd_kafka_t *client;
    if (open_client(bootstrap_servers, err, &client) != 0)
        return -1;
    int result = count_partitions(client, topic, deadline_us, err, ret_count);
    kafka_run_bounded(destroy, client, 2000);
    return result;
}

/* Writes records to one topic, idempotent and pipelined. Source: KIP-98 (idempotent producer).
 * Owner: lib/io. Thread: all calls from one thread.
 */
#include "io/kafka_producer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/kafka_client.h"

struct kafka_producer {
    rd_kafka_t *client;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *main_queue;
    int fd, outages;
    void (*delivered)(void *context, void *opaque, int partition, int64_t offset,
                      const struct error *err);
    void *context;
};

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    struct kafka_producer *producer = opaque;
    struct error err;
    (void)client;
    if (producer->delivered == NULL)
        return;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        kafka_fail(&err, message->err, "delivery");
    producer->delivered(producer->context, message->_private, message->partition, message->offset,
                        message->err != RD_KAFKA_RESP_ERR_NO_ERROR ? &err : NULL);
}

static void on_error(rd_kafka_t *client, int code, const char *reason, void *opaque)
{
    struct kafka_producer *producer = opaque;
    (void)client;
    (void)reason;
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        producer->outages++;
}

static int new_client(struct kafka_producer *producer, const struct kafka_producer_options *options,
                      struct error *err)
{
    const struct kafka_property properties[] = {
        {"enable.idempotence", "true", 0},
        {"acks", "all", 0},
        /* Unpacking is done once by the broker and once by each consumer: decision 0018. */
        {"compression.codec", "lz4", 0},
        {"linger.ms", NULL, options->linger_ms > 0 ? options->linger_ms : 1},
        {"message.timeout.ms", NULL, options->message_timeout_ms},
        {"queue.buffering.max.messages", NULL,
         options->queue_messages > 0 ? options->queue_messages : 100000},
        {"queue.buffering.max.kbytes", NULL,
         options->queue_kilobytes > 0 ? options->queue_kilobytes : 65536},
        {"partitioner", "murmur2_random", 0},
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_opaque(conf, producer);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
    return kafka_client_new(RD_KAFKA_PRODUCER, conf, options->bootstrap_servers, options->client_id,
                            properties, ARRAY_SIZE(properties), err, &producer->client);
}

int kafka_producer_open(const struct kafka_producer_options *options, struct error *err,
                        struct kafka_producer **ret_producer)
{
    static const uint64_t wake = 1;
    struct kafka_producer *producer = mem_calloc(1, sizeof(*producer));
    producer->delivered = options->delivered;
    producer->context = options->context;
    producer->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (producer->fd < 0) {
        free(producer);
        return error_set(err, ERROR_RETRIABLE, "eventfd: %m");
    }
    if (new_client(producer, options, err) != 0) {
        close(producer->fd);
        free(producer);
        return -1;
    }
    producer->topic = rd_kafka_topic_new(producer->client, options->topic, NULL);
    CHECK(producer->topic != NULL);
    producer->main_queue = rd_kafka_queue_get_main(producer->client);
    rd_kafka_queue_io_event_enable(producer->main_queue, producer->fd, &wake, sizeof(wake));
    *ret_producer = producer;
    return 0;
}

static rd_kafka_headers_t *copy_headers(const struct kafka_record *record)
{
    if (record->header_count == 0)
        return NULL;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);
    for (size_t i = 0; i < record->header_count; i++) {
        const struct kafka_header *header = &record->headers[i];
        rd_kafka_resp_err_t code =
            rd_kafka_header_add(headers, header->name, (ssize_t)strlen(header->name),
                                header->value.data, (ssize_t)header->value.len);
        CHECK(code == RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    return headers;
}

int kafka_producer_send(struct kafka_producer *producer, const struct kafka_record *record,
                        struct error *err)
{
    rd_kafka_headers_t *headers = copy_headers(record);
    int32_t partition =
        record->partition == KAFKA_PARTITION_BY_KEY ? RD_KAFKA_PARTITION_UA : record->partition;
    rd_kafka_resp_err_t code = rd_kafka_producev(
        producer->client, RD_KAFKA_V_RKT(producer->topic), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(record->key.data, record->key.len),
        RD_KAFKA_V_VALUE((void *)record->value.data, record->value.len),
        RD_KAFKA_V_TIMESTAMP(record->timestamp_ms), RD_KAFKA_V_OPAQUE(record->opaque),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    if (headers != NULL)
        rd_kafka_headers_destroy(headers); /* the library takes them only on success */
    return kafka_fail(err, code, "send");
}

int kafka_producer_poll(struct kafka_producer *producer, int timeout_ms)
{
    return rd_kafka_poll(producer->client, timeout_ms);
}

int kafka_producer_in_flight(const struct kafka_producer *producer)
{
    return rd_kafka_outq_len(producer->client);
}

int kafka_producer_fd(const struct kafka_producer *producer)
{
    return producer->fd;
}

bool kafka_producer_fatal(const struct kafka_producer *producer, struct error *err)
{
    return kafka_client_fatal(producer->client, err);
}

int kafka_producer_outages(const struct kafka_producer *producer)
{
    return producer->outages;
}

int kafka_producer_flush(struct kafka_producer *producer, int timeout_ms, struct error *err)
{
    rd_kafka_resp_err_t code = rd_kafka_flush(producer->client, timeout_ms);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_fail(err, code, "flush");
}

void kafka_producer_purge(struct kafka_producer *producer)
{
    /* Without waiting for the library's threads. It drops what was queued last before what may be
     * on its way, so a later record never gets through without an earlier one. */
    rd_kafka_purge(producer->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                         RD_KAFKA_PURGE_F_NON_BLOCKING);
}

static void destroy(void *argument)
{
    struct kafka_producer *producer = argument;
    rd_kafka_queue_io_event_enable(producer->main_queue, -1, NULL, 0);
    rd_kafka_queue_destroy(producer->main_queue);
    rd_kafka_topic_destroy(producer->topic);
    rd_kafka_destroy(producer->client);
    close(producer->fd);
    free(producer);
}

bool kafka_producer_close(struct kafka_producer *producer, int timeout_ms)
{
    if (producer == NULL)
        return true;
    kafka_producer_purge(producer);
    return kafka_run_bounded(destroy, producer, timeout_ms);
}

/* A record taken from a topic, with its headers.
 * Owner: lib/io. Thread: one at a time.
 */
#include "io/kafka_message.h"

#include <string.h>

#include <librdkafka/rdkafka.h>

static rd_kafka_headers_t *headers_of(const struct kafka_message *message)
{
    rd_kafka_headers_t *headers;
    if (message->handle == NULL ||
        rd_kafka_message_headers(message->handle, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return NULL;
    return headers;
}

bool kafka_message_header(const struct kafka_message *message, const char *name,
                          struct slice *ret_value)
{
    const void *value;
    size_t size;
    for (size_t i = message->header_count; i > 0; i--) {
        if (strcmp(message->headers[i - 1].name, name) == 0) {
            *ret_value = message->headers[i - 1].value;
            return true;
        }
    }
    rd_kafka_headers_t *headers = headers_of(message);
    if (headers == NULL ||
        rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    *ret_value = (struct slice){value, size};
    return true;
}

bool kafka_message_header_at(const struct kafka_message *message, size_t index,
                             const char **ret_name, struct slice *ret_value)
{
    const void *value;
    size_t size;
    if (index < message->header_count) {
        *ret_name = message->headers[index].name;
        *ret_value = message->headers[index].value;
        return true;
    }
    rd_kafka_headers_t *headers = headers_of(message);
    if (headers == NULL || rd_kafka_header_get_all(headers, index, ret_name, &value, &size) !=
                               RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    *ret_value = (struct slice){value, size};
    return true;
}

void kafka_message_forget_headers(const struct kafka_message *message)
{
    rd_kafka_headers_t *headers;
    if (message->handle != NULL &&
        rd_kafka_message_detach_headers(message->handle, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_headers_destroy(headers);
}

void kafka_message_free(struct kafka_message *message)
{
    if (message->handle != NULL)
        rd_kafka_message_destroy(message->handle);
    *message = (struct kafka_message){0};
}

/* Dead letters: what no handler can take goes to <topic>.dlq.
 * Owner: lib/service. Thread: the service's.
 */
#include "service/dead_letter.h"

#include <stdio.h>
#include <string.h>

#include "eventstore/record_headers.h"
#include "io/kafka_admin.h"

enum { CONFIRM_TIMEOUT_MS = 5000, CLOSE_TIMEOUT_MS = 1000, OWN_HEADERS = 8, NUMBER_SIZE = 24 };

static void on_delivered(void *context, void *opaque, int partition, int64_t offset,
                         const struct error *err)
{
    struct dead_letters *letters = context;
    (void)opaque;
    (void)partition;
    (void)offset;
    if (err != NULL) {
        letters->failed++;
        letters->last = *err;
    }
}

static int find_topic(struct dead_letters *letters, const char *topic, struct error *err)
{
    static const struct kafka_topic_config for_ever = {"retention.ms", "-1"};
    if (kafka_admin_partition_count(letters->bootstrap_servers, topic, CONFIRM_TIMEOUT_MS, err,
                                    &letters->partitions) != 0)
        return -1;
    if (letters->partitions > 0)
        return 0;
    struct kafka_topic wanted = {.name = topic,
                                 .partitions = letters->category->partitions,
                                 .configs = &for_ever,
                                 .config_count = 1};
    if (kafka_admin_create_topics(letters->bootstrap_servers, &wanted, 1, CONFIRM_TIMEOUT_MS,
                                  err) != 0)
        return -1;
    letters->partitions = wanted.partitions;
    return 0;
}

static int open_producer(struct dead_letters *letters, struct error *err)
{
    const char *topic = letters->category->dead_letter_topic;
    if (find_topic(letters, topic, err) != 0)
        return -1;
    struct kafka_producer_options options = {
        .bootstrap_servers = letters->bootstrap_servers,
        .client_id = letters->service,
        .topic = topic,
        .message_timeout_ms = CONFIRM_TIMEOUT_MS,
        .queue_messages = 10000,
        .delivered = on_delivered,
        .context = letters,
    };
    return kafka_producer_open(&options, err, &letters->producer);
}

/* The headers of a letter: the original's, as far as they are sane, then ours. */
struct letter_headers {
    struct kafka_header headers[DEAD_LETTER_HEADERS_MAX + OWN_HEADERS];
    size_t count;
    char numbers[4][NUMBER_SIZE];
    size_t number_count;
    struct record_headers store; /* an event of the store gets what its record would have */
};

static void add_text(struct letter_headers *to, const char *name, struct slice value)
{
    CHECK(to->count < ARRAY_SIZE(to->headers));
    to->headers[to->count++] = (struct kafka_header){name, value};
}

static void add_number(struct letter_headers *to, const char *name, int64_t number)
{
    CHECK(to->number_count < ARRAY_SIZE(to->numbers));
    char *text = to->numbers[to->number_count++];
    int length = snprintf(text, NUMBER_SIZE, "%ld", number);
    add_text(to, name, (struct slice){text, (size_t)length});
}

static void copy_headers(struct letter_headers *to, const struct kafka_message *message)
{
    const char *name;
    struct slice value;
    size_t bytes = 0;
    for (size_t i = 0;
         to->count < DEAD_LETTER_HEADERS_MAX && kafka_message_header_at(message, i, &name, &value);
         i++) {
        bytes += strlen(name) + value.len;
        if (bytes > DEAD_LETTER_HEADER_BYTES_MAX)
            return;
        add_text(to, name, value);
    }
}

static int queue_record(struct dead_letters *letters, const struct dead_letter *letter,
                        struct letter_headers *to, struct error *err)
{
    const struct kafka_message *message = letter->message;
    struct kafka_record record = {0};
    int partition = message != NULL ? message->partition : letter->event->partition;
    if (message != NULL) {
        copy_headers(to, message);
        record.key = message->key;
        record.value = message->value;
    } else {
        record = record_write(&to->store, letters->category, letter->event);
        for (size_t i = 0; i < record.header_count; i++)
            to->headers[to->count++] = record.headers[i];
        record.timestamp_ms = 0;
    }
    add_text(to, DEAD_LETTER_TOPIC, slice_of(letters->category->topic));
    add_number(to, DEAD_LETTER_PARTITION, partition);
    if (message != NULL)
        add_number(to, DEAD_LETTER_OFFSET, message->offset);
    struct uuid ignored;
    int64_t position = letter->event != NULL ? letter->event->position : 0;
    if (position > 0 || record_identity(message, &position, &ignored) == 0)
        add_number(to, DEAD_LETTER_POSITION, position);
    add_text(to, DEAD_LETTER_REASON, slice_of(letter->reason));
    add_text(to, DEAD_LETTER_SERVICE, slice_of(letters->service));
    if (record.value.len > letters->value_max) {
        add_number(to, DEAD_LETTER_TRUNCATED, (int64_t)record.value.len);
        record.value.len = letters->value_max;
    }
    if (record.key.len > DEAD_LETTER_HEADER_BYTES_MAX)
        record.key.len = DEAD_LETTER_HEADER_BYTES_MAX;
    record.partition = partition % letters->partitions;
    record.headers = to->headers;
    record.header_count = to->count;
    return kafka_producer_send(letters->producer, &record, err);
}

int dead_letter_send(struct dead_letters *letters, const struct dead_letter *letter,
                     struct error *err)
{
    struct letter_headers to = {.count = 0};
    if (letters->producer == NULL && open_producer(letters, err) != 0)
        return -1;
    int rc = queue_record(letters, letter, &to, err);
    record_headers_free(&to.store);
    if (rc == 0)
        letters->sent++;
    return rc;
}

int dead_letters_confirm(struct dead_letters *letters, struct error *err)
{
    struct error why = {.kind = ERROR_RETRIABLE};
    if (letters->sent == 0)
        return 0;
    int rc = kafka_producer_flush(letters->producer, CONFIRM_TIMEOUT_MS, &why);
    if (rc == 0 && letters->failed > 0) {
        why = letters->last;
        rc = -1;
    }
    letters->sent = letters->failed = 0;
    if (rc == 0)
        return 0;
    /* A broker that takes less than ours: the next try sends the beginning only. */
    if (why.kind == ERROR_PERMANENT)
        letters->value_max = DEAD_LETTER_VALUE_SMALL;
    dead_letters_close(letters);
    if (err != NULL)
        *err = why;
    return error_prefix(err, "dead letters to %s", letters->category->dead_letter_topic);
}

void dead_letters_close(struct dead_letters *letters)
{
    letters->sent = letters->failed = 0;
    if (letters->producer != NULL)
        kafka_producer_close(letters->producer, CLOSE_TIMEOUT_MS);
    letters->producer = NULL;
}

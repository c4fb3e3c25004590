/* Snapshots of long streams, written beside the append path.
 * Owner: lib/eventstore; the committer. Thread: one of its own.
 */
#include "eventstore/snapshot_writer.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/queue.h"

enum { QUEUE_CAPACITY = 256, SAVE_TIMEOUT_MS = 5000, RETRY_PAUSE_US = 1000000 };

struct snapshot_job {
    struct queue_node node;
    struct slice stream_id, payload;
    int32_t version;
    int64_t position;
    char bytes[];
};

struct snapshot_writer {
    const struct category *category;
    struct pg_options options;
    struct queue queue;
    pthread_t thread;
    struct pg *pg;
    int64_t connect_after_us;
};

static struct snapshot_job *job_of(struct queue_node *node)
{
    return CONTAINER_OF(node, struct snapshot_job, node);
}

static bool connected(struct snapshot_writer *writer)
{
    if (pg_usable(writer->pg))
        return true;
    pg_close(writer->pg);
    writer->pg = NULL;
    if (clock_monotonic_us() < writer->connect_after_us)
        return false;
    if (pg_open(&writer->options, NULL, &writer->pg) == 0)
        return true;
    writer->connect_after_us = clock_monotonic_us() + RETRY_PAUSE_US;
    return false;
}

static void save(struct snapshot_writer *writer, const struct snapshot_job *job)
{
    struct pg_params params = {0};
    struct pg_result *result;
    struct error err;
    if (!connected(writer))
        return;
    pg_param_bytes(&params, job->stream_id);
    pg_param_int32(&params, job->version);
    pg_param_int64(&params, job->position);
    pg_param_bytes(&params, job->payload);
    if (pg_run(writer->pg, &writer->category->statements->snapshot_save, &params, SAVE_TIMEOUT_MS,
               &err, &result) == 0)
        pg_result_free(result);
    else
        log_warning("snapshot not saved", LOG_TEXT("reason", err.message));
    pg_params_free(&params);
}

static void *run(void *argument)
{
    struct snapshot_writer *writer = argument;
    while (!queue_closed(&writer->queue)) {
        struct queue_node *node = queue_take(&writer->queue, 1, INT64_MAX);
        if (node == NULL)
            continue;
        save(writer, job_of(node));
        free(job_of(node));
    }
    return NULL;
}

struct snapshot_writer *snapshot_writer_start(const struct category *category,
                                              const struct pg_options *options)
{
    struct snapshot_writer *writer = mem_calloc(1, sizeof(*writer));
    writer->category = category;
    writer->options = *options;
    /* The events are durable already; a lost snapshot is written again. */
    writer->options.session = "-c synchronous_commit=off";
    queue_init(&writer->queue, QUEUE_CAPACITY);
    CHECK(pthread_create(&writer->thread, NULL, run, writer) == 0);
    pthread_setname_np(writer->thread, "snapshots");
    return writer;
}

void snapshot_offer(struct snapshot_writer *writer, struct slice stream_id, int32_t version,
                    int64_t position, struct slice payload)
{
    struct snapshot_job *job = mem_alloc(sizeof(*job) + stream_id.len + payload.len);
    memcpy(job->bytes, stream_id.data, stream_id.len);
    memcpy(job->bytes + stream_id.len, payload.data, payload.len);
    job->stream_id = (struct slice){job->bytes, stream_id.len};
    job->payload = (struct slice){job->bytes + stream_id.len, payload.len};
    job->version = version;
    job->position = position;
    if (!queue_push(&writer->queue, &job->node))
        free(job);
}

void snapshot_writer_stop(struct snapshot_writer *writer)
{
    if (writer == NULL)
        return;
    queue_close(&writer->queue);
    pthread_join(writer->thread, NULL);
    for (struct queue_node *node = queue_take(&writer->queue, SIZE_MAX, 0); node != NULL;) {
        struct queue_node *next = node->next;
        free(job_of(node));
        node = next;
    }
    queue_destroy(&writer->queue);
    pg_close(writer->pg);
    free(writer);
}

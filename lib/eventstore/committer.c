/* The group committer: hands commands to the lane of their partition.
 * Owner: lib/eventstore. Thread: committer_submit from any.
 */
#include "eventstore/committer.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"
#include "eventstore/lane.h"
#include "eventstore/migrate.h"

struct committer {
    struct committer_options options;
    struct metric_spec cached_bytes_spec, queued_spec;
    struct lane_metrics metrics;
    struct snapshot_writer *snapshots;
    struct lane lanes[];
};

static const struct metric_spec batches_spec = {
    .name = "cartwright_commit_batches_total",
    .help = "Batches of commands committed",
    .type = METRIC_COUNTER,
};
/* In the order of enum append_way. */
static const char *const ways[] = {"direct", "verified", "refused"};
static const struct metric_spec ways_spec = {
    .name = "cartwright_commit_ways_total",
    .help = "Batches by how they were appended; refused: directly, which the store refused, then "
            "verified",
    .type = METRIC_COUNTER,
    .label = "way",
    .series = ARRAY_SIZE(ways),
    .label_values = ways,
};
static const struct metric_spec events_spec = {
    .name = "cartwright_commit_events_total",
    .help = "Events appended",
    .type = METRIC_COUNTER,
};
static const struct metric_spec retries_spec = {
    .name = "cartwright_commit_retries_total",
    .help = "Batches run again because a stream or a key was not as expected",
    .type = METRIC_COUNTER,
};
static const struct metric_spec commit_duration_spec = {
    .name = "cartwright_commit_duration_seconds",
    .help = "Time from sending a batch to its durable commit",
    .type = METRIC_HISTOGRAM,
};

static void add_metrics(struct committer *committer)
{
    struct metrics *metrics = committer->options.metrics;
    committer->cached_bytes_spec = (struct metric_spec){
        .name = "cartwright_stream_cache_bytes",
        .help = "Memory of the streams that a lane holds",
        .type = METRIC_GAUGE,
        .label = "lane",
        .series = (unsigned)committer->options.lanes,
    };
    committer->queued_spec = (struct metric_spec){
        .name = "cartwright_commands_queued",
        .help = "Commands waiting for a lane",
        .type = METRIC_GAUGE,
        .label = "lane",
        .series = (unsigned)committer->options.lanes,
    };
    committer->metrics = (struct lane_metrics){
        .batches = metrics_add(metrics, &batches_spec),
        .ways = metrics_add(metrics, &ways_spec),
        .events = metrics_add(metrics, &events_spec),
        .retries = metrics_add(metrics, &retries_spec),
        .commit_duration = metrics_add(metrics, &commit_duration_spec),
        .cached_bytes = metrics_add(metrics, &committer->cached_bytes_spec),
        .queued = metrics_add(metrics, &committer->queued_spec),
    };
}

/* A statement is planned once per connection, perhaps while the table is empty: only index scans
 * are ever right for a lane. */
static const char lane_session[] = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off "
                                   "-c enable_bitmapscan=off";

static int check_store(const struct pg_options *options, struct error *err)
{
    struct pg *pg;
    if (pg_open(options, err, &pg) != 0)
        return -1;
    int rc = schema_check(pg, err);
    pg_close(pg);
    return rc;
}

int committer_start(const struct committer_options *options, struct error *err,
                    struct committer **ret_committer)
{
    CHECK(options->lanes > 0 && options->batch_max > 0);
    if (check_store(&options->pg, err) != 0)
        return -1;
    struct committer *committer =
        mem_calloc(1, sizeof(*committer) + (size_t)options->lanes * sizeof(struct lane));
    committer->options = *options;
    committer->options.pg.session = lane_session;
    add_metrics(committer);
    committer->snapshots = snapshot_writer_start(options->category, &committer->options.pg);
    for (int i = 0; i < options->lanes; i++) {
        struct lane *lane = &committer->lanes[i];
        lane->options = &committer->options;
        lane->metrics = &committer->metrics;
        lane->snapshots = committer->snapshots;
        lane->index = i;
        lane_start(lane);
    }
    *ret_committer = committer;
    return 0;
}

bool committer_submit(struct committer *committer, struct command *command)
{
    command->partition = hash_partition(command->stream_id.data, command->stream_id.len,
                                        committer->options.category->partitions);
    if (command->other_id.len > 0) {
        CHECK(!slice_equal(command->stream_id, command->other_id));
        command->other_partition = hash_partition(command->other_id.data, command->other_id.len,
                                                  committer->options.category->partitions);
    }
    command->attempts = 0;
    struct lane *lane = &committer->lanes[command->partition % committer->options.lanes];
    return queue_push(&lane->queue, &command->node);
}

void committer_stop(struct committer *committer)
{
    if (committer == NULL)
        return;
    for (int i = 0; i < committer->options.lanes; i++)
        queue_close(&committer->lanes[i].queue);
    for (int i = 0; i < committer->options.lanes; i++)
        lane_stop(&committer->lanes[i]);
    snapshot_writer_stop(committer->snapshots);
    free(committer);
}

bool committer_connected(const struct committer *committer)
{
    for (int i = 0; i < committer->options.lanes; i++) {
        if (!atomic_load(&committer->lanes[i].connected))
            return false;
    }
    return true;
}

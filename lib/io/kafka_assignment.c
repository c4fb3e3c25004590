/* The partitions that a kafka_consumer reads and where it is in each.
 * Owner: lib/io. Thread: the consumer's.
 */
#include "io/kafka_assignment.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void kafka_assignment_free(struct kafka_assignment *assignment)
{
    free(assignment->places);
    *assignment = (struct kafka_assignment){0};
}

struct kafka_place *kafka_assignment_find(const struct kafka_assignment *assignment, int partition)
{
    if (partition < 0 || partition >= assignment->count || !assignment->places[partition].assigned)
        return NULL;
    return &assignment->places[partition];
}

static struct kafka_place *place_for(struct kafka_assignment *assignment, int partition)
{
    CHECK(partition >= 0);
    if (partition >= assignment->count) {
        size_t count = (size_t)partition + 1;
        assignment->places = mem_realloc(assignment->places, count * sizeof(*assignment->places));
        memset(assignment->places + assignment->count, 0,
               (count - (size_t)assignment->count) * sizeof(*assignment->places));
        assignment->count = (int)count;
    }
    return &assignment->places[partition];
}

/* The numbers of our header are those of the library, but for HOLD. */
_Static_assert(KAFKA_OFFSET_END == RD_KAFKA_OFFSET_END, "logical offset");
_Static_assert(KAFKA_OFFSET_BEGINNING == RD_KAFKA_OFFSET_BEGINNING, "logical offset");
_Static_assert(KAFKA_OFFSET_COMMITTED == RD_KAFKA_OFFSET_STORED, "logical offset");

static rd_kafka_resp_err_t set_paused(rd_kafka_t *client, const char *topic, int partition,
                                      bool pause)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition);
    rd_kafka_resp_err_t code =
        pause ? rd_kafka_pause_partitions(client, list) : rd_kafka_resume_partitions(client, list);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        code = list->elems[0].err;
    rd_kafka_topic_partition_list_destroy(list);
    return code;
}

/* Hands the whole assignment to the client, each partition from its place. */
static int assign_places(const struct kafka_assignment *assignment, rd_kafka_t *client,
                         const char *topic, struct error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(assignment->count);
    for (int i = 0; i < assignment->count; i++) {
        const struct kafka_place *place = &assignment->places[i];
        /* A held one is paused: its offset only must be one that the client does not look up,
         * because the answer could come after the owner's seek and move the place to the topic's
         * end. */
        if (place->assigned)
            rd_kafka_topic_partition_list_add(list, topic, i)->offset =
                place->held ? 0 : place->next;
    }
    rd_kafka_resp_err_t code = rd_kafka_assign(client, list);
    for (int i = 0; code == RD_KAFKA_RESP_ERR_NO_ERROR && i < assignment->count; i++) {
        const struct kafka_place *place = &assignment->places[i];
        if (place->assigned && (place->held || place->paused))
            code = set_paused(client, topic, i, true);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : kafka_fail(err, code, "assign");
}

int kafka_assignment_set(struct kafka_assignment *assignment, rd_kafka_t *client, const char *topic,
                         const struct kafka_start *starts, size_t count, struct error *err)
{
    for (int i = 0; i < assignment->count; i++) {
        /* The client remembers a pause beyond the assignment. */
        if (assignment->places[i].assigned &&
            (assignment->places[i].paused || assignment->places[i].held))
            set_paused(client, topic, i, false);
        assignment->places[i] = (struct kafka_place){0};
    }
    for (size_t i = 0; i < count; i++) {
        bool held = starts[i].offset == KAFKA_OFFSET_HOLD;
        *place_for(assignment, starts[i].partition) = (struct kafka_place){
            .assigned = true,
            .held = held,
            .paused = held,
            .next = starts[i].offset,
        };
    }
    return assign_places(assignment, client, topic, err);
}

void kafka_assignment_clear(struct kafka_assignment *assignment, rd_kafka_t *client)
{
    for (int i = 0; i < assignment->count; i++)
        assignment->places[i] = (struct kafka_place){0};
    rd_kafka_assign(client, NULL);
}

int kafka_assignment_seek(struct kafka_assignment *assignment, rd_kafka_t *client,
                          const char *topic, int partition, int64_t offset, int timeout_ms,
                          struct error *err)
{
    struct kafka_place *place = kafka_assignment_find(assignment, partition);
    if (place == NULL)
        return error_set(err, ERROR_RETRIABLE, "seek: partition %d is not assigned", partition);
    place->next = offset;
    place->held = false;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    rd_kafka_error_t *error = rd_kafka_seek_partitions(client, list, timeout_ms);
    rd_kafka_resp_err_t code = list->elems[0].err;
    rd_kafka_topic_partition_list_destroy(list);
    if (error != NULL)
        return kafka_fail_object(err, error, "seek");
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    /* A partition whose fetching has ended, as after an offset out of range, takes no seek: all are
     * assigned anew, each from its place. */
    return assign_places(assignment, client, topic, err);
}

int kafka_assignment_pause(struct kafka_assignment *assignment, rd_kafka_t *client,
                           const char *topic, int partition, bool pause, struct error *err)
{
    struct kafka_place *place = kafka_assignment_find(assignment, partition);
    if (place == NULL)
        return error_set(err, ERROR_RETRIABLE, "partition %d is not assigned", partition);
    if (place->paused == pause)
        return 0;
    CHECK(pause || !place->held); /* seek first */
    rd_kafka_resp_err_t code = set_paused(client, topic, partition, pause);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_fail(err, code, pause ? "pause" : "resume");
    place->paused = pause;
    return 0;
}

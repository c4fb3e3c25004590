/* Where publishing goes on: the last event of ours that is in each partition of the topic.
 * Owner: lib/eventstore; private to the relay. Thread: the relay's. Never blocks: step by step.
 */
#ifndef CARTWRIGHT_EVENTSTORE_RELAY_TAIL_H
#define CARTWRIGHT_EVENTSTORE_RELAY_TAIL_H

#include "base/error.h"
#include "base/uuid.h"
#include "eventstore/category.h"
#include "eventstore/event_record.h"

struct relay_tail;

struct tail_options {
    const char *bootstrap_servers;
    const char *client_id;
    const struct category *category;
    int (*inspect)(const struct event_record *event, struct error *err); /* see relay.h */
};

/** Begins to read the ends of partitions[count]. */
int tail_open(const struct tail_options *options, const int *partitions, size_t count,
              struct error *err, struct relay_tail **ret_tail) WARN_UNUSED;
void tail_close(struct relay_tail *tail);

enum tail_progress { TAIL_READING, TAIL_DONE, TAIL_FAILED };

/** Takes what has come, waiting at most timeout_ms for the first. TAIL_FAILED: err; close it. */
enum tail_progress tail_step(struct relay_tail *tail, int timeout_ms, struct error *err);

enum { TAIL_EVENT_IDS_MAX = 4 };

struct tail_result {
    int partition;
    int64_t low, high; /* the topic's offsets: low == high means that it is empty */
    bool found;        /* an event; else the next three are 0 */
    int64_t position;  /* the highest */
    /* The ids that records with this position carry: more than one where somebody else wrote too.
     */
    struct uuid event_ids[TAIL_EVENT_IDS_MAX];
    size_t event_id_count;
    int64_t first_position; /* of the first record of ours; 0 when low > 0: not asked */
};

/** After TAIL_DONE: the result of partitions[index]. */
const struct tail_result *tail_result(const struct relay_tail *tail, size_t index);

#endif

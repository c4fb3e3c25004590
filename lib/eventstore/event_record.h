/* An event as the store sees it: metadata and opaque payload bytes.
 * Owner: lib/eventstore. Thread: any; slices point into memory of whoever made the record.
 */
#ifndef CARTWRIGHT_EVENTSTORE_EVENT_RECORD_H
#define CARTWRIGHT_EVENTSTORE_EVENT_RECORD_H

#include <stdint.h>

#include "base/buf.h"
#include "base/queue.h"
#include "base/uuid.h"

struct event_record {
    int partition;
    int64_t position; /* 1 … n in the partition, without gaps, in commit order */
    struct slice stream_id;
    int32_t version; /* 1 … n in the stream */
    struct uuid event_id;
    struct slice type; /* "ItemAdded" */
    struct slice payload;
    struct slice actor;
    struct uuid correlation_id; /* W3C trace id */
    struct uuid causation_id;   /* the command's id */
    uint8_t trace_flags;        /* W3C trace flags */
    int64_t recorded_at_us;     /* the time in the event; never falls within a stream */
};

/** Events of one committed batch in one malloc block, handed from the committer to the relay. In
 * position order per partition. Freed with free(). */
struct appended {
    struct queue_node node;
    size_t count;
    struct event_record events[];
};

#endif

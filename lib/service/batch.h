/* What one turn works on: records of the topic and events of the store, in order per partition.
 * Owner: lib/service. Thread: the service's.
 */
#ifndef CARTWRIGHT_SERVICE_BATCH_H
#define CARTWRIGHT_SERVICE_BATCH_H

#include "eventstore/event_record.h"
#include "service/feed.h"

enum item_kind {
    ITEM_EVENT,     /* follows what is before it */
    ITEM_DUPLICATE, /* its position was applied already */
    ITEM_MALFORMED, /* no event of this topic: reason says why */
};

struct item {
    struct partition *partition;
    uint32_t epoch; /* of the partition when it was taken */
    enum item_kind kind;
    bool from_store;
    bool has_event; /* event is set: always but for some malformed ones */
    struct event_record event;
    struct kafka_message message; /* zeroed when from the store */
    void *owned;                  /* the store's bytes, or the reason */
    const char *reason;
};

/** Zero-initialise. */
struct batch {
    struct item *items;
    size_t count, capacity, bytes;
    const struct event_record **events; /* for prefetch; as long as items */
};

enum { BATCH_BYTES_MAX = 8 * 1024 * 1024 };

/** A zeroed item of the partition at the end; valid until the next add. */
struct item *batch_add(struct batch *batch, struct partition *partition);

/** A copy of an event of the store, whose bytes the batch owns. */
void batch_add_stored(struct batch *batch, struct partition *partition,
                      const struct event_record *event);

/** Gives back all messages and bytes. */
void batch_clear(struct batch *batch);
void batch_free(struct batch *batch);

#endif

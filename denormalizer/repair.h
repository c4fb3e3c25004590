/* The repair after Redis lost its data: the views of the lost partitions are made from the event
 * store, a page at a time between other work, and only then their positions are true again. Owner:
 * denormalizer. Thread: the service's.
 *
 * The positions are the store's heads as read before the first page: each event up to them is in a
 * stream that a page folds to its head, later ones come from the topic. Readers find no view until
 * it is whole, and fold by themselves meanwhile. A mark in Redis beside the positions notices when
 * data gets lost once more.
 */
#ifndef CARTWRIGHT_DENORMALIZER_REPAIR_H
#define CARTWRIGHT_DENORMALIZER_REPAIR_H

#include "base/metrics.h"
#include "denormalizer/rebuild.h"

enum { REPAIR_PARTITIONS_MAX = 1024 };

/** Zero-initialise. */
struct repair {
    bool running;
    bool resume; /* a step failed: the mark in Redis says how far we are */
    bool any_wanted;
    bool wanted[REPAIR_PARTITIONS_MAX];     /* lost, for the next repair */
    bool partitions[REPAIR_PARTITIONS_MAX]; /* of the running one */
    struct view_position *positions;        /* of those partitions: what will be true */
    size_t count;
    int64_t begin_us;
    struct rebuild rebuild;
};

/** The partition's position is missing in Redis: it is in the next repair. */
void repair_want(struct repair *repair, int partition);

/** Does the next piece of work. 1: there is more; 0: nothing to do; -1: tried later. */
int repair_step(struct repair *repair, struct pg *pg, struct view_store *views,
                struct error *err) WARN_UNUSED;

void repair_free(struct repair *repair);

#endif

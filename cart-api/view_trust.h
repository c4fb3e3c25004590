/* Whether the views in Redis are as new as everything that this process has shown, by partition.
 * Owner: cart-api. Thread: any, but for view_trust_aim and view_trust_reach.
 *
 * A read of the event store shows what Redis may not have. It is written there before it is shown;
 * when that fails, or when Redis was away and may have come back with less, the views of the
 * partition are doubted: reads are folded from the event store until the projection has reached
 * the position that the store had after the doubt arose, which is beyond everything shown before.
 *
 *   DOUBTED --the store's head is read--> aimed at it --the projection is there--> TRUSTED
 *      ^------------------------------------ a new doubt -----------------------------/
 *
 * Each doubt is a number. What was asked for under one number is worth nothing under another.
 */
#ifndef CARTWRIGHT_CART_API_VIEW_TRUST_H
#define CARTWRIGHT_CART_API_VIEW_TRUST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct partition_trust {
    _Atomic uint32_t doubt;   /* number of the last doubt, from 1 */
    _Atomic uint32_t settled; /* number of the last doubt that was overcome */
    /* Only for whoever checks: */
    uint32_t aimed; /* number of the doubt that target belongs to, 0: none */
    int64_t target; /* position that the projection must reach */
    uint32_t seen;  /* the doubt's number before the store's head was asked for */
};

/** At the beginning everything is doubted. Release with view_trust_free. */
struct view_trust {
    int partitions;
    struct partition_trust *of;
};

void view_trust_init(struct view_trust *trust, int partitions);
void view_trust_free(struct view_trust *trust);

/** The number under which the partition's views may be shown; 0: they are doubted. A reply of Redis
 * may be shown if this is the same, and not 0, before the question and after the answer. */
uint32_t view_trust_of(const struct view_trust *trust, int partition);

/** Call before what Redis may not have is shown. */
void view_trust_doubt(struct view_trust *trust, int partition);

/** Call when Redis may have lost data, before anything is asked of it. */
void view_trust_doubt_all(struct view_trust *trust);

/* One thread at a time checks: view_trust_look, then the store's heads, then view_trust_aim, then
 * the projection's positions, then view_trust_reach. */

enum view_trust_need { VIEW_TRUST_ALL_IS_WELL, VIEW_TRUST_NEEDS_POSITIONS, VIEW_TRUST_NEEDS_HEADS };

/** Notes which doubts there are; what must be read to overcome them. */
enum view_trust_need view_trust_look(struct view_trust *trust);

/** The store's heads, read after view_trust_look. */
void view_trust_aim(struct view_trust *trust, const int64_t *heads);

/** The projection's positions, read after the heads. */
void view_trust_reach(struct view_trust *trust, const int64_t *positions);

#endif

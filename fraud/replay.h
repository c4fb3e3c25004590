/* The rules over a history that is held in memory: for backtests. Pure.
 *
 * Memory is bounded: a window keeps what its rules look at, and beyond observations_max the windows
 * that were used longest ago go as a whole. Owner: fraud. Thread: one at a time.
 */
#ifndef CARTWRIGHT_FRAUD_REPLAY_H
#define CARTWRIGHT_FRAUD_REPLAY_H

#include "base/map.h"
#include "fraud/judge.h"

/** Zero-initialise but for rules and observations_max. */
struct replay {
    const struct rules *rules;
    size_t observations_max;
    size_t observations, evicted; /* in memory now; dropped for want of room */
    struct map windows;
    struct judge judge;
    struct buf key;
};

/** Takes what the rules observe in these sightings. */
void replay_observe(struct replay *replay, const struct sightings *sightings);

/** Judges a checkout (whose own sightings were observed before). The verdict's hits are valid until
 * the next call. */
enum fraud_event_type replay_judge(struct replay *replay, const struct sightings *sightings,
                                   struct fraud_verdict *ret_verdict);

void replay_free(struct replay *replay);

#endif

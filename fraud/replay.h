/* The rules over a history that is held in memory: for backtests, and of one cart's
 * stream for the court. Pure.
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
    bool own_carts_only;          /* leaves out rules that look beyond one cart's stream */
    struct map windows;
    struct judge judge;
    struct buf key;
};

/** Takes what the rules observe in these sightings. */
void replay_observe(struct replay *replay, const struct sightings *sightings);

/** What was observed of a key by a feed; NULL: nothing. */
const struct window *replay_window(struct replay *replay, uint32_t feed, struct slice key);

/** Judges a checkout (whose own sightings were observed before). The verdict's hits are valid until
 * the next call. */
enum fraud_event_type replay_judge(struct replay *replay, const struct sightings *sightings,
                                   struct fraud_verdict *ret_verdict);

/** Forgets what was observed. */
void replay_clear(struct replay *replay);
void replay_free(struct replay *replay);

#endif

/* What a batch of events lets the rules see, on its way into the store as bundles.
 * Owner: fraud. Thread: the service's.
 */
#ifndef CARTWRIGHT_FRAUD_OBSERVER_H
#define CARTWRIGHT_FRAUD_OBSERVER_H

#include "fraud/rules.h"
#include "fraud/window.h"
#include "io/pg.h"

struct observed {
    const struct feed *feed;
    struct observed_text {
        size_t at, length; /* in texts */
    } key, cart_id, item;
    int64_t at_us, number;
    struct uuid event_id;
    int part;
    bool again; /* may have been observed before */
};

/** Zero-initialise. */
struct observer {
    struct observed *rows;
    size_t row_count, row_capacity;
    struct buf texts;
    /* Of a write: */
    const struct observed **order; /* by feed, key and time; known ones are taken out */
    size_t order_count;
    struct bundle_row *bundles;
    size_t bundle_count, bundle_capacity;
    struct buf bytes; /* of the bundles */
    struct observed_id {
        struct uuid event_id;
        int part;
    } * known; /* of one key: what is in the store */
    size_t known_count, known_capacity;
    struct pg_params params;
};

/** Notes what the rules observe, but for what the court reads from the cart's own stream. Texts are
 * copied, the rules must stay until the write or clear. again: look first whether it is in the
 * store already. */
void observer_take(struct observer *observer, const struct rules *rules,
                   const struct sightings *sightings, bool again);

/** Inside of a transaction: puts all of it into the store. 0, or -1 as pg_run. */
int observer_write(struct observer *observer, struct pg *pg, int timeout_ms,
                   struct error *err) WARN_UNUSED;

void observer_clear(struct observer *observer);
void observer_free(struct observer *observer);

#endif

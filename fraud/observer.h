/* What a batch of events lets the rules see, and its checkouts, on their way into the store.
 * Owner: fraud. Thread: the service's.
 */
#ifndef CARTWRIGHT_FRAUD_OBSERVER_H
#define CARTWRIGHT_FRAUD_OBSERVER_H

#include "eventstore/event_record.h"
#include "fraud/rules.h"
#include "io/pg.h"

struct observed {
    const struct feed *feed;
    struct observed_text {
        size_t at, length; /* in texts */
    } key, cart_id, item;
    int64_t at_us, number;
    struct uuid event_id;
    int part;
};

struct noted_checkout {
    struct observed_text cart_id, order_id, user_id, currency;
    int partition;
    int64_t position, at_us, total_minor;
};

/** Zero-initialise. */
struct observer {
    struct observed *rows;
    size_t row_count, row_capacity;
    struct noted_checkout *checkouts;
    size_t checkout_count, checkout_capacity;
    struct buf texts;
    struct pg_params params;
};

/** Notes what the rules observe; texts are copied, the rules must stay until the write or clear. */
void observer_take(struct observer *observer, const struct rules *rules,
                   const struct sightings *sightings);

/** Notes a checkout that wants a verdict. */
void observer_checkout(struct observer *observer, const struct event_record *record,
                       const struct cart_event *event);

/** Inside of a transaction: puts all of it into the store. What is there already stays as it is. 0,
 * or -1 as pg_run. */
int observer_write(struct observer *observer, struct pg *pg, int timeout_ms,
                   struct error *err) WARN_UNUSED;

void observer_clear(struct observer *observer);
void observer_free(struct observer *observer);

#endif

/* The checkouts of a batch, which want a verdict, on their way into the store.
 * Owner: fraud. Thread: the service's.
 */
#ifndef CARTWRIGHT_FRAUD_CHECKOUTS_H
#define CARTWRIGHT_FRAUD_CHECKOUTS_H

#include "eventstore/event_record.h"
#include "io/pg.h"
#include "proto/cart_event.h"

struct noted_checkout {
    struct noted_text {
        size_t at, length; /* in texts */
    } cart_id, order_id, user_id, currency;
    int partition;
    int64_t position, at_us, total_minor;
};

/** Zero-initialise. */
struct checkouts {
    struct noted_checkout *items;
    size_t count, capacity;
    struct buf texts;
    struct pg_params params;
};

/** Notes a checkout; texts are copied. */
void checkouts_add(struct checkouts *checkouts, const struct event_record *record,
                   const struct cart_event *event);

/** Inside of a transaction: puts all of them into the store. One that is there already stays as it
 * is. 0, or -1 as pg_run. */
int checkouts_write(struct checkouts *checkouts, struct pg *pg, int timeout_ms,
                    struct error *err) WARN_UNUSED;

void checkouts_clear(struct checkouts *checkouts);
void checkouts_free(struct checkouts *checkouts);

#endif

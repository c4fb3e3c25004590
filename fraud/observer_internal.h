/* The steps of a write.
 * Owner: fraud; private to observer*.c. Thread: the service's.
 */
#ifndef CARTWRIGHT_FRAUD_OBSERVER_INTERNAL_H
#define CARTWRIGHT_FRAUD_OBSERVER_INTERNAL_H

#include "fraud/observer.h"

static inline struct slice observed_text(const struct observer *observer,
                                         const struct observed_text *text)
{
    return (struct slice){observer->texts.data + text->at, text->length};
}

struct observation observed_one(const struct observer *observer, const struct observed *row);

/** Where in order the rows of another feed or key begin. */
size_t observed_next_key(const struct observer *observer, size_t begin);

/** Takes out of order what was observed before and is in the store. */
int observer_drop_known(struct observer *observer, struct pg *pg, int timeout_ms,
                        struct error *err) WARN_UNUSED;

#endif

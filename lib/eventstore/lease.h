/* Who publishes a partition: one row per partition in <category>_relay_leases, by the database's
 * clock. Owner: lib/eventstore. Thread: the connection's.
 *
 * The epoch of a row grows each time its owner changes and fences what an owner writes that has
 * lost it.
 */
#ifndef CARTWRIGHT_EVENTSTORE_LEASE_H
#define CARTWRIGHT_EVENTSTORE_LEASE_H

#include <stddef.h>

#include "base/error.h"
#include "eventstore/category.h"
#include "io/pg.h"

struct lease {
    int partition;
    int64_t epoch;
    int64_t position; /* known to be in the topic, as is everything before it */
};

/** Renews the owner's leases and takes those that are free or expired, all in one statement, for
 * ttl_ms from the server's now. ret_leases[category->partitions] and *ret_count are all that the
 * owner holds; a lease held before and not among them is lost. */
int lease_claim(struct pg *pg, const struct category *category, const struct uuid *owner,
                int ttl_ms, int timeout_ms, struct error *err, struct lease *ret_leases,
                size_t *ret_count) WARN_UNUSED;

/** Stores the positions of leases that are still the owner's with that epoch; others are left
 * alone. */
int lease_advance(struct pg *pg, const struct category *category, const struct uuid *owner,
                  const struct lease *leases, size_t count, int timeout_ms,
                  struct error *err) WARN_UNUSED;

/** Gives up all leases of the owner: others can take them at once. */
int lease_release(struct pg *pg, const struct category *category, const struct uuid *owner,
                  int timeout_ms, struct error *err) WARN_UNUSED;

#endif

/* The service's connection to the event store: made when needed, made anew with back-off.
 * Owner: lib/service. Thread: the service's.
 */
#ifndef CARTWRIGHT_SERVICE_STORE_H
#define CARTWRIGHT_SERVICE_STORE_H

#include "base/error.h"
#include "eventstore/migrations.h"
#include "io/pg.h"

enum { STORE_CONNECT_TIMEOUT_MS = 2000, STORE_TIMEOUT_MS = 5000 };

/** Zero-initialise but for options and own. */
struct store {
    struct pg_options options;
    const struct migration_set *own; /* tables that must be there beside the store's; or NULL */
    struct pg *pg;
    int attempt;
    int64_t not_before_us;
    bool refused;      /* the store is not one that this binary may use: last says why */
    struct error last; /* of the last failed try */
};

/** A usable connection whose schema was checked; -1 with the retriable error of the last try while
 * the back-off runs, with a permanent one when the store must not be used (newer schema, fsync
 * off). */
int store_use(struct store *store, struct error *err, struct pg **ret_pg) WARN_UNUSED;

void store_close(struct store *store);

#endif

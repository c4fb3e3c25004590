/* Recorded answers of commands with an Idempotency-Key: written by append, deleted here.
 * Owner: lib/eventstore. Thread: the connection's.
 */
#ifndef CARTWRIGHT_EVENTSTORE_ANSWERS_H
#define CARTWRIGHT_EVENTSTORE_ANSWERS_H

#include "base/error.h"
#include "eventstore/category.h"
#include "io/pg.h"

/** Deletes answers recorded before a time, at most limit of them; how many into *ret_count. As many
 * as limit: there may be more. Errors as pg_run. */
int answers_sweep(struct pg *pg, const struct category *category, int64_t before_us, int limit,
                  int timeout_ms, struct error *err, int64_t *ret_count) WARN_UNUSED;

#endif

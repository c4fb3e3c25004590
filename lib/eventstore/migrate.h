/* The schema and its numbered migrations, compiled in from schema/NNNN_name.sql.
 * Owner: lib/eventstore. Thread: the connection's.
 */
#ifndef CARTWRIGHT_EVENTSTORE_MIGRATE_H
#define CARTWRIGHT_EVENTSTORE_MIGRATE_H

#include "base/error.h"
#include "eventstore/migrations.h"
#include "io/pg.h"

/** The newest migration of the store that this binary has. */
int schema_version(void);

/** Applies what is missing of the store, each in its own transaction, under an advisory lock.
 * *ret_applied counts. */
int schema_migrate(struct pg *pg, struct error *err, int *ret_applied) WARN_UNUSED;

/** 0 when the store has exactly this binary's schema and the server is durable (fsync,
 * full_page_writes, synchronous_commit on); -1 with a one-line error that says what to do. An older
 * schema is a permanent error as well as a newer one. */
int schema_check(struct pg *pg, struct error *err) WARN_UNUSED;

/** The same for a service's own tables, which lie beside the store's: the store must have been
 * migrated before. */
int component_migrate(struct pg *pg, const struct migration_set *set, struct error *err,
                      int *ret_applied) WARN_UNUSED;
int component_check(struct pg *pg, const struct migration_set *set, struct error *err) WARN_UNUSED;

#endif

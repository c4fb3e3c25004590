/* What pg.c, pg_params.c and pg_result.c share; nobody else includes it.
 * Owner: lib/io. Thread: the connection's.
 */
#ifndef CARTWRIGHT_IO_PG_INTERNAL_H
#define CARTWRIGHT_IO_PG_INTERNAL_H

#include <stdint.h>

#include <libpq-fe.h>

/** Microseconds from 1970-01-01 to PostgreSQL's epoch, 2000-01-01. */
static const int64_t PG_EPOCH_US = 946684800000000;

/* A struct pg_result is a PGresult under a name of ours: the cast is in these two functions only.
 */
struct pg_result;

static inline struct pg_result *pg_result_wrap(PGresult *result)
{
    return (struct pg_result *)result;
}

static inline PGresult *pg_result_unwrap(const struct pg_result *result)
{
    return (PGresult *)(uintptr_t)result;
}

#endif

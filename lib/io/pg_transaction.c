/* Several statements as one transaction.
 * Owner: lib/io. Thread: the connection's.
 */
#include "io/pg.h"

/* What failed before COMMIT was sent has not been done, whatever became of the connection. */
static int not_done(struct error *err)
{
    if (err != NULL && err->kind == ERROR_UNKNOWN)
        err->kind = ERROR_RETRIABLE;
    return -1;
}

int pg_transaction(struct pg *pg,
                   int (*body)(void *argument, struct pg *pg, int timeout_ms, struct error *err),
                   void *argument, int timeout_ms, struct error *err)
{
    if (pg_script(pg, "BEGIN", timeout_ms, err) != 0)
        return not_done(err);
    int rc = body(argument, pg, timeout_ms, err);
    if (rc == 0)
        return pg_script(pg, "COMMIT", timeout_ms, err);
    /* A connection that cannot even roll back is not usable any more, and says so. */
    if (pg_usable(pg) && pg_script(pg, "ROLLBACK", timeout_ms, NULL) != 0)
        pg_abandon(pg);
    return rc == -1 ? not_done(err) : rc;
}

/* The service's connection to the event store: made when needed, made anew with back-off.
 * Owner: lib/service. Thread: the service's.
 */
#include "service/store.h"

#include "base/clock.h"
#include "eventstore/migrate.h"
#include "service/backoff.h"

/* A server that hangs costs every try STORE_CONNECT_TIMEOUT_MS of the one thread: tried seldom. */
enum { STORE_BACKOFF_MAX_MS = 5000 };

static int fail(struct store *store, const struct error *why, struct error *err)
{
    int64_t now_us = clock_monotonic_us();
    store_close(store);
    store->attempt++;
    store->not_before_us =
        now_us + backoff_ms(store->attempt, STORE_BACKOFF_MAX_MS, (uint32_t)now_us) * INT64_C(1000);
    store->last = *why;
    if (err != NULL)
        *err = *why;
    return -1;
}

static int connect_and_check(struct store *store, struct error *err)
{
    struct error why;
    if (pg_open(&store->options, &why, &store->pg) != 0)
        return fail(store, &why, err);
    if (schema_check(store->pg, &why) != 0 ||
        (store->own != NULL && component_check(store->pg, store->own, &why) != 0)) {
        store->refused = why.kind == ERROR_PERMANENT;
        return fail(store, &why, err);
    }
    store->refused = false;
    store->attempt = 0;
    return 0;
}

int store_use(struct store *store, struct error *err, struct pg **ret_pg)
{
    if (store->pg != NULL && !pg_usable(store->pg)) {
        pg_close(store->pg);
        store->pg = NULL;
    }
    if (store->pg == NULL) {
        if (clock_monotonic_us() < store->not_before_us) {
            if (err != NULL)
                *err = store->last;
            return -1;
        }
        if (connect_and_check(store, err) != 0)
            return -1;
    }
    *ret_pg = store->pg;
    return 0;
}

void store_close(struct store *store)
{
    if (store->pg != NULL)
        pg_close(store->pg);
    store->pg = NULL;
}

/* denormalizer --rebuild: all views anew, then the sweep of views whose stream does not exist.
 * Owner: denormalizer. Thread: the only one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "denormalizer/denormalizer.h"
#include "denormalizer/rebuild.h"
#include "denormalizer/store_fold.h"
#include "eventstore/migrate.h"
#include "eventstore/read.h"

enum { CONNECT_TIMEOUT_MS = 5000, PROGRESS_EVERY_MS = 1000 };

struct sweep {
    int64_t looked_at, removed;
};

static int open_store(const struct denormalizer_settings *settings, struct error *err,
                      struct pg **ret_pg)
{
    struct pg_options options = {
        .connection_string = settings->common.postgres_connection_string,
        .application_name = "denormalizer --rebuild",
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .statement_timeout_ms = CONNECT_TIMEOUT_MS,
    };
    if (pg_open(&options, err, ret_pg) != 0)
        return -1;
    if (schema_check(*ret_pg, err) == 0)
        return 0;
    pg_close(*ret_pg);
    return -1;
}

static int rebuild_all(struct rebuild *rebuild, struct pg *pg, struct view_store *views,
                       struct error *err)
{
    int64_t say_us = clock_monotonic_us() + PROGRESS_EVERY_MS * INT64_C(1000);
    while (!rebuild->done) {
        if (rebuild_page(rebuild, pg, views, err) != 0)
            return -1;
        if (clock_monotonic_us() < say_us)
            continue;
        printf("%ld carts rebuilt, at %.*s\n", rebuild->carts, (int)rebuild->cursor.len,
               rebuild->cursor.data);
        fflush(stdout);
        say_us = clock_monotonic_us() + PROGRESS_EVERY_MS * INT64_C(1000);
    }
    return 0;
}

/* What does not carry our token is a cart that was made after its place was passed, or no stream's.
 */
static int sweep_page(struct sweep *sweep, struct pg *pg, struct view_store *views,
                      const struct swept_view *page, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        int32_t version;
        bool removed;
        sweep->looked_at++;
        if (read_version(pg, &category_cart, slice_of(page[i].id), STORE_FOLD_TIMEOUT_MS, err,
                         &version) != 0)
            return -1;
        if (version > 0)
            continue;
        if (view_store_remove(views, &page[i], err, &removed) != 0)
            return -1;
        sweep->removed += removed;
    }
    return 0;
}

static int sweep_all(struct sweep *sweep, const struct rebuild *rebuild, struct pg *pg,
                     struct view_store *views, struct error *err)
{
    struct view_scan scan = {.cursor = "0"};
    struct swept_view *page = mem_calloc(VIEW_SCAN_PAGE, sizeof(*page));
    int rc = 0;
    while (rc == 0 && !scan.done) {
        size_t count;
        rc = view_store_scan(views, &scan, rebuild->token, page, VIEW_SCAN_PAGE, &count, err);
        if (rc == 0)
            rc = sweep_page(sweep, pg, views, page, count, err);
    }
    free(page);
    return rc;
}

static int run(const struct denormalizer_settings *settings, struct rebuild *rebuild,
               struct view_store *views, struct sweep *sweep, struct error *err)
{
    struct pg *pg;
    if (view_store_init(views, settings->redis_connection_string, err) != 0 ||
        view_connection_use(&views->link, err) != 0 || open_store(settings, err, &pg) != 0)
        return -1;
    int rc = rebuild_all(rebuild, pg, views, err);
    if (rc == 0)
        rc = sweep_all(sweep, rebuild, pg, views, err);
    pg_close(pg);
    return rc;
}

int rebuild_run(const void *settings)
{
    struct rebuild rebuild;
    struct view_store views = {.link = {.redis = NULL}};
    struct sweep sweep = {0, 0};
    struct error err;
    int64_t begin_us = clock_monotonic_us();
    rebuild_init(&rebuild);
    int rc = run(settings, &rebuild, &views, &sweep, &err);
    if (rc != 0)
        log_error("rebuild not finished; no view got worse, start it again",
                  LOG_TEXT("why", err.message), LOG_INT("carts", rebuild.carts));
    else
        printf("rebuilt %ld carts in %.1f s; %ld folded again because they changed meanwhile, %ld "
               "views without a stream removed, %ld carts not foldable\n",
               rebuild.carts, (double)(clock_monotonic_us() - begin_us) / 1e6, rebuild.again,
               sweep.removed, rebuild.bad);
    view_store_free(&views);
    int64_t bad = rebuild.bad;
    rebuild_free(&rebuild);
    return rc != 0 || bad > 0;
}

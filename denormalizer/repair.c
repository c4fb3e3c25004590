/* The repair after Redis lost its data.
 * Owner: denormalizer. Thread: the service's.
 */
#include "denormalizer/repair.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "denormalizer/store_fold.h"
#include "eventstore/read.h"

void repair_want(struct repair *repair, int partition)
{
    CHECK(partition < REPAIR_PARTITIONS_MAX && category_cart.partitions <= REPAIR_PARTITIONS_MAX);
    if (repair->running && repair->partitions[partition])
        return;
    repair->wanted[partition] = repair->any_wanted = true;
}

void repair_free(struct repair *repair)
{
    if (repair->running)
        rebuild_free(&repair->rebuild);
    free(repair->positions);
    *repair = (struct repair){.running = false};
}

/* Back to the beginning: the same partitions are wanted again. */
static void start_over(struct repair *repair)
{
    log_warning("repair starts over: Redis lost data again");
    for (int i = 0; i < category_cart.partitions; i++)
        repair->wanted[i] = repair->wanted[i] || repair->partitions[i];
    repair->any_wanted = true;
    repair->running = false;
    rebuild_free(&repair->rebuild);
}

/* The marks of wanted partitions that a killed process left, written together: we go on with those.
 */
static int find_marks(struct repair *repair, struct view_store *views, struct error *err)
{
    struct repair_mark first = {.position = 0};
    repair->count = 0;
    for (int i = 0; i < category_cart.partitions; i++) {
        struct repair_mark mark;
        if (!repair->wanted[i])
            continue;
        if (view_store_repair_read(views, i, err, &mark) != 0)
            return -1;
        if (mark.token[0] == '\0')
            continue;
        if (repair->count == 0)
            first = mark;
        if (strcmp(mark.token, first.token) == 0 && strcmp(mark.cursor, first.cursor) == 0)
            repair->positions[repair->count++] = (struct view_position){i, 0, mark.position, -1};
    }
    if (repair->count > 0) {
        rebuild_init(&repair->rebuild);
        memcpy(repair->rebuild.token, first.token, sizeof(first.token));
        buf_text(&repair->rebuild.cursor, first.cursor);
    }
    return 0;
}

static int make_marks(struct repair *repair, struct pg *pg, struct view_store *views,
                      struct error *err)
{
    int64_t heads[REPAIR_PARTITIONS_MAX], events = 0;
    if (read_heads(pg, &category_cart, STORE_FOLD_TIMEOUT_MS, err, heads) != 0)
        return -1;
    for (int i = 0; i < category_cart.partitions; i++) {
        if (!repair->wanted[i])
            continue;
        repair->positions[repair->count++] = (struct view_position){i, 0, heads[i], -1};
        events += heads[i];
    }
    rebuild_init(&repair->rebuild);
    repair->rebuild.done = events == 0;
    return view_store_repair_begin(views, repair->rebuild.token, repair->positions, repair->count,
                                   err);
}

static int begin(struct repair *repair, struct pg *pg, struct view_store *views, struct error *err)
{
    repair->positions = mem_realloc(repair->positions, (size_t)category_cart.partitions *
                                                           sizeof(repair->positions[0]));
    if (find_marks(repair, views, err) != 0 ||
        (repair->count == 0 && make_marks(repair, pg, views, err) != 0))
        return -1;
    memset(repair->partitions, 0, sizeof(repair->partitions));
    for (size_t i = 0; i < repair->count; i++) {
        repair->partitions[repair->positions[i].partition] = true;
        repair->wanted[repair->positions[i].partition] = false;
    }
    repair->any_wanted = memchr(repair->wanted, true, sizeof(repair->wanted)) != NULL;
    repair->rebuild.partitions = repair->partitions;
    repair->running = true;
    repair->resume = false;
    repair->begin_us = clock_monotonic_us();
    if (!repair->rebuild.done)
        log_warning("Redis has no positions: making the views from the event store",
                    LOG_INT("partitions", (int64_t)repair->count),
                    LOG_TEXT("after", buf_cstr(&repair->rebuild.cursor)));
    return 0;
}

/* After Redis was away its last seconds may be gone: the mark says what is there, because Redis
 * loses from the end only. */
static int find_place(struct repair *repair, struct view_store *views, struct error *err,
                      bool *ret_there)
{
    struct repair_mark mark;
    if (view_store_repair_read(views, repair->positions[0].partition, err, &mark) != 0)
        return -1;
    *ret_there = strcmp(mark.token, repair->rebuild.token) == 0;
    buf_clear(&repair->rebuild.cursor);
    buf_text(&repair->rebuild.cursor, mark.cursor);
    repair->rebuild.done = false;
    repair->resume = false;
    return 0;
}

static int next_page(struct repair *repair, struct pg *pg, struct view_store *views,
                     struct error *err, bool *ret_there)
{
    struct rebuild *rebuild = &repair->rebuild;
    if (rebuild_page(rebuild, pg, views, err) != 0)
        return -1;
    return view_store_repair_mark(views, rebuild->token, buf_slice(&rebuild->cursor),
                                  repair->positions, repair->count, err, ret_there);
}

static int finish(struct repair *repair, struct view_store *views, struct error *err,
                  bool *ret_there)
{
    struct rebuild *rebuild = &repair->rebuild;
    if (view_store_repair_end(views, rebuild->token, repair->positions, repair->count, err,
                              ret_there) != 0)
        return -1;
    if (!*ret_there)
        return 0;
    if (rebuild->carts > 0)
        log_info("views repaired", LOG_INT("carts", rebuild->carts),
                 LOG_INT("notFoldable", rebuild->bad),
                 LOG_INT("durationMs", (clock_monotonic_us() - repair->begin_us) / 1000));
    repair->running = false;
    rebuild_free(rebuild);
    return 0;
}

int repair_step(struct repair *repair, struct pg *pg, struct view_store *views, struct error *err)
{
    bool there = true;
    int rc;
    if (!repair->running && !repair->any_wanted)
        return 0;
    if (!repair->running)
        rc = begin(repair, pg, views, err);
    else if (repair->resume)
        rc = find_place(repair, views, err, &there);
    else if (!repair->rebuild.done)
        rc = next_page(repair, pg, views, err, &there);
    else
        rc = finish(repair, views, err, &there);
    if (rc != 0) {
        repair->resume = repair->running;
        return -1;
    }
    if (!there)
        start_over(repair);
    return repair->running || repair->any_wanted;
}

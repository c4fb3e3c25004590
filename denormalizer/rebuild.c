/* Views made from the event store, stream by stream.
 * Owner: denormalizer. Thread: one at a time.
 */
#include "denormalizer/rebuild.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/uuid.h"
#include "denormalizer/store_fold.h"
#include "eventstore/read.h"

void rebuild_init(struct rebuild *rebuild)
{
    struct uuid_source source = {.left = 0};
    uint64_t number;
    *rebuild = (struct rebuild){.carts = 0};
    uuid_random(&source, &number, sizeof(number));
    snprintf(rebuild->token, sizeof(rebuild->token), "%016lx", number);
}

void rebuild_free(struct rebuild *rebuild)
{
    buf_free(&rebuild->cursor);
}

struct id_page {
    struct rebuild *rebuild;
    struct buf last; /* the page's last id, ours or not */
    size_t seen, count;
    struct folded_cart carts[REBUILD_PAGE];
    char ids[REBUILD_PAGE][CART_ID_MAX];
};

static int take_id(void *argument, const struct event_record *event)
{
    struct id_page *page = argument;
    const bool *partitions = page->rebuild->partitions;
    struct slice id = event->stream_id;
    page->seen++;
    buf_clear(&page->last);
    buf_append(&page->last, id.data, id.len);
    if (id.len > CART_ID_MAX) {
        page->rebuild->bad++; /* nobody can ask for it */
        return 0;
    }
    if (partitions != NULL &&
        !partitions[hash_partition(id.data, id.len, category_cart.partitions)])
        return 0;
    char *copy = page->ids[page->count];
    memcpy(copy, id.data, id.len);
    page->carts[page->count++] = (struct folded_cart){.id = {copy, id.len}};
    return 0;
}

static void free_carts(struct folded_cart *carts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cart_free(&carts[i].cart);
}

/* A cart that cannot be folded keeps the view it has; keeps the others, in their order. */
static size_t set_aside_bad(struct rebuild *rebuild, struct folded_cart *carts, size_t count)
{
    size_t good = 0;
    for (size_t i = 0; i < count; i++) {
        if (carts[i].bad) {
            rebuild->bad++;
            log_error("cart not rebuilt: its events cannot be folded",
                      LOG_TEXT("why", carts[i].why.message));
        }
        if (carts[i].bad || carts[i].cart.version == 0)
            cart_free(&carts[i].cart);
        else
            carts[good++] = carts[i];
    }
    return good;
}

/* Folds and writes the carts; those that must be folded again are moved to the front, *count says
 * how many. */
static int write_carts(struct rebuild *rebuild, struct pg *pg, struct view_store *views,
                       struct folded_cart *carts, size_t *count, struct error *err)
{
    struct rebuilt_cart writes[REBUILD_PAGE];
    char verdicts[REBUILD_PAGE];
    if (store_fold(pg, carts, *count, err) != 0)
        return -1;
    *count = set_aside_bad(rebuild, carts, *count);
    for (size_t i = 0; i < *count; i++)
        writes[i] = (struct rebuilt_cart){carts[i].id, &carts[i].cart};
    if (view_store_replace(views, rebuild->token, writes, *count, verdicts, err) != 0)
        return -1;
    size_t again = 0;
    for (size_t i = 0; i < *count; i++) {
        cart_free(&carts[i].cart);
        if (verdicts[i] == '!')
            carts[again++] = (struct folded_cart){.id = carts[i].id};
        else
            rebuild->carts++;
    }
    *count = again;
    return 0;
}

static int write_page(struct id_page *page, struct pg *pg, struct view_store *views,
                      struct error *err)
{
    struct rebuild *rebuild = page->rebuild;
    for (int attempt = 1; page->count > 0; attempt++) {
        if (attempt > 1)
            rebuild->again += (int64_t)page->count;
        if (attempt > REBUILD_AGAIN_MAX)
            return error_set(
                err, ERROR_RETRIABLE,
                "cart %.*s changes faster than it can be rebuilt, or its view is ahead "
                "of the event store",
                (int)page->carts[0].id.len, page->carts[0].id.data);
        if (write_carts(rebuild, pg, views, page->carts, &page->count, err) != 0)
            return -1;
    }
    return 0;
}

int rebuild_page(struct rebuild *rebuild, struct pg *pg, struct view_store *views,
                 struct error *err)
{
    struct id_page *page = mem_calloc(1, sizeof(*page));
    page->rebuild = rebuild;
    struct slice after = rebuild->cursor.len > 0 ? buf_slice(&rebuild->cursor) : slice_of("");
    int rc = read_stream_ids(pg, &category_cart, after, REBUILD_PAGE, take_id, page,
                             STORE_FOLD_TIMEOUT_MS, err);
    if (rc == 0)
        rc = write_page(page, pg, views, err);
    if (rc == 0 && page->seen > 0) {
        buf_clear(&rebuild->cursor);
        buf_append(&rebuild->cursor, page->last.data, page->last.len);
    }
    rebuild->done = rc == 0 && page->seen < REBUILD_PAGE;
    free_carts(page->carts, page->count);
    buf_free(&page->last);
    free(page);
    return rc;
}

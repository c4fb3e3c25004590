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
    int64_t newer[REBUILD_PAGE]; /* per cart: as rebuilt_cart.newer says why it is folded again */
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
static void set_aside_bad(struct id_page *page)
{
    size_t good = 0;
    for (size_t i = 0; i < page->count; i++) {
        struct folded_cart *cart = &page->carts[i];
        if (cart->bad) {
            page->rebuild->bad++;
            log_error("cart not rebuilt: its events cannot be folded",
                      LOG_TEXT("why", cart->why.message));
        }
        if (cart->bad || cart->cart.version == 0) {
            cart_free(&cart->cart);
            continue;
        }
        page->newer[good] = page->newer[i];
        page->carts[good++] = *cart;
    }
    page->count = good;
}

/* Folds and writes the page's carts; what must be folded again stays in the page. */
static int write_carts(struct id_page *page, struct pg *pg, struct view_store *views,
                       struct error *err)
{
    struct rebuilt_cart writes[REBUILD_PAGE];
    if (view_connection_use(&views->link, err) != 0 ||
        store_fold(pg, page->carts, page->count, err) != 0)
        return -1;
    set_aside_bad(page);
    for (size_t i = 0; i < page->count; i++) {
        const struct cart *cart = &page->carts[i].cart;
        /* Seen in Redis before we read the store, and still not in the store: it never was. */
        int64_t beyond = page->newer[i] > cart->version ? page->newer[i] : 0;
        writes[i] = (struct rebuilt_cart){page->carts[i].id, cart, beyond, 0};
    }
    if (view_store_replace(views, page->rebuild->token, writes, page->count, err) != 0)
        return -1;
    size_t again = 0;
    for (size_t i = 0; i < page->count; i++) {
        cart_free(&page->carts[i].cart);
        if (writes[i].newer == 0) {
            page->rebuild->carts++;
            continue;
        }
        page->newer[again] = writes[i].newer;
        page->carts[again++] = (struct folded_cart){.id = page->carts[i].id};
    }
    page->count = again;
    return 0;
}

static int write_page(struct id_page *page, struct pg *pg, struct view_store *views,
                      struct error *err)
{
    for (int attempt = 1; page->count > 0; attempt++) {
        if (attempt > 1)
            page->rebuild->again += (int64_t)page->count;
        if (attempt > REBUILD_AGAIN_MAX)
            return error_set(err, ERROR_RETRIABLE,
                             "cart %.*s changes faster than it can be rebuilt",
                             (int)page->carts[0].id.len, page->carts[0].id.data);
        if (write_carts(page, pg, views, err) != 0)
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

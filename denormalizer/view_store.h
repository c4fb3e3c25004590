/* The effect: views, states and positions in Redis, through the function library in view.lua.
 * Owner: denormalizer. Thread: one at a time.
 */
#ifndef CARTWRIGHT_DENORMALIZER_VIEW_STORE_H
#define CARTWRIGHT_DENORMALIZER_VIEW_STORE_H

#include "cart/cart.h"
#include "cart/cart_view.h"
#include "denormalizer/cart_cache.h"
#include "views/view_connection.h"
#include "views/view_positions.h"

enum { VIEW_CHUNK = 64 }; /* carts in one call: Redis serves readers between calls */

struct view_store {
    struct view_connection link;
    struct buf view, state; /* of the cart that is being written */
};

/** Parses where Redis is; nothing is connected. -1: a permanent error. */
int view_store_init(struct view_store *store, const char *connection_string,
                    struct error *err) WARN_UNUSED;
void view_store_free(struct view_store *store);

/* All below need a successful view_connection_use just before, and close the connection when they
 * fail (always retriable): what was asked may have happened or not. */

/** Loads state and rebuild token of each cart; one that Redis does not have, or not whole, is left
 * empty (version 0). All become loaded. */
int view_store_load(struct view_store *store, struct cached_cart *const *carts, size_t count,
                    struct error *err) WARN_UNUSED;

enum view_put {
    VIEW_PUT_DONE,
    VIEW_PUT_LOST,    /* Redis has less than expected: nothing was written since */
    VIEW_PUT_REBUILT, /* carts with verdict '!' must be folded anew, the positions were not written
                       */
    VIEW_PUT_FAILED,
};

/** Writes the carts and, with the last of them, the positions. verdicts[i]: '+' written, '=' not
 * newer,
 * '!' a rebuild replaced what it was folded from, or it is gone. */
enum view_put view_store_put(struct view_store *store, struct cached_cart *const *carts,
                             size_t count, const struct view_position *positions,
                             size_t position_count, char *verdicts, struct error *err) WARN_UNUSED;

/** A cart as the store has it, for rebuilds. */
struct rebuilt_cart {
    struct slice id;
    const struct cart *cart;
    int64_t beyond; /* a version in Redis that the store does not reach, to be replaced; 0: none */
    int64_t newer;  /* out: 0 when Redis has it, else the newer version there that is not this
                       rebuild's, or REBUILT_EMPTIED */
};
enum { REBUILT_EMPTIED = -1 }; /* Redis was emptied since the cart was folded: not written */

/** Writes the carts over the same or older versions, and over those beyond. */
int view_store_replace(struct view_store *store, const char *token, struct rebuilt_cart *carts,
                       size_t count, struct error *err) WARN_UNUSED;

/** The marks of a repair (see view.lua): *ret_there is false when they are gone. */
int view_store_repair_begin(struct view_store *store, const char *token,
                            const struct view_position *positions, size_t count,
                            struct error *err) WARN_UNUSED;
int view_store_repair_mark(struct view_store *store, const char *token, struct slice cursor,
                           const struct view_position *positions, size_t count, struct error *err,
                           bool *ret_there) WARN_UNUSED;
int view_store_repair_end(struct view_store *store, const char *token,
                          const struct view_position *positions, size_t count, struct error *err,
                          bool *ret_there) WARN_UNUSED;

/** The mark of a partition's repair; token is "" when there is none. */
struct repair_mark {
    char token[REBUILT_TOKEN_SIZE];
    int64_t position;
    char cursor[CART_ID_MAX + 1];
};
int view_store_repair_read(struct view_store *store, int partition, struct error *err,
                           struct repair_mark *ret_mark) WARN_UNUSED;

/** What --rebuild sweeps: a page of view keys that this rebuild did not write. */
struct swept_view {
    char id[CART_ID_MAX + 1];
    char version[12], rebuilt[REBUILT_TOKEN_SIZE];
};
struct view_scan {
    char cursor[24]; /* "0" to begin */
    bool done;
};
enum { VIEW_SCAN_PAGE = 1000 };
/** The next page's views whose token is not token, at most max; sets scan->done after the last
 * page. */
int view_store_scan(struct view_store *store, struct view_scan *scan, const char *token,
                    struct swept_view *ret_views, size_t max, size_t *ret_count,
                    struct error *err) WARN_UNUSED;
/** Deletes the view unless it changed since it was swept. */
int view_store_remove(struct view_store *store, const struct swept_view *view, struct error *err,
                      bool *ret_removed) WARN_UNUSED;

#endif

/* Views made from the event store, stream by stream, beside whoever writes views meanwhile.
 * Owner: denormalizer. Thread: one at a time.
 *
 * Each cart's hash carries the token of the last rebuild that wrote it, each live write the token
 * of what it was folded from, and Redis refuses a live write whose token is not the hash's. So:
 *
 *   A view that carries our token was folded from the event store after this rebuild began, or
 * folded on from such a state. A rebuild is done with a cart when its view carries the token.
 *
 * The same version without the token is replaced: its content could be wrong. A newer version
 * without it could be, too, because it may be folded on from a wrong state: the cart is folded
 * again, now to at least that version since what Redis has was in the store before. It ends as soon
 * as no event comes between a fold and its write. A newer version with the token is right as it is.
 * Readers always find a view: none is deleted or goes back.
 */
#ifndef CARTWRIGHT_DENORMALIZER_REBUILD_H
#define CARTWRIGHT_DENORMALIZER_REBUILD_H

#include "denormalizer/view_store.h"
#include "io/pg.h"

struct rebuild {
    char token[REBUILT_TOKEN_SIZE];
    struct buf cursor; /* the last stream that is done */
    bool done;         /* no stream after cursor */
    /* Only streams of these partitions; all when NULL. */
    const bool *partitions;
    int64_t carts, again, bad; /* written, folded again because of a newer view, not foldable */
};

enum { REBUILD_PAGE = 200, REBUILD_AGAIN_MAX = 20 };

void rebuild_init(struct rebuild *rebuild);
void rebuild_free(struct rebuild *rebuild);

/** Makes the views of the next REBUILD_PAGE streams; sets done after the last. -1: the page must be
 * done again. */
int rebuild_page(struct rebuild *rebuild, struct pg *pg, struct view_store *views,
                 struct error *err) WARN_UNUSED;

/** The verb: rebuilds all views, removes those without a stream. Prints progress; exit code. */
int rebuild_run(const void *settings);

#endif

/* A read of the event store on its way: from the request over a reader's thread to the answer.
 * Owner: cart-api; freed by its own answer. Thread: the worker's, but for load(), which is a
 * reader's.
 */
#ifndef CARTWRIGHT_CART_API_READING_H
#define CARTWRIGHT_CART_API_READING_H

#include "cart-api/app.h"
#include "cart/cart.h"
#include "http/problem.h"
#include "proto/cart_event.h"

/** First member of a route's own struct, which is one malloc block. */
struct reading {
    struct http_deferred deferred;
    struct pg_job job;
    struct app *app;
    size_t cart_id_length;
    char cart_id_text[CART_ID_MAX];
    /* Reads the store and sets what is answered below; 0, or -1 with err for a failure of the
     * store. */
    int (*load)(struct reading *reading, struct pg *pg, struct error *err);
    /* The answer: a problem, or a body of a version. */
    const struct problem *problem;
    const char *detail; /* static */
    struct buf body;
    int32_t version; /* of the body, for its ETag; 0: none */
    /* Whose cart it is, set by load as soon as it knows: whoever may not read it is answered as if
     * there were none, and so is everybody while nobody knows. */
    bool everybodys; /* the caller may read every cart: nobody needs to know */
    bool found;
    size_t owner_length;
    char owner_text[PRINCIPAL_MAX];
};

static inline struct slice reading_cart_id(const struct reading *reading)
{
    return (struct slice){reading->cart_id_text, reading->cart_id_length};
}

/** A block of size bytes that starts with a reading of this cart, deferred on request. */
void *reading_new(size_t size, struct app *app, struct http_request *request, struct slice cart_id,
                  int (*load)(struct reading *, struct pg *, struct error *));

/** load: folds the cart up to a version (0: the head) or a time (0: no bound) into *cart, which
 * must be zeroed and is freed by the caller in any case. 0: the cart, or problem is set; -1 with
 * err. */
int reading_fold(struct reading *reading, struct pg *pg, int32_t upto_version, int64_t upto_us,
                 struct cart *cart, struct error *err) WARN_UNUSED;

/** load: there is this cart. */
void reading_found(struct reading *reading, const struct cart *cart);

/** load: finds out whose cart it is now, for what shows another state than the last; asks the store
 * only when the answer depends on it, and refuses when there is no such cart. 0, or -1 with err. */
int reading_find(struct reading *reading, struct pg *pg, struct error *err) WARN_UNUSED;

/** Has a reader load and the worker answer; refuses when too many reads wait. */
void reading_submit(struct reading *reading);

/** Answers and frees; for a reading that needs no reader after all it is called by http_post. */
void reading_complete(struct http_deferred *deferred);

/** Answers request with a view: 200, or 304 when If-None-Match names the version. */
void reading_answer_view(struct http_request *request, int32_t version, struct slice body);

void reading_refuse(struct reading *reading, const struct problem *problem, const char *detail);

#endif

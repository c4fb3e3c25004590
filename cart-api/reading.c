/* A read of the event store on its way: from the request over a reader's thread to the answer.
 * Owner: cart-api. Thread: the worker's, but for load(), which is a reader's.
 */
#include "cart-api/reading.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "cart-api/caller.h"
#include "cart-api/cart_load.h"
#include "cart-api/fields.h"
#include "cart-api/problems.h"

static const char no_store[] = "private, no-store";

void reading_refuse(struct reading *reading, const struct problem *problem, const char *detail)
{
    reading->problem = problem;
    reading->detail = detail;
}

void reading_answer_view(struct http_request *request, int32_t version, struct slice body)
{
    char etag[ETAG_TEXT_SIZE];
    struct slice known;
    http_add_header(request, "etag", field_etag(version, etag));
    http_add_header(request, "cache-control", slice_of(no_store));
    if (http_header_count(request, "if-none-match") == 1 &&
        http_header(request, "if-none-match", &known) && field_if_none_match(known, version))
        http_answer(request, 304, NULL, (struct slice){NULL, 0});
    else
        http_answer(request, 200, "application/json", body);
}

/** Another's cart answers in the words of one that is not there. */
static bool is_hidden(const struct http_request *request, const struct reading *reading)
{
    struct slice owner = {reading->owner_text, reading->owner_length};
    if (reading->problem == &problem_cart_not_found)
        return true;
    if (reading->found)
        return !caller_may_read(auth_of(request), owner);
    return reading->problem == NULL && !reading->everybodys;
}

static void answer(struct http_request *request, const struct reading *reading)
{
    if (is_hidden(request, reading)) {
        caller_refuse_cart(request);
        return;
    }
    if (reading->problem != NULL) {
        problem_answer(request, reading->problem, reading->detail, NULL, 0);
        return;
    }
    if (reading->version > 0) {
        reading_answer_view(request, reading->version, buf_slice(&reading->body));
        return;
    }
    http_add_header(request, "cache-control", slice_of(no_store));
    http_answer(request, 200, "application/json", buf_slice(&reading->body));
}

void reading_complete(struct http_deferred *deferred)
{
    struct reading *reading = CONTAINER_OF(deferred, struct reading, deferred);
    if (deferred->request != NULL)
        answer(deferred->request, reading);
    buf_free(&reading->body);
    free(reading);
}

void reading_found(struct reading *reading, const struct cart *cart)
{
    char text[PRINCIPAL_MAX];
    struct slice owner = cart_owner(cart, text);
    memcpy(reading->owner_text, owner.data, owner.len);
    reading->owner_length = owner.len;
    reading->found = true;
}

int reading_fold(struct reading *reading, struct pg *pg, int32_t upto_version, int64_t upto_us,
                 struct cart *cart, struct error *err)
{
    switch (cart_load(pg, reading_cart_id(reading), upto_version, upto_us,
                      (int)reading->app->settings->read_timeout_ms, cart, err)) {
    case CART_LOADED:
        return 0;
    case CART_UNREADABLE:
        reading_refuse(reading, &problem_cart_unreadable,
                       "The stored events of this cart cannot be folded.");
        return 0;
    case CART_NOT_LOADED:
        return -1;
    }
    NOT_REACHED();
}

int reading_find(struct reading *reading, struct pg *pg, struct error *err)
{
    struct cart cart = {0};
    if (reading->everybodys)
        return 0;
    int rc = reading_fold(reading, pg, 0, 0, &cart, err);
    if (rc == 0 && reading->problem == NULL) {
        if (cart.version > 0)
            reading_found(reading, &cart);
        else
            reading_refuse(reading, &problem_cart_not_found, NULL);
    }
    cart_free(&cart);
    return rc;
}

/* ---- on the reader's thread */

static int run(struct pg_job *job, struct pg *pg, struct error *err)
{
    struct reading *reading = CONTAINER_OF(job, struct reading, job);
    buf_clear(&reading->body);
    reading->problem = NULL;
    reading->found = false;
    return reading->load(reading, pg, err);
}

static void done(struct pg_job *job, const struct error *err)
{
    struct reading *reading = CONTAINER_OF(job, struct reading, job);
    if (err != NULL && err->kind == ERROR_PERMANENT) {
        log_error("read failed", LOG_TEXT("reason", err->message));
        reading_refuse(reading, &problem_internal, "The event store refused to answer.");
    } else if (err != NULL) {
        log_debug("read failed", LOG_TEXT("reason", err->message));
        reading_refuse(reading, &problem_store_unavailable, "Try again.");
    }
    http_post(&reading->deferred);
}

/* ---- the start */

void *reading_new(size_t size, struct app *app, struct http_request *request, struct slice cart_id,
                  int (*load)(struct reading *, struct pg *, struct error *))
{
    CHECK(size >= sizeof(struct reading) && cart_id.len <= CART_ID_MAX);
    struct reading *reading = mem_calloc(1, size);
    reading->app = app;
    reading->load = load;
    reading->everybodys = caller_may_read(auth_of(request), (struct slice){NULL, 0});
    reading->cart_id_length = cart_id.len;
    memcpy(reading->cart_id_text, cart_id.data, cart_id.len);
    http_defer(request, &reading->deferred, reading_complete);
    return reading;
}

void reading_submit(struct reading *reading)
{
    struct app *app = reading->app;
    reading->job.run = run;
    reading->job.done = done;
    reading->job.deadline_us =
        clock_monotonic_us() + app->settings->read_timeout_ms * (int64_t)1000;
    /* Without a committer nobody has looked yet whether the store is one that this binary may read.
     */
    if (atomic_load_explicit(&app->committer, memory_order_acquire) == NULL) {
        reading_refuse(reading, &problem_store_unavailable, "Try again.");
    } else if (pg_pool_submit(app->readers, &reading->job)) {
        return; /* from here on the reader has it */
    } else {
        metric_add(app->counters.folds_refused, 0, 1);
        reading_refuse(reading, &problem_overloaded, "Too many reads wait; try again.");
    }
    http_post(&reading->deferred);
}

/* What was observed about one key, in the order of event time, bounded. Pure.
 *
 * Observations may come in any order and more than once: the window has each once, at its place. It
 * keeps the newest `keep`; beyond that the oldest goes. Owner: fraud. Thread: one at a time.
 */
#ifndef CARTWRIGHT_FRAUD_WINDOW_H
#define CARTWRIGHT_FRAUD_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/uuid.h"

/** The slices are the caller's in window_add, the window's afterwards. */
struct observation {
    int64_t at_us; /* event time */
    struct uuid event_id;
    int part;             /* of the event: identifies the observation together with event_id */
    struct slice cart_id; /* whose event it was */
    int64_t number;
    struct slice item; /* what is counted by distinct */
};

/** Zero-initialise but for keep (1 or more). items[first] … items[end - 1] are in order. */
struct window {
    struct observation **items;
    size_t first, end, capacity;
    size_t keep;
};

/** A copy of the observation at its place. False when it is there already, or older than all of a
 * full window. */
bool window_add(struct window *window, const struct observation *observation);

/** Forgets what is at or before this time. */
void window_forget(struct window *window, int64_t upto_us);

static inline size_t window_count(const struct window *window)
{
    return window->end - window->first;
}

/** The index of the first observation after this time; window->end: none. */
size_t window_after(const struct window *window, int64_t at_us);

void window_clear(struct window *window);
void window_free(struct window *window);

#endif

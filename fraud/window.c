/* What was observed about one key, in the order of event time, bounded.
 * Owner: fraud. Thread: one at a time.
 */
#include "fraud/window.h"

#include <stdlib.h>

#include "base/memory.h"

static struct observation *copy(const struct observation *from)
{
    struct observation *to = mem_alloc(sizeof(*to) + from->cart_id.len + from->item.len);
    char *texts = (char *)(to + 1);
    *to = *from;
    if (from->cart_id.len > 0)
        memcpy(texts, from->cart_id.data, from->cart_id.len);
    if (from->item.len > 0)
        memcpy(texts + from->cart_id.len, from->item.data, from->item.len);
    to->cart_id.data = texts;
    to->item.data = texts + from->cart_id.len;
    return to;
}

static int compare(const struct observation *a, const struct observation *b)
{
    if (a->at_us != b->at_us)
        return a->at_us < b->at_us ? -1 : 1;
    int ids = memcmp(a->event_id.bytes, b->event_id.bytes, sizeof(a->event_id.bytes));
    if (ids != 0)
        return ids;
    return (a->part > b->part) - (a->part < b->part);
}

/* Where it stands or would stand: the first that is not before it. Most come at the end. */
static size_t place_of(const struct window *window, const struct observation *observation)
{
    size_t low = window->first, high = window->end;
    if (high > low && compare(window->items[high - 1], observation) < 0)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(window->items[middle], observation) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void drop_first(struct window *window)
{
    free(window->items[window->first++]);
}

/* Room for one more at the end; the places of what was dropped are used before it grows. */
static void make_room(struct window *window)
{
    if (window->end < window->capacity)
        return;
    if (window->first > window->capacity / 2) {
        memmove(window->items, window->items + window->first,
                window_count(window) * sizeof(window->items[0]));
        window->end -= window->first;
        window->first = 0;
        return;
    }
    window->capacity = window->capacity > 0 ? window->capacity * 2 : 8;
    window->items = mem_realloc(window->items, window->capacity * sizeof(window->items[0]));
}

bool window_add(struct window *window, const struct observation *observation)
{
    CHECK(window->keep > 0);
    size_t place = place_of(window, observation);
    if (place < window->end && compare(window->items[place], observation) == 0)
        return false;
    if (window_count(window) >= window->keep && place == window->first)
        return false;
    size_t before = place - window->first;
    make_room(window);
    place = window->first + before;
    memmove(window->items + place + 1, window->items + place,
            (window->end - place) * sizeof(window->items[0]));
    window->items[place] = copy(observation);
    window->end++;
    if (window_count(window) > window->keep)
        drop_first(window);
    return true;
}

size_t window_after(const struct window *window, int64_t at_us)
{
    size_t low = window->first, high = window->end;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (window->items[middle]->at_us <= at_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void window_forget(struct window *window, int64_t upto_us)
{
    while (window_count(window) > 0 && window->items[window->first]->at_us <= upto_us)
        drop_first(window);
}

void window_clear(struct window *window)
{
    window_forget(window, INT64_MAX);
    window->first = window->end = 0;
}

void window_free(struct window *window)
{
    window_clear(window);
    free(window->items);
    *window = (struct window){.keep = window->keep};
}

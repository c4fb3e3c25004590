/* A rule's aggregate over a window.
 * Owner: fraud. Thread: any.
 */
#include "fraud/measure.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/memory.h"

static bool is_better(const struct rule *rule, double value, double best)
{
    return rule->below ? value < best : value > best;
}

/* ---- distinct: the items of a window that slides, each with how often it is in */

struct tally_entry {
    struct map_entry entry;
    size_t count;
};

static void tally_add(struct map *tally, struct slice item)
{
    struct map_entry *found = map_find(tally, item);
    if (found == NULL) {
        struct tally_entry *made = mem_calloc(1, sizeof(*made));
        made->entry.key = item;
        map_insert(tally, &made->entry);
        found = &made->entry;
    }
    CONTAINER_OF(found, struct tally_entry, entry)->count++;
}

static void tally_remove(struct map *tally, struct slice item)
{
    struct map_entry *found = map_find(tally, item);
    CHECK(found != NULL);
    struct tally_entry *entry = CONTAINER_OF(found, struct tally_entry, entry);
    if (--entry->count > 0)
        return;
    map_remove(tally, found);
    free(entry);
}

static void tally_free(struct map *tally)
{
    while (tally->oldest != NULL) {
        struct map_entry *entry = tally->oldest;
        map_remove(tally, entry);
        free(CONTAINER_OF(entry, struct tally_entry, entry));
    }
    map_free(tally);
}

/* ---- count, sum, distinct: the best of the windows that end with an observation */

static double slide_value(const struct rule *rule, const struct map *tally, size_t count,
                          __int128 sum)
{
    if (rule->aggregate == AGGREGATE_DISTINCT)
        return (double)tally->count;
    return rule->aggregate == AGGREGATE_SUM ? (double)sum : (double)count;
}

static void slide(const struct rule *rule, const struct window *window, size_t begin, size_t end,
                  struct measure *measure)
{
    struct map tally = {0};
    size_t first = begin;
    __int128 sum = 0;
    for (size_t i = begin; i < end; i++) {
        const struct observation *now = window->items[i];
        sum += now->number;
        if (rule->aggregate == AGGREGATE_DISTINCT)
            tally_add(&tally, now->item);
        for (; window->items[first]->at_us <= now->at_us - rule->window_us; first++) {
            sum -= window->items[first]->number;
            if (rule->aggregate == AGGREGATE_DISTINCT)
                tally_remove(&tally, window->items[first]->item);
        }
        double value = slide_value(rule, &tally, i + 1 - first, sum);
        /* Of equals the newest, whose events a reviewer remembers. */
        if (i == begin || !is_better(rule, measure->value, value))
            *measure = (struct measure){value, first, i + 1, SIZE_MAX};
    }
    tally_free(&tally);
}

static void extreme(const struct rule *rule, const struct window *window, size_t begin, size_t end,
                    struct measure *measure)
{
    size_t best = begin;
    for (size_t i = begin + 1; i < end; i++) {
        int64_t number = window->items[i]->number, than = window->items[best]->number;
        if (rule->aggregate == AGGREGATE_MIN ? number < than : number > than)
            best = i;
    }
    *measure = (struct measure){(double)window->items[best]->number, best, best + 1, SIZE_MAX};
}

/* ---- median */

static int compare_numbers(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double median_of(int64_t *numbers, size_t count)
{
    qsort(numbers, count, sizeof(numbers[0]), compare_numbers);
    size_t middle = count / 2;
    if (count % 2 == 1)
        return (double)numbers[middle];
    return ((double)numbers[middle - 1] + (double)numbers[middle]) / 2;
}

/* The newest of this cart against the median of the newest of each other observation. */
static bool compare_with_others(const struct rule *rule, const struct window *window, size_t begin,
                                size_t end, struct slice cart_id, struct measure *measure)
{
    int64_t *others = mem_alloc((end - begin + 1) * sizeof(others[0]));
    size_t count = 0, own = SIZE_MAX;
    for (size_t i = begin; i < end; i++) {
        if (slice_equal(window->items[i]->cart_id, cart_id))
            own = i;
        else
            others[count++] = window->items[i]->number;
    }
    double median = count > 0 ? median_of(others, count) : 0;
    free(others);
    if (own == SIZE_MAX || count < (size_t)rule->at_least || median <= 0)
        return false;
    double ratio = (double)window->items[own]->number / median;
    if (rule->aggregate == AGGREGATE_DEVIATION && ratio < 1) {
        /* Free of charge is as far from any price as can be said. */
        ratio = window->items[own]->number > 0 ? 1 / ratio : median;
    }
    *measure = (struct measure){ratio, begin, end, own};
    return true;
}

bool measure_take(const struct rule *rule, const struct window *window, int64_t at_us,
                  struct slice cart_id, struct measure *ret_measure)
{
    size_t begin = window_after(window, at_us - rule->within_us);
    size_t end = window_after(window, at_us);
    if (begin >= end)
        return false;
    if (end - begin > (size_t)rule->keep)
        begin = end - (size_t)rule->keep;
    switch (rule->aggregate) {
    case AGGREGATE_COUNT:
    case AGGREGATE_SUM:
    case AGGREGATE_DISTINCT:
        slide(rule, window, begin, end, ret_measure);
        return true;
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
        extreme(rule, window, begin, end, ret_measure);
        return true;
    case AGGREGATE_RATIO:
    case AGGREGATE_DEVIATION:
        return compare_with_others(rule, window, begin, end, cart_id, ret_measure);
    }
    NOT_REACHED();
}

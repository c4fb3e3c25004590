/* Events that are seen again after the consumer's position was set back: what is in the store of
 * them is not written a second time.
 * Owner: fraud. Thread: the service's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "fraud/bundle.h"
#include "fraud/observer_internal.h"

static const struct pg_statement known_statement = {
    "fraud_known",
    "SELECT q.i::integer, b.observations "
    "FROM unnest($1::integer[], $2::text[], $3::timestamptz[], $4::timestamptz[]) "
    "WITH ORDINALITY AS q(feed, key, first, last, i) "
    "JOIN fraud_bundles b ON b.feed = q.feed AND b.key = q.key "
    "AND b.last_at BETWEEN q.first AND q.last ORDER BY q.i",
};

/* The rows of one key that may be there already: the first of them and the end of the last; none:
 * false. */
static bool find_again(const struct observer *observer, size_t *begin, size_t *end)
{
    while (*begin < *end && !observer->order[*begin]->again)
        (*begin)++;
    while (*end > *begin && !observer->order[*end - 1]->again)
        (*end)--;
    return *begin < *end;
}

/* One key after the other: what it had seen from the first of these rows to the last. */
static void ask(struct observer *observer)
{
    static const enum pg_type types[] = {PG_INT4, PG_TEXT, PG_TIMESTAMPTZ, PG_TIMESTAMPTZ};
    struct pg_params *params = &observer->params;
    pg_params_clear(params);
    for (size_t column = 0; column < ARRAY_SIZE(types); column++) {
        pg_array_begin(params, types[column]);
        for (size_t begin = 0, next; begin < observer->order_count; begin = next) {
            size_t end = next = observed_next_key(observer, begin);
            if (!find_again(observer, &begin, &end))
                continue;
            const struct observed *first = observer->order[begin];
            if (column == 0)
                pg_array_int32(params, (int32_t)first->feed->id);
            else if (column == 1)
                pg_array_bytes(params, observed_text(observer, &first->key));
            else if (column == 2)
                pg_array_time(params, first->at_us);
            else
                pg_array_time(params, observer->order[end - 1]->at_us + BUNDLE_SPAN_US);
        }
        pg_array_end(params);
    }
}

static int compare(const void *a, const void *b)
{
    const struct observed_id *x = a, *y = b;
    int ids = memcmp(x->event_id.bytes, y->event_id.bytes, sizeof(x->event_id.bytes));
    return ids != 0 ? ids : (x->part > y->part) - (x->part < y->part);
}

static int note_known(struct observer *observer, struct slice bundle, struct error *err)
{
    struct observation one = {0};
    int rc;
    while ((rc = bundle_take(&bundle, err, &one)) > 0) {
        observer->known = mem_grown(observer->known, observer->known_count,
                                    &observer->known_capacity, sizeof(observer->known[0]));
        observer->known[observer->known_count++] = (struct observed_id){one.event_id, one.part};
    }
    return rc;
}

static bool is_known(const struct observer *observer, const struct observed *row)
{
    struct observed_id id = {row->event_id, row->part};
    return row->again && observer->known_count > 0 &&
           bsearch(&id, observer->known, observer->known_count, sizeof(id), compare) != NULL;
}

/* The rows of one key; *kept is where the next that stays goes. */
static void sift(struct observer *observer, size_t begin, size_t end, size_t *kept)
{
    if (observer->known_count > 0)
        qsort(observer->known, observer->known_count, sizeof(observer->known[0]), compare);
    for (size_t i = begin; i < end; i++) {
        if (!is_known(observer, observer->order[i]))
            observer->order[(*kept)++] = observer->order[i];
    }
}

static int sift_all(struct observer *observer, const struct pg_result *result, struct error *err)
{
    size_t kept = 0;
    int question = 0, row = 0, rc = 0;
    for (size_t begin = 0, end; rc == 0 && begin < observer->order_count; begin = end) {
        end = observed_next_key(observer, begin);
        size_t first = begin, last = end;
        observer->known_count = 0;
        question += find_again(observer, &first, &last);
        for (; rc == 0 && row < pg_rows(result) && pg_get_int32(result, row, 0) <= question; row++)
            rc = note_known(observer, pg_get_bytes(result, row, 1), err);
        sift(observer, begin, end, &kept);
    }
    observer->order_count = kept;
    return rc;
}

int observer_drop_known(struct observer *observer, struct pg *pg, int timeout_ms, struct error *err)
{
    struct pg_result *result;
    ask(observer);
    if (pg_run(pg, &known_statement, &observer->params, timeout_ms, err, &result) != 0)
        return -1;
    int rc = sift_all(observer, result, err);
    pg_result_free(result);
    return rc;
}

/* Events that are seen again after the consumer's position was set back: what is in the store of
 * them is not written a second time.
 * Owner: fraud. Thread: the service's.
 */
#include "fraud/bundle.h"
#include "fraud/observer_internal.h"

static const struct pg_statement known_statement = {
    "fraud_known",
    "SELECT q.i::integer, b.observations "
    "FROM unnest($1::integer[], $2::text[], $3::timestamptz[], $4::timestamptz[]) "
    "WITH ORDINALITY AS q(feed, key, first, last, i) "
    "JOIN fraud_bundles b ON b.feed = q.feed AND b.key = q.key "
    "AND b.last_at BETWEEN q.first AND q.last ORDER BY q.i, b.last_at",
};

static bool any_again(const struct observer *observer, size_t begin, size_t end)
{
    while (begin < end && !observer->order[begin]->again)
        begin++;
    return begin < end;
}

/* One key after the other: what it had seen from its first row here to its last. */
static void ask(struct observer *observer)
{
    static const enum pg_type types[] = {PG_INT4, PG_TEXT, PG_TIMESTAMPTZ, PG_TIMESTAMPTZ};
    struct pg_params *params = &observer->params;
    pg_params_clear(params);
    for (size_t column = 0; column < ARRAY_SIZE(types); column++) {
        pg_array_begin(params, types[column]);
        for (size_t begin = 0, end; begin < observer->order_count; begin = end) {
            end = observed_next_key(observer, begin);
            const struct observed *first = observer->order[begin];
            if (!any_again(observer, begin, end))
                continue;
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

/* The rows of one key; *kept is where the next that stays goes. */
static void sift(struct observer *observer, size_t begin, size_t end, size_t *kept)
{
    for (size_t i = begin; i < end; i++) {
        const struct observed *row = observer->order[i];
        struct observation one = observed_one(observer, row);
        if (!row->again || window_add(&observer->known, &one))
            observer->order[(*kept)++] = row;
    }
}

static int sift_all(struct observer *observer, const struct pg_result *result, struct error *err)
{
    size_t kept = 0;
    int question = 0, row = 0, rc = 0;
    observer->known.keep = SIZE_MAX;
    for (size_t begin = 0, end; rc == 0 && begin < observer->order_count; begin = end) {
        end = observed_next_key(observer, begin);
        window_clear(&observer->known);
        question += any_again(observer, begin, end);
        for (; rc == 0 && row < pg_rows(result) && pg_get_int32(result, row, 0) <= question; row++)
            rc = bundle_open(pg_get_bytes(result, row, 1), INT64_MIN, INT64_MAX, &observer->known,
                             err);
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
    window_clear(&observer->known);
    return rc;
}

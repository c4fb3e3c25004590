/* What a batch of events lets the rules see, on its way into the store as bundles.
 * Owner: fraud. Thread: the service's.
 */
#include "fraud/observer.h"

#include <stdlib.h>

#include "base/memory.h"
#include "fraud/bundle.h"
#include "fraud/observer_internal.h"

/* Needed longer than any rule looks, for checkouts that come late by a skewed clock. */
static const int64_t SLACK_US = INT64_C(3600000000);

struct bundle_row {
    const struct observed *first, *last;
    size_t at, length; /* in bytes */
    int16_t count;
};

static const struct pg_statement write_statement = {
    "fraud_observe",
    "INSERT INTO fraud_bundles (feed, key, last_at, expires_at, count, observations) "
    "SELECT * FROM unnest($1::integer[], $2::text[], $3::timestamptz[], $4::timestamptz[], "
    "$5::smallint[], $6::bytea[])",
};

/* ---- what is seen */

static struct observed_text keep(struct observer *observer, struct slice text)
{
    struct observed_text kept = {observer->texts.len, text.len};
    buf_append(&observer->texts, text.data, text.len);
    return kept;
}

static void take(struct observer *observer, const struct feed *feed,
                 const struct sighting *sighting, bool again)
{
    size_t key_at = observer->texts.len;
    int64_t number;
    struct slice item;
    if (!rule_observes(feed->rule, sighting, &observer->texts, &number, &item))
        return;
    observer->rows = mem_grown(observer->rows, observer->row_count, &observer->row_capacity,
                               sizeof(observer->rows[0]));
    struct observed *row = &observer->rows[observer->row_count++];
    *row = (struct observed){
        .feed = feed,
        .key = {key_at, observer->texts.len - key_at},
        .at_us = sighting->at_us,
        .number = number,
        .event_id = sighting->event_id,
        .part = sighting->part,
        .again = again,
    };
    row->cart_id = keep(observer, sighting->texts[FIELD_CART]);
    row->item = keep(observer, item);
}

void observer_take(struct observer *observer, const struct rules *rules,
                   const struct sightings *sightings, bool again)
{
    for (size_t i = 0; i < sightings->count; i++) {
        const struct sighting *sighting = &sightings->items[i];
        for (size_t j = 0; j < rules->feed_count; j++) {
            const struct feed *feed = &rules->feeds[j];
            if (!feed->of_own_cart && (feed->kinds & 1u << sighting->kind) != 0)
                take(observer, feed, sighting, again);
        }
    }
}

/* ---- in order, by key */

struct observation observed_one(const struct observer *observer, const struct observed *row)
{
    return (struct observation){
        .at_us = row->at_us,
        .event_id = row->event_id,
        .part = row->part,
        .cart_id = observed_text(observer, &row->cart_id),
        .number = row->number,
        .item = observed_text(observer, &row->item),
    };
}

static int compare_keys(const struct observer *observer, const struct observed *a,
                        const struct observed *b)
{
    if (a->feed != b->feed)
        return a->feed < b->feed ? -1 : 1;
    if (a->key.length != b->key.length)
        return a->key.length < b->key.length ? -1 : 1;
    return memcmp(observed_text(observer, &a->key).data, observed_text(observer, &b->key).data,
                  a->key.length);
}

static int compare(const void *a, const void *b, void *argument)
{
    const struct observed *x = *(const struct observed *const *)a;
    const struct observed *y = *(const struct observed *const *)b;
    int keys = compare_keys(argument, x, y);
    if (keys != 0)
        return keys;
    if (x->at_us != y->at_us)
        return x->at_us < y->at_us ? -1 : 1;
    return x < y ? -1 : x > y;
}

size_t observed_next_key(const struct observer *observer, size_t begin)
{
    size_t end = begin + 1;
    while (end < observer->order_count &&
           compare_keys(observer, observer->order[begin], observer->order[end]) == 0)
        end++;
    return end;
}

static bool put_in_order(struct observer *observer)
{
    bool any_again = false;
    observer->order =
        mem_realloc(observer->order, observer->row_count * sizeof(observer->order[0]));
    observer->order_count = observer->row_count;
    for (size_t i = 0; i < observer->row_count; i++) {
        observer->order[i] = &observer->rows[i];
        any_again = any_again || observer->rows[i].again;
    }
    qsort_r(observer->order, observer->order_count, sizeof(observer->order[0]), compare, observer);
    return any_again;
}

/* ---- as bundles */

static struct bundle_row *new_bundle(struct observer *observer, const struct observed *first)
{
    observer->bundles = mem_grown(observer->bundles, observer->bundle_count,
                                  &observer->bundle_capacity, sizeof(observer->bundles[0]));
    struct bundle_row *made = &observer->bundles[observer->bundle_count++];
    *made = (struct bundle_row){.first = first, .at = observer->bytes.len};
    return made;
}

static void bundle_key(struct observer *observer, size_t begin, size_t end)
{
    struct bundle_row *bundle = NULL;
    for (size_t i = begin; i < end; i++) {
        const struct observed *row = observer->order[i];
        struct observation one = observed_one(observer, row);
        if (bundle == NULL || row->at_us - bundle->first->at_us > BUNDLE_SPAN_US ||
            bundle->length + bundle_bytes(&one) > BUNDLE_BYTES_MAX)
            bundle = new_bundle(observer, row);
        bundle_add(&observer->bytes, &one);
        bundle->last = row;
        bundle->length = observer->bytes.len - bundle->at;
        bundle->count++;
    }
}

static void bundle_all(struct observer *observer)
{
    observer->bundle_count = 0;
    buf_clear(&observer->bytes);
    for (size_t begin = 0, end; begin < observer->order_count; begin = end) {
        end = observed_next_key(observer, begin);
        bundle_key(observer, begin, end);
    }
}

/* ---- bundles as arrays, a column at a time */

static void put_feed(struct observer *observer, const struct bundle_row *row)
{
    pg_array_int32(&observer->params, (int32_t)row->first->feed->id);
}

static void put_key(struct observer *observer, const struct bundle_row *row)
{
    pg_array_bytes(&observer->params, observed_text(observer, &row->first->key));
}

static void put_last_at(struct observer *observer, const struct bundle_row *row)
{
    pg_array_time(&observer->params, row->last->at_us);
}

static void put_expires_at(struct observer *observer, const struct bundle_row *row)
{
    pg_array_time(&observer->params, row->last->at_us + row->first->feed->horizon_us + SLACK_US);
}

static void put_count(struct observer *observer, const struct bundle_row *row)
{
    pg_array_int16(&observer->params, row->count);
}

static void put_observations(struct observer *observer, const struct bundle_row *row)
{
    pg_array_bytes(&observer->params, (struct slice){observer->bytes.data + row->at, row->length});
}

static const struct {
    enum pg_type type;
    void (*put)(struct observer *observer, const struct bundle_row *row);
} columns[] = {
    {PG_INT4, put_feed},           {PG_TEXT, put_key},
    {PG_TIMESTAMPTZ, put_last_at}, {PG_TIMESTAMPTZ, put_expires_at},
    {PG_INT2, put_count},          {PG_BYTEA, put_observations},
};

int observer_write(struct observer *observer, struct pg *pg, int timeout_ms, struct error *err)
{
    struct pg_result *result;
    if (observer->row_count == 0)
        return 0;
    if (put_in_order(observer) && observer_drop_known(observer, pg, timeout_ms, err) != 0)
        return -1;
    bundle_all(observer);
    if (observer->bundle_count == 0)
        return 0;
    pg_params_clear(&observer->params);
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
        pg_array_begin(&observer->params, columns[i].type);
        for (size_t j = 0; j < observer->bundle_count; j++)
            columns[i].put(observer, &observer->bundles[j]);
        pg_array_end(&observer->params);
    }
    if (pg_run(pg, &write_statement, &observer->params, timeout_ms, err, &result) != 0)
        return -1;
    pg_result_free(result);
    return 0;
}

void observer_clear(struct observer *observer)
{
    observer->row_count = 0;
    buf_clear(&observer->texts);
}

void observer_free(struct observer *observer)
{
    free(observer->rows);
    free(observer->order);
    free(observer->bundles);
    buf_free(&observer->texts);
    buf_free(&observer->bytes);
    free(observer->known);
    pg_params_free(&observer->params);
    *observer = (struct observer){0};
}

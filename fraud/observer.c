/* What a batch of events lets the rules see, on its way into the store.
 * Owner: fraud. Thread: the service's.
 */
#include "fraud/observer.h"

#include <stdlib.h>

#include "base/memory.h"

/* Needed longer than any rule looks, for checkouts that come late by a skewed clock. */
static const int64_t SLACK_US = INT64_C(3600000000);

static const struct pg_statement observe_statement = {
    "fraud_observe",
    "INSERT INTO fraud_observations (feed, key, at, event_id, part, cart_id, number, item, "
    "expires_at) SELECT * FROM unnest($1::integer[], $2::text[], $3::timestamptz[], $4::uuid[], "
    "$5::smallint[], $6::text[], $7::bigint[], $8::text[], $9::timestamptz[]) "
    "ON CONFLICT DO NOTHING",
};

static const struct pg_statement note_statement = {
    "fraud_note_checkouts",
    "INSERT INTO fraud_checkouts (state, cart_id, at, partition, position, order_id, user_id, "
    "total_minor, currency) SELECT 'waiting', * FROM unnest($1::text[], $2::timestamptz[], "
    "$3::smallint[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::text[]) "
    "ON CONFLICT DO NOTHING",
};

static struct observed_text keep(struct observer *observer, struct slice text)
{
    struct observed_text kept = {observer->texts.len, text.len};
    buf_append(&observer->texts, text.data, text.len);
    return kept;
}

static struct slice text_of(const struct observer *observer, const struct observed_text *text)
{
    return (struct slice){observer->texts.data + text->at, text->length};
}

static void take(struct observer *observer, const struct feed *feed,
                 const struct sighting *sighting)
{
    size_t key_at = observer->texts.len;
    int64_t number;
    struct slice item;
    if (!rule_observes(feed->rule, sighting, &observer->texts, &number, &item))
        return;
    if (observer->row_count == observer->row_capacity) {
        observer->row_capacity = observer->row_capacity > 0 ? observer->row_capacity * 2 : 256;
        observer->rows =
            mem_realloc(observer->rows, observer->row_capacity * sizeof(observer->rows[0]));
    }
    struct observed *row = &observer->rows[observer->row_count++];
    *row = (struct observed){
        .feed = feed,
        .key = {key_at, observer->texts.len - key_at},
        .at_us = sighting->at_us,
        .number = number,
        .event_id = sighting->event_id,
        .part = sighting->part,
    };
    row->cart_id = keep(observer, sighting->texts[FIELD_CART]);
    row->item = keep(observer, item);
}

void observer_take(struct observer *observer, const struct rules *rules,
                   const struct sightings *sightings)
{
    for (size_t i = 0; i < rules->feed_count; i++) {
        for (size_t j = 0; j < sightings->count; j++)
            take(observer, &rules->feeds[i], &sightings->items[j]);
    }
}

void observer_checkout(struct observer *observer, const struct event_record *record,
                       const struct cart_event *event)
{
    if (observer->checkout_count == observer->checkout_capacity) {
        observer->checkout_capacity =
            observer->checkout_capacity > 0 ? observer->checkout_capacity * 2 : 64;
        observer->checkouts = mem_realloc(observer->checkouts, observer->checkout_capacity *
                                                                   sizeof(observer->checkouts[0]));
    }
    observer->checkouts[observer->checkout_count++] = (struct noted_checkout){
        .cart_id = keep(observer, event->cart_id),
        .order_id = keep(observer, event->checked_out.order_id),
        .user_id = keep(observer, event->checked_out.user_id),
        .currency = keep(observer, event->checked_out.currency),
        .partition = record->partition,
        .position = record->position,
        .at_us = event->occurred_at_us,
        .total_minor = event->checked_out.total_minor,
    };
}

/* ---- rows as arrays, a column at a time */

static void put_feed(struct observer *observer, const struct observed *row)
{
    pg_array_int32(&observer->params, (int32_t)row->feed->id);
}

static void put_key(struct observer *observer, const struct observed *row)
{
    pg_array_bytes(&observer->params, text_of(observer, &row->key));
}

static void put_at(struct observer *observer, const struct observed *row)
{
    pg_array_time(&observer->params, row->at_us);
}

static void put_event_id(struct observer *observer, const struct observed *row)
{
    pg_array_uuid(&observer->params, &row->event_id);
}

static void put_part(struct observer *observer, const struct observed *row)
{
    pg_array_int16(&observer->params, (int16_t)row->part);
}

static void put_cart_id(struct observer *observer, const struct observed *row)
{
    pg_array_bytes(&observer->params, text_of(observer, &row->cart_id));
}

static void put_number(struct observer *observer, const struct observed *row)
{
    pg_array_int64(&observer->params, row->number);
}

static void put_item(struct observer *observer, const struct observed *row)
{
    pg_array_bytes(&observer->params, text_of(observer, &row->item));
}

static void put_expires_at(struct observer *observer, const struct observed *row)
{
    pg_array_time(&observer->params, row->at_us + row->feed->horizon_us + SLACK_US);
}

static const struct {
    enum pg_type type;
    void (*put)(struct observer *observer, const struct observed *row);
} columns[] = {
    {PG_INT4, put_feed},     {PG_TEXT, put_key},  {PG_TIMESTAMPTZ, put_at},
    {PG_UUID, put_event_id}, {PG_INT2, put_part}, {PG_TEXT, put_cart_id},
    {PG_INT8, put_number},   {PG_TEXT, put_item}, {PG_TIMESTAMPTZ, put_expires_at},
};

static void put_checkout_cart(struct observer *observer, const struct noted_checkout *row)
{
    pg_array_bytes(&observer->params, text_of(observer, &row->cart_id));
}

static void put_checkout_time(struct observer *observer, const struct noted_checkout *row)
{
    pg_array_time(&observer->params, row->at_us);
}

static void put_checkout_partition(struct observer *observer, const struct noted_checkout *row)
{
    pg_array_int16(&observer->params, (int16_t)row->partition);
}

static void put_checkout_position(struct observer *observer, const struct noted_checkout *row)
{
    pg_array_int64(&observer->params, row->position);
}

static void put_checkout_order(struct observer *observer, const struct noted_checkout *row)
{
    pg_array_bytes(&observer->params, text_of(observer, &row->order_id));
}

static void put_checkout_user(struct observer *observer, const struct noted_checkout *row)
{
    pg_array_bytes(&observer->params, text_of(observer, &row->user_id));
}

static void put_checkout_total(struct observer *observer, const struct noted_checkout *row)
{
    pg_array_int64(&observer->params, row->total_minor);
}

static void put_checkout_currency(struct observer *observer, const struct noted_checkout *row)
{
    pg_array_bytes(&observer->params, text_of(observer, &row->currency));
}

static const struct {
    enum pg_type type;
    void (*put)(struct observer *observer, const struct noted_checkout *row);
} checkout_columns[] = {
    {PG_TEXT, put_checkout_cart},      {PG_TIMESTAMPTZ, put_checkout_time},
    {PG_INT2, put_checkout_partition}, {PG_INT8, put_checkout_position},
    {PG_TEXT, put_checkout_order},     {PG_TEXT, put_checkout_user},
    {PG_INT8, put_checkout_total},     {PG_TEXT, put_checkout_currency},
};

static int run(struct observer *observer, struct pg *pg, const struct pg_statement *statement,
               int timeout_ms, struct error *err)
{
    struct pg_result *result;
    if (pg_run(pg, statement, &observer->params, timeout_ms, err, &result) != 0)
        return -1;
    pg_result_free(result);
    return 0;
}

static int write_observations(struct observer *observer, struct pg *pg, int timeout_ms,
                              struct error *err)
{
    if (observer->row_count == 0)
        return 0;
    pg_params_clear(&observer->params);
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
        pg_array_begin(&observer->params, columns[i].type);
        for (size_t j = 0; j < observer->row_count; j++)
            columns[i].put(observer, &observer->rows[j]);
        pg_array_end(&observer->params);
    }
    return run(observer, pg, &observe_statement, timeout_ms, err);
}

static int write_checkouts(struct observer *observer, struct pg *pg, int timeout_ms,
                           struct error *err)
{
    if (observer->checkout_count == 0)
        return 0;
    pg_params_clear(&observer->params);
    for (size_t i = 0; i < ARRAY_SIZE(checkout_columns); i++) {
        pg_array_begin(&observer->params, checkout_columns[i].type);
        for (size_t j = 0; j < observer->checkout_count; j++)
            checkout_columns[i].put(observer, &observer->checkouts[j]);
        pg_array_end(&observer->params);
    }
    return run(observer, pg, &note_statement, timeout_ms, err);
}

int observer_write(struct observer *observer, struct pg *pg, int timeout_ms, struct error *err)
{
    if (write_observations(observer, pg, timeout_ms, err) != 0)
        return -1;
    return write_checkouts(observer, pg, timeout_ms, err);
}

void observer_clear(struct observer *observer)
{
    observer->row_count = observer->checkout_count = 0;
    buf_clear(&observer->texts);
}

void observer_free(struct observer *observer)
{
    free(observer->rows);
    free(observer->checkouts);
    buf_free(&observer->texts);
    pg_params_free(&observer->params);
    *observer = (struct observer){0};
}

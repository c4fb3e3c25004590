/* The checkouts of a batch, on their way into the store.
 * Owner: fraud. Thread: the service's.
 */
#include "fraud/checkouts.h"

#include <stdlib.h>

#include "base/memory.h"

static const struct pg_statement note_statement = {
    "fraud_note_checkouts",
    "INSERT INTO fraud_checkouts (state, cart_id, at, partition, position, order_id, user_id, "
    "total_minor, currency) SELECT 'waiting', * FROM unnest($1::text[], $2::timestamptz[], "
    "$3::smallint[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::text[]) "
    "ON CONFLICT DO NOTHING",
};

static struct noted_text keep(struct checkouts *checkouts, struct slice text)
{
    struct noted_text kept = {checkouts->texts.len, text.len};
    buf_append(&checkouts->texts, text.data, text.len);
    return kept;
}

static struct slice text_of(const struct checkouts *checkouts, const struct noted_text *text)
{
    return (struct slice){checkouts->texts.data + text->at, text->length};
}

void checkouts_add(struct checkouts *checkouts, const struct event_record *record,
                   const struct cart_event *event)
{
    checkouts->items = mem_grown(checkouts->items, checkouts->count, &checkouts->capacity,
                                 sizeof(checkouts->items[0]));
    checkouts->items[checkouts->count++] = (struct noted_checkout){
        .cart_id = keep(checkouts, event->cart_id),
        .order_id = keep(checkouts, event->checked_out.order_id),
        .user_id = keep(checkouts, event->checked_out.user_id),
        .currency = keep(checkouts, event->checked_out.currency),
        .partition = record->partition,
        .position = record->position,
        .at_us = event->occurred_at_us,
        .total_minor = event->checked_out.total_minor,
    };
}

/* ---- rows as arrays, a column at a time */

static void put_checkout_cart(struct checkouts *checkouts, const struct noted_checkout *row)
{
    pg_array_bytes(&checkouts->params, text_of(checkouts, &row->cart_id));
}

static void put_checkout_time(struct checkouts *checkouts, const struct noted_checkout *row)
{
    pg_array_time(&checkouts->params, row->at_us);
}

static void put_checkout_partition(struct checkouts *checkouts, const struct noted_checkout *row)
{
    pg_array_int16(&checkouts->params, (int16_t)row->partition);
}

static void put_checkout_position(struct checkouts *checkouts, const struct noted_checkout *row)
{
    pg_array_int64(&checkouts->params, row->position);
}

static void put_checkout_order(struct checkouts *checkouts, const struct noted_checkout *row)
{
    pg_array_bytes(&checkouts->params, text_of(checkouts, &row->order_id));
}

static void put_checkout_user(struct checkouts *checkouts, const struct noted_checkout *row)
{
    pg_array_bytes(&checkouts->params, text_of(checkouts, &row->user_id));
}

static void put_checkout_total(struct checkouts *checkouts, const struct noted_checkout *row)
{
    pg_array_int64(&checkouts->params, row->total_minor);
}

static void put_checkout_currency(struct checkouts *checkouts, const struct noted_checkout *row)
{
    pg_array_bytes(&checkouts->params, text_of(checkouts, &row->currency));
}

static const struct {
    enum pg_type type;
    void (*put)(struct checkouts *checkouts, const struct noted_checkout *row);
} columns[] = {
    {PG_TEXT, put_checkout_cart},      {PG_TIMESTAMPTZ, put_checkout_time},
    {PG_INT2, put_checkout_partition}, {PG_INT8, put_checkout_position},
    {PG_TEXT, put_checkout_order},     {PG_TEXT, put_checkout_user},
    {PG_INT8, put_checkout_total},     {PG_TEXT, put_checkout_currency},
};

int checkouts_write(struct checkouts *checkouts, struct pg *pg, int timeout_ms, struct error *err)
{
    if (checkouts->count == 0)
        return 0;
    pg_params_clear(&checkouts->params);
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
        pg_array_begin(&checkouts->params, columns[i].type);
        for (size_t j = 0; j < checkouts->count; j++)
            columns[i].put(checkouts, &checkouts->items[j]);
        pg_array_end(&checkouts->params);
    }
    struct pg_result *result;
    if (pg_run(pg, &note_statement, &checkouts->params, timeout_ms, err, &result) != 0)
        return -1;
    pg_result_free(result);
    return 0;
}

void checkouts_clear(struct checkouts *checkouts)
{
    checkouts->count = 0;
    buf_clear(&checkouts->texts);
}

void checkouts_free(struct checkouts *checkouts)
{
    free(checkouts->items);
    buf_free(&checkouts->texts);
    pg_params_free(&checkouts->params);
    *checkouts = (struct checkouts){0};
}

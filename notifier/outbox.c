/* What is to be told, noted and recorded.
 * Owner: notifier. Thread: the service's.
 */
#include "notifier/outbox.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

static const struct pg_statement orders_statement = {
    "notifier_orders_put",
    "INSERT INTO notifier_orders (order_id, cart_id, event) "
    "SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[]) ON CONFLICT (order_id) DO NOTHING",
};

static const struct pg_statement messages_statement = {
    "notifications_put",
    "INSERT INTO notifications (kind, subject_id, channel, marketing, user_id, order_id, cart_id, "
    "category, event, occurred_at) SELECT kind, subject_id, channel, marketing <> 0, user_id, "
    "order_id, cart_id, category, event, occurred_at FROM unnest($1::text[], $2::text[], "
    "$3::text[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[], "
    "$10::timestamptz[]) AS m(kind, subject_id, channel, marketing, user_id, order_id, cart_id, "
    "category, event, occurred_at) ON CONFLICT (kind, subject_id, channel) DO NOTHING",
};

/* The codecs bound what events hold. */
static void copy_text(char *to, size_t size, struct slice from)
{
    CHECK(from.len < size);
    snprintf(to, size, "%.*s", (int)from.len, from.len > 0 ? from.data : "");
}

void outbox_add_order(struct outbox *outbox, struct slice order_id, struct slice cart_id,
                      struct slice event)
{
    outbox->orders = mem_grown(outbox->orders, outbox->order_count, &outbox->order_capacity,
                               sizeof(outbox->orders[0]));
    struct order_note *note = &outbox->orders[outbox->order_count++];
    copy_text(note->order_id, sizeof(note->order_id), order_id);
    copy_text(note->cart_id, sizeof(note->cart_id), cart_id);
    note->event = event;
}

void outbox_add_message(struct outbox *outbox, const struct told *told, struct slice cart_id,
                        const char *category, struct slice event)
{
    outbox->messages = mem_grown(outbox->messages, outbox->message_count, &outbox->message_capacity,
                                 sizeof(outbox->messages[0]));
    struct message_note *note = &outbox->messages[outbox->message_count++];
    note->told = *told;
    note->category = category;
    note->event = event;
    copy_text(note->user_id, sizeof(note->user_id), told->user_id);
    copy_text(note->order_id, sizeof(note->order_id), told->order_id);
    copy_text(note->cart_id, sizeof(note->cart_id), cart_id);
}

static int run(struct pg *pg, const struct pg_statement *statement, const struct pg_params *params,
               int timeout_ms, struct error *err)
{
    struct pg_result *result;
    if (pg_run(pg, statement, params, timeout_ms, err, &result) != 0)
        return -1;
    pg_result_free(result);
    return 0;
}

static int write_orders(struct outbox *outbox, struct pg *pg, int timeout_ms, struct error *err)
{
    struct pg_params *params = &outbox->params;
    pg_params_clear(params);
    pg_array_begin(params, PG_TEXT);
    for (size_t i = 0; i < outbox->order_count; i++)
        pg_array_bytes(params, slice_of(outbox->orders[i].order_id));
    pg_array_end(params);
    pg_array_begin(params, PG_TEXT);
    for (size_t i = 0; i < outbox->order_count; i++)
        pg_array_bytes(params, slice_of(outbox->orders[i].cart_id));
    pg_array_end(params);
    pg_array_begin(params, PG_BYTEA);
    for (size_t i = 0; i < outbox->order_count; i++)
        pg_array_bytes(params, outbox->orders[i].event);
    pg_array_end(params);
    return run(pg, &orders_statement, params, timeout_ms, err);
}

/* A column of the messages: one text for each of a note's channels. */
enum column { KIND, SUBJECT, CHANNEL, USER, ORDER, CART, CATEGORY, EVENT };

static struct slice column_of(const struct message_note *note, enum channel channel,
                              enum column column)
{
    switch (column) {
    case KIND:
        return slice_of(kind_row(note->told.kind)->name);
    case SUBJECT:
        return slice_of(note->told.subject_id);
    case CHANNEL:
        return slice_of(channel_name(channel));
    case USER:
        return slice_of(note->user_id);
    case ORDER:
        return slice_of(note->order_id);
    case CART:
        return slice_of(note->cart_id);
    case CATEGORY:
        return slice_of(note->category);
    case EVENT:
        return note->event;
    }
    NOT_REACHED();
}

/* Calls put for each message: a note's channels one after the other. */
static void each_message(struct outbox *outbox, enum column column,
                         void (*put)(struct pg_params *params, const struct message_note *note,
                                     enum channel channel, enum column column))
{
    for (size_t i = 0; i < outbox->message_count; i++) {
        const struct message_note *note = &outbox->messages[i];
        for (enum channel channel = 0; channel < CHANNEL_COUNT; channel++) {
            if (kind_row(note->told.kind)->channels[channel])
                put(&outbox->params, note, channel, column);
        }
    }
}

static void put_bytes(struct pg_params *params, const struct message_note *note,
                      enum channel channel, enum column column)
{
    pg_array_bytes(params, column_of(note, channel, column));
}

static void put_marketing(struct pg_params *params, const struct message_note *note,
                          enum channel channel, enum column column)
{
    (void)channel;
    (void)column;
    pg_array_int16(params, kind_row(note->told.kind)->marketing);
}

static void put_time(struct pg_params *params, const struct message_note *note,
                     enum channel channel, enum column column)
{
    (void)channel;
    (void)column;
    pg_array_time(params, note->told.occurred_at_us);
}

static int write_messages(struct outbox *outbox, struct pg *pg, int timeout_ms, struct error *err)
{
    static const struct {
        enum pg_type type;
        enum column column;
        void (*put)(struct pg_params *, const struct message_note *, enum channel, enum column);
    } columns[] = {
        {PG_TEXT, KIND, put_bytes},    {PG_TEXT, SUBJECT, put_bytes},
        {PG_TEXT, CHANNEL, put_bytes}, {PG_INT2, KIND, put_marketing},
        {PG_TEXT, USER, put_bytes},    {PG_TEXT, ORDER, put_bytes},
        {PG_TEXT, CART, put_bytes},    {PG_TEXT, CATEGORY, put_bytes},
        {PG_BYTEA, EVENT, put_bytes},  {PG_TIMESTAMPTZ, KIND, put_time},
    };
    pg_params_clear(&outbox->params);
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
        pg_array_begin(&outbox->params, columns[i].type);
        each_message(outbox, columns[i].column, columns[i].put);
        pg_array_end(&outbox->params);
    }
    return run(pg, &messages_statement, &outbox->params, timeout_ms, err);
}

int outbox_write(struct outbox *outbox, struct pg *pg, int timeout_ms, struct error *err)
{
    if (outbox->order_count > 0 && write_orders(outbox, pg, timeout_ms, err) != 0)
        return -1;
    if (outbox->message_count > 0 && write_messages(outbox, pg, timeout_ms, err) != 0)
        return -1;
    return 0;
}

void outbox_clear(struct outbox *outbox)
{
    outbox->order_count = 0;
    outbox->message_count = 0;
}

void outbox_free(struct outbox *outbox)
{
    free(outbox->orders);
    free(outbox->messages);
    pg_params_free(&outbox->params);
    *outbox = (struct outbox){0};
}

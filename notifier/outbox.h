/* What is to be told, noted while events are handled and recorded with their positions.
 * Owner: notifier. Thread: the service's.
 */
#ifndef CARTWRIGHT_NOTIFIER_OUTBOX_H
#define CARTWRIGHT_NOTIFIER_OUTBOX_H

#include "eventstore/event_record.h"
#include "io/pg.h"
#include "notifier/notices.h"

struct order_note {
    char order_id[ORDER_ID_MAX + 1], cart_id[CART_ID_MAX + 1];
    struct slice event; /* the record's bytes, valid until flush or discard */
};

struct message_note {
    struct told told; /* its slices are not used: the texts are here */
    char user_id[USER_ID_MAX + 1], order_id[ORDER_ID_MAX + 1], cart_id[CART_ID_MAX + 1];
    const char *category;
    struct slice event;
};

/** Zero-initialise. */
struct outbox {
    struct order_note *orders;
    size_t order_count, order_capacity;
    struct message_note *messages;
    size_t message_count, message_capacity;
    struct pg_params params;
};

void outbox_add_order(struct outbox *outbox, struct slice order_id, struct slice cart_id,
                      struct slice event);
void outbox_add_message(struct outbox *outbox, const struct told *told, struct slice cart_id,
                        const char *category, struct slice event);

/** Inside of the flush's transaction. What is recorded already stays as it is: a message about one
 * thing is one row, however often its event comes. */
int outbox_write(struct outbox *outbox, struct pg *pg, int timeout_ms,
                 struct error *err) WARN_UNUSED;

void outbox_clear(struct outbox *outbox);
void outbox_free(struct outbox *outbox);

#endif

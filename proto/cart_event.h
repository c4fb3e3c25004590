/* The events of a cart as plain values: what decide returns, evolve takes and the codec writes.
 * Owner: proto. Thread: any; slices point into memory of whoever made the event.
 */
#ifndef CARTWRIGHT_PROTO_CART_EVENT_H
#define CARTWRIGHT_PROTO_CART_EVENT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/uuid.h"

/* Limits of the wire format; a deployment's own limits (settings) lie within. Bytes, not
 * characters. */
enum {
    CART_ID_MAX = 64,
    PRODUCT_ID_MAX = 64,
    PRODUCT_NAME_MAX = 512,
    USER_ID_MAX = 128,
    ACTOR_MAX = 128,
    ORDER_ID_MAX = 64,
    CART_LINES_MAX = 1000,
    CART_QUANTITY_MAX = 1000000,
    CART_EVENT_BYTES_MAX = 1024 * 1024, /* a checkout with CART_LINES_MAX long lines fits */
};
/** The largest amount that JSON clients can hold exactly: 2^53 - 1 minor units. */
static const int64_t AMOUNT_MAX_MINOR = 9007199254740991;

enum cart_event_type {
    CART_EVENT_ITEM_ADDED = 1,
    CART_EVENT_ITEM_QUANTITY_CHANGED,
    CART_EVENT_ITEM_REMOVED,
    CART_EVENT_CLEARED,
    CART_EVENT_CHECKED_OUT,
    CART_EVENT_MERGED,
};

struct item_added {
    struct slice product_id, product_name, currency, user_id;
    int64_t price_minor;
    int32_t quantity;
};

struct item_quantity_changed {
    struct slice product_id;
    int32_t quantity, previous_quantity;
};

struct item_removed {
    struct slice product_id;
    int32_t quantity;
};

struct cart_cleared {
    int32_t lines;
};

struct sold_line {
    struct slice product_id, product_name;
    int64_t price_minor, line_total_minor;
    int32_t quantity;
};

struct cart_checked_out {
    struct slice order_id, user_id, currency;
    const struct sold_line *lines;
    size_t line_count;
    int32_t total_quantity;
    int64_t total_minor;
};

struct cart_merged {
    struct slice from_cart_id, into_cart_id;
    const struct sold_line *lines;
    size_t line_count;
};

struct cart_event {
    struct slice cart_id;
    int32_t version;
    struct uuid event_id;
    int64_t occurred_at_us;
    struct slice actor;
    struct uuid correlation_id, causation_id;
    enum cart_event_type type;
    union {
        struct item_added item_added;
        struct item_quantity_changed item_quantity_changed;
        struct item_removed item_removed;
        struct cart_cleared cleared;
        struct cart_checked_out checked_out;
        struct cart_merged merged;
    };
};

/** The protobuf message's name, e.g. "ItemAdded"; also `type` in HTTP and in cart_events. */
const char *cart_event_type_name(enum cart_event_type type);

#endif

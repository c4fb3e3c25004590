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
    EMAIL_MAX = 254,
    PHONE_MAX = 16, /* E.164: a plus sign and 15 digits */
    LOCALE_MAX = 35,
    PAYMENT_TOKEN_MAX = 255,
    CLIENT_IP_MAX = 45,
    DEVICE_ID_MAX = 128,
    GUEST_TOKEN_HASH_BYTES = 32,
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
    CART_EVENT_OPENED,
    CART_EVENT_ABANDONED,
    CART_EVENT_EXPIRED,
};

/** Where a shopper's notices go; each may be empty. */
struct contact {
    struct slice email, phone, locale;
};

struct cart_opened {
    struct slice user_id;          /* empty: a guest's */
    struct slice guest_token_hash; /* GUEST_TOKEN_HASH_BYTES, or empty: a user's */
    struct slice currency;         /* empty: chosen by the first item */
};

struct item_added {
    struct slice product_id, product_name, currency, user_id;
    int64_t price_minor;
    int32_t quantity;
    struct contact contact; /* the owner's; in the event that opens the cart */
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
    struct contact contact;
    struct slice payment_token; /* the provider's; never a card number */
    int64_t opened_at_us;       /* of the cart's first event; 0: from before this was told */
};

/** In both streams of a merge; the lines only in the target's. */
struct cart_merged {
    struct slice from_cart_id, into_cart_id;
    const struct sold_line *lines; /* of the target after the merge */
    size_t line_count;
    struct slice user_id, currency; /* the target's after the merge; each may be empty */
};

struct cart_abandoned {
    int64_t idle_since_us;
    struct contact contact;
    struct slice user_id, currency;
    int32_t total_quantity;
    int64_t total_minor;
};

struct cart_expired {
    int64_t idle_since_us;
};

struct cart_event {
    struct slice cart_id;
    int32_t version;
    struct uuid event_id;
    int64_t occurred_at_us;
    struct slice actor;
    struct uuid correlation_id, causation_id;
    struct slice client_ip, device_id; /* empty: not known */
    enum cart_event_type type;
    union {
        struct item_added item_added;
        struct item_quantity_changed item_quantity_changed;
        struct item_removed item_removed;
        struct cart_cleared cleared;
        struct cart_checked_out checked_out;
        struct cart_merged merged;
        struct cart_opened opened;
        struct cart_abandoned abandoned;
        struct cart_expired expired;
    };
};

/** The protobuf message's name, e.g. "ItemAdded"; also `type` in HTTP and in cart_events. */
const char *cart_event_type_name(enum cart_event_type type);

#endif

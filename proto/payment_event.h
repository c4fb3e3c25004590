/* The events of a payment as plain values.
 * Owner: proto. Thread: any; slices point into memory of whoever made the event.
 */
#ifndef CARTWRIGHT_PROTO_PAYMENT_EVENT_H
#define CARTWRIGHT_PROTO_PAYMENT_EVENT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/uuid.h"

/* Limits of the wire format, beside those of proto/cart_event.h. Bytes, not characters. */
enum {
    PAYMENT_ID_MAX = 72, /* pay_ and an order id */
    PAYMENT_PROVIDER_MAX = 32,
    PAYMENT_REFERENCE_MAX = 255,
    PAYMENT_CODE_MAX = 64,
    PAYMENT_DETAIL_MAX = 512,
    PAYMENT_EVENT_BYTES_MAX = 64 * 1024,
};

enum payment_event_type {
    PAYMENT_EVENT_REQUESTED = 1,
    PAYMENT_EVENT_AUTHORISED,
    PAYMENT_EVENT_CAPTURED,
    PAYMENT_EVENT_FAILED,
    PAYMENT_EVENT_UNKNOWN,
    PAYMENT_EVENT_MISMATCHED,
    PAYMENT_EVENT_REFUNDED,
};

struct payment_requested {
    struct slice cart_id, order_id, user_id, currency, payment_token, provider;
    int64_t amount_minor;
};

/** PaymentAuthorised, PaymentCaptured, PaymentMismatched, PaymentRefunded: what the provider says.
 */
struct payment_money {
    struct slice provider_reference, currency;
    int64_t amount_minor;
    struct slice reason; /* PaymentRefunded only */
};

struct payment_failed {
    struct slice code, detail;
};

struct payment_unknown {
    struct slice detail;
};

struct payment_event {
    struct slice payment_id;
    int32_t version;
    struct uuid event_id;
    int64_t occurred_at_us;
    struct slice actor;
    struct uuid correlation_id, causation_id;
    struct slice cart_id, order_id, user_id;
    enum payment_event_type type;
    union {
        struct payment_requested requested;
        struct payment_money money; /* authorised, captured, mismatched, refunded */
        struct payment_failed failed;
        struct payment_unknown unknown;
    };
};

/** The protobuf message's name, e.g. "PaymentCaptured"; also `type` in payment_events. */
const char *payment_event_type_name(enum payment_event_type type);

#endif

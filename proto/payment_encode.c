/* Payment events to protobuf bytes.
 * Owner: proto. Thread: any.
 */
#include "proto/payment_codec.h"

#include "payment.pb-c.h"
#include "proto/codec.h"

typedef Cartwright__Payment__V1__PaymentEvent WireEvent;

const char *payment_event_type_name(enum payment_event_type type)
{
    static const char *const names[] = {
        [PAYMENT_EVENT_REQUESTED] = "PaymentRequested",
        [PAYMENT_EVENT_AUTHORISED] = "PaymentAuthorised",
        [PAYMENT_EVENT_CAPTURED] = "PaymentCaptured",
        [PAYMENT_EVENT_FAILED] = "PaymentFailed",
        [PAYMENT_EVENT_UNKNOWN] = "PaymentUnknown",
        [PAYMENT_EVENT_MISMATCHED] = "PaymentMismatched",
        [PAYMENT_EVENT_REFUNDED] = "PaymentRefunded",
    };
    CHECK((size_t)type < ARRAY_SIZE(names) && names[type] != NULL);
    return names[type];
}

/* Each takes the envelope by value: it points to the body, which ends with the call. */
static void encode_requested(const struct payment_event *event, WireEvent wire, struct buf *out)
{
    const struct payment_requested *from = &event->requested;
    Cartwright__Payment__V1__PaymentRequested body =
        CARTWRIGHT__PAYMENT__V1__PAYMENT_REQUESTED__INIT;
    body.cart_id = codec_bytes(from->cart_id);
    body.order_id = codec_bytes(from->order_id);
    body.user_id = codec_bytes(from->user_id);
    body.amount_minor = from->amount_minor;
    body.currency = codec_bytes(from->currency);
    body.payment_token = codec_bytes(from->payment_token);
    body.provider = codec_bytes(from->provider);
    wire.body_case = CARTWRIGHT__PAYMENT__V1__PAYMENT_EVENT__BODY_PAYMENT_REQUESTED;
    wire.payment_requested = &body;
    codec_pack(&wire.base, out);
}

static void encode_authorised(const struct payment_event *event, WireEvent wire, struct buf *out)
{
    Cartwright__Payment__V1__PaymentAuthorised body =
        CARTWRIGHT__PAYMENT__V1__PAYMENT_AUTHORISED__INIT;
    body.provider_reference = codec_bytes(event->money.provider_reference);
    body.amount_minor = event->money.amount_minor;
    body.currency = codec_bytes(event->money.currency);
    wire.body_case = CARTWRIGHT__PAYMENT__V1__PAYMENT_EVENT__BODY_PAYMENT_AUTHORISED;
    wire.payment_authorised = &body;
    codec_pack(&wire.base, out);
}

static void encode_captured(const struct payment_event *event, WireEvent wire, struct buf *out)
{
    Cartwright__Payment__V1__PaymentCaptured body = CARTWRIGHT__PAYMENT__V1__PAYMENT_CAPTURED__INIT;
    body.provider_reference = codec_bytes(event->money.provider_reference);
    body.amount_minor = event->money.amount_minor;
    body.currency = codec_bytes(event->money.currency);
    wire.body_case = CARTWRIGHT__PAYMENT__V1__PAYMENT_EVENT__BODY_PAYMENT_CAPTURED;
    wire.payment_captured = &body;
    codec_pack(&wire.base, out);
}

static void encode_mismatched(const struct payment_event *event, WireEvent wire, struct buf *out)
{
    Cartwright__Payment__V1__PaymentMismatched body =
        CARTWRIGHT__PAYMENT__V1__PAYMENT_MISMATCHED__INIT;
    body.provider_reference = codec_bytes(event->money.provider_reference);
    body.amount_minor = event->money.amount_minor;
    body.currency = codec_bytes(event->money.currency);
    wire.body_case = CARTWRIGHT__PAYMENT__V1__PAYMENT_EVENT__BODY_PAYMENT_MISMATCHED;
    wire.payment_mismatched = &body;
    codec_pack(&wire.base, out);
}

static void encode_refunded(const struct payment_event *event, WireEvent wire, struct buf *out)
{
    Cartwright__Payment__V1__PaymentRefunded body = CARTWRIGHT__PAYMENT__V1__PAYMENT_REFUNDED__INIT;
    body.provider_reference = codec_bytes(event->money.provider_reference);
    body.amount_minor = event->money.amount_minor;
    body.currency = codec_bytes(event->money.currency);
    body.reason = codec_bytes(event->money.reason);
    wire.body_case = CARTWRIGHT__PAYMENT__V1__PAYMENT_EVENT__BODY_PAYMENT_REFUNDED;
    wire.payment_refunded = &body;
    codec_pack(&wire.base, out);
}

static void encode_failed(const struct payment_event *event, WireEvent wire, struct buf *out)
{
    Cartwright__Payment__V1__PaymentFailed body = CARTWRIGHT__PAYMENT__V1__PAYMENT_FAILED__INIT;
    body.code = codec_bytes(event->failed.code);
    body.detail = codec_bytes(event->failed.detail);
    wire.body_case = CARTWRIGHT__PAYMENT__V1__PAYMENT_EVENT__BODY_PAYMENT_FAILED;
    wire.payment_failed = &body;
    codec_pack(&wire.base, out);
}

static void encode_unknown(const struct payment_event *event, WireEvent wire, struct buf *out)
{
    Cartwright__Payment__V1__PaymentUnknown body = CARTWRIGHT__PAYMENT__V1__PAYMENT_UNKNOWN__INIT;
    body.detail = codec_bytes(event->unknown.detail);
    wire.body_case = CARTWRIGHT__PAYMENT__V1__PAYMENT_EVENT__BODY_PAYMENT_UNKNOWN;
    wire.payment_unknown = &body;
    codec_pack(&wire.base, out);
}

void payment_event_encode(const struct payment_event *event, struct buf *out)
{
    static void (*const encoders[])(const struct payment_event *, WireEvent, struct buf *) = {
        [PAYMENT_EVENT_REQUESTED] = encode_requested,
        [PAYMENT_EVENT_AUTHORISED] = encode_authorised,
        [PAYMENT_EVENT_CAPTURED] = encode_captured,
        [PAYMENT_EVENT_FAILED] = encode_failed,
        [PAYMENT_EVENT_UNKNOWN] = encode_unknown,
        [PAYMENT_EVENT_MISMATCHED] = encode_mismatched,
        [PAYMENT_EVENT_REFUNDED] = encode_refunded,
    };
    WireEvent wire = CARTWRIGHT__PAYMENT__V1__PAYMENT_EVENT__INIT;
    wire.payment_id = codec_bytes(event->payment_id);
    wire.version = event->version;
    wire.event_id = codec_uuid_bytes(&event->event_id);
    wire.occurred_at_us = event->occurred_at_us;
    wire.actor = codec_bytes(event->actor);
    wire.correlation_id = codec_uuid_bytes(&event->correlation_id);
    wire.causation_id = codec_uuid_bytes(&event->causation_id);
    wire.cart_id = codec_bytes(event->cart_id);
    wire.order_id = codec_bytes(event->order_id);
    wire.user_id = codec_bytes(event->user_id);
    CHECK((size_t)event->type < ARRAY_SIZE(encoders) && encoders[event->type] != NULL);
    encoders[event->type](event, wire, out);
}

/* Protobuf bytes to payment events, each field judged.
 * Owner: proto. Thread: any; a struct payment_decoded belongs to one.
 */
#include "proto/payment_codec.h"

#include "payment.pb-c.h"
#include "proto/cart_event.h"
#include "proto/codec.h"

typedef Cartwright__Payment__V1__PaymentEvent WireEvent;

static int decode_requested(const Cartwright__Payment__V1__PaymentRequested *wire,
                            struct payment_requested *body, struct error *err)
{
    if (codec_text("cart_id", &wire->cart_id, 1, CART_ID_MAX, err, &body->cart_id) ||
        codec_text("order_id", &wire->order_id, 1, ORDER_ID_MAX, err, &body->order_id) ||
        codec_text("user_id", &wire->user_id, 0, USER_ID_MAX, err, &body->user_id) ||
        codec_range("amount_minor", wire->amount_minor, 0, AMOUNT_MAX_MINOR, err) ||
        codec_currency("currency", &wire->currency, err, &body->currency) ||
        codec_text("payment_token", &wire->payment_token, 0, PAYMENT_TOKEN_MAX, err,
                   &body->payment_token) ||
        codec_text("provider", &wire->provider, 1, PAYMENT_PROVIDER_MAX, err, &body->provider))
        return -1;
    body->amount_minor = wire->amount_minor;
    return 0;
}

/* The provider's words: what it claims may be any amount, also none of ours. */
static int decode_money(const ProtobufCBinaryData *reference, int64_t amount_minor,
                        const ProtobufCBinaryData *currency, struct payment_money *body,
                        struct error *err)
{
    if (codec_text("provider_reference", reference, 0, PAYMENT_REFERENCE_MAX, err,
                   &body->provider_reference) ||
        codec_currency("currency", currency, err, &body->currency))
        return -1;
    body->amount_minor = amount_minor;
    return 0;
}

static int decode_refunded(const Cartwright__Payment__V1__PaymentRefunded *wire,
                           struct payment_money *body, struct error *err)
{
    if (codec_text("reason", &wire->reason, 0, PAYMENT_DETAIL_MAX, err, &body->reason) != 0)
        return -1;
    return decode_money(&wire->provider_reference, wire->amount_minor, &wire->currency, body, err);
}

static int decode_failed(const Cartwright__Payment__V1__PaymentFailed *wire,
                         struct payment_failed *body, struct error *err)
{
    if (codec_text("code", &wire->code, 1, PAYMENT_CODE_MAX, err, &body->code) ||
        codec_text("detail", &wire->detail, 0, PAYMENT_DETAIL_MAX, err, &body->detail))
        return -1;
    return 0;
}

static int decode_body(const WireEvent *wire, struct payment_event *event, struct error *err)
{
    switch (wire->body_case) {
    case CARTWRIGHT__PAYMENT__V1__PAYMENT_EVENT__BODY_PAYMENT_REQUESTED:
        event->type = PAYMENT_EVENT_REQUESTED;
        return decode_requested(wire->payment_requested, &event->requested, err);
    case CARTWRIGHT__PAYMENT__V1__PAYMENT_EVENT__BODY_PAYMENT_AUTHORISED:
        event->type = PAYMENT_EVENT_AUTHORISED;
        return decode_money(&wire->payment_authorised->provider_reference,
                            wire->payment_authorised->amount_minor,
                            &wire->payment_authorised->currency, &event->money, err);
    case CARTWRIGHT__PAYMENT__V1__PAYMENT_EVENT__BODY_PAYMENT_CAPTURED:
        event->type = PAYMENT_EVENT_CAPTURED;
        return decode_money(&wire->payment_captured->provider_reference,
                            wire->payment_captured->amount_minor, &wire->payment_captured->currency,
                            &event->money, err);
    case CARTWRIGHT__PAYMENT__V1__PAYMENT_EVENT__BODY_PAYMENT_MISMATCHED:
        event->type = PAYMENT_EVENT_MISMATCHED;
        return decode_money(&wire->payment_mismatched->provider_reference,
                            wire->payment_mismatched->amount_minor,
                            &wire->payment_mismatched->currency, &event->money, err);
    case CARTWRIGHT__PAYMENT__V1__PAYMENT_EVENT__BODY_PAYMENT_REFUNDED:
        event->type = PAYMENT_EVENT_REFUNDED;
        return decode_refunded(wire->payment_refunded, &event->money, err);
    case CARTWRIGHT__PAYMENT__V1__PAYMENT_EVENT__BODY_PAYMENT_FAILED:
        event->type = PAYMENT_EVENT_FAILED;
        return decode_failed(wire->payment_failed, &event->failed, err);
    case CARTWRIGHT__PAYMENT__V1__PAYMENT_EVENT__BODY_PAYMENT_UNKNOWN:
        event->type = PAYMENT_EVENT_UNKNOWN;
        return codec_text("detail", &wire->payment_unknown->detail, 0, PAYMENT_DETAIL_MAX, err,
                          &event->unknown.detail);
    case CARTWRIGHT__PAYMENT__V1__PAYMENT_EVENT__BODY__NOT_SET:
    case _CARTWRIGHT__PAYMENT__V1__PAYMENT_EVENT__BODY__CASE_IS_INT_SIZE:
        break;
    }
    return error_set(err, ERROR_PERMANENT, "body: none that this version knows");
}

static int decode_envelope(const WireEvent *wire, struct payment_event *event, struct error *err)
{
    if (codec_text("payment_id", &wire->payment_id, 1, PAYMENT_ID_MAX, err, &event->payment_id) ||
        codec_range("version", wire->version, 1, INT32_MAX, err) ||
        codec_uuid("event_id", &wire->event_id, err, &event->event_id) ||
        codec_range("occurred_at_us", wire->occurred_at_us, 1, INT64_MAX / 2, err) ||
        codec_text("actor", &wire->actor, 1, ACTOR_MAX, err, &event->actor) ||
        codec_uuid("correlation_id", &wire->correlation_id, err, &event->correlation_id) ||
        codec_uuid("causation_id", &wire->causation_id, err, &event->causation_id) ||
        codec_text("cart_id", &wire->cart_id, 1, CART_ID_MAX, err, &event->cart_id) ||
        codec_text("order_id", &wire->order_id, 1, ORDER_ID_MAX, err, &event->order_id) ||
        codec_text("user_id", &wire->user_id, 0, USER_ID_MAX, err, &event->user_id))
        return -1;
    event->version = wire->version;
    event->occurred_at_us = wire->occurred_at_us;
    return 0;
}

int payment_event_decode(struct slice bytes, struct payment_decoded *decoded, struct error *err)
{
    if (bytes.len == 0 || bytes.len > PAYMENT_EVENT_BYTES_MAX)
        return error_set(err, ERROR_PERMANENT, "event: %zu bytes, must be 1 to %d", bytes.len,
                         PAYMENT_EVENT_BYTES_MAX);
    codec_arena_prepare(&decoded->arena, bytes.len);
    ProtobufCAllocator allocator = codec_allocator(&decoded->arena);
    WireEvent *wire = cartwright__payment__v1__payment_event__unpack(&allocator, bytes.len,
                                                                     (const uint8_t *)bytes.data);
    if (wire == NULL)
        return error_set(err, ERROR_PERMANENT, "event: not a PaymentEvent message");
    decoded->event = (struct payment_event){0};
    if (decode_envelope(wire, &decoded->event, err) != 0)
        return -1;
    return decode_body(wire, &decoded->event, err);
}

void payment_decoded_free(struct payment_decoded *decoded)
{
    buf_free(&decoded->arena);
    *decoded = (struct payment_decoded){0};
}

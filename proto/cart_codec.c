/* Protobuf bytes to events, each field judged.
 * Owner: proto. Thread: any; a struct cart_decoded belongs to one.
 */
#include "proto/cart_codec.h"

#include <stdlib.h>

#include "base/memory.h"
#include "cart.pb-c.h"
#include "proto/codec.h"
#include "proto/contact_codec.h"

typedef Cartwright__Cart__V1__CartEvent WireEvent;
typedef Cartwright__Cart__V1__SoldLine WireLine;

static int decode_item_added(const Cartwright__Cart__V1__ItemAdded *wire, struct item_added *body,
                             struct error *err)
{
    if (codec_text("product_id", &wire->product_id, 1, PRODUCT_ID_MAX, err, &body->product_id) ||
        codec_text("product_name", &wire->product_name, 1, PRODUCT_NAME_MAX, err,
                   &body->product_name) ||
        codec_currency("currency", &wire->currency, err, &body->currency) ||
        codec_text("user_id", &wire->user_id, 0, USER_ID_MAX, err, &body->user_id) ||
        codec_range("price_minor", wire->price_minor, 0, AMOUNT_MAX_MINOR, err) ||
        codec_range("quantity", wire->quantity, 1, CART_QUANTITY_MAX, err) ||
        contact_decode(wire->contact, err, &body->contact))
        return -1;
    body->price_minor = wire->price_minor;
    body->quantity = wire->quantity;
    return 0;
}

static int decode_item_quantity_changed(const Cartwright__Cart__V1__ItemQuantityChanged *wire,
                                        struct item_quantity_changed *body, struct error *err)
{
    if (codec_text("product_id", &wire->product_id, 1, PRODUCT_ID_MAX, err, &body->product_id) ||
        codec_range("quantity", wire->quantity, 1, CART_QUANTITY_MAX, err) ||
        codec_range("previous_quantity", wire->previous_quantity, 1, CART_QUANTITY_MAX, err))
        return -1;
    body->quantity = wire->quantity;
    body->previous_quantity = wire->previous_quantity;
    return 0;
}

static int decode_item_removed(const Cartwright__Cart__V1__ItemRemoved *wire,
                               struct item_removed *body, struct error *err)
{
    if (codec_text("product_id", &wire->product_id, 1, PRODUCT_ID_MAX, err, &body->product_id) ||
        codec_range("quantity", wire->quantity, 1, CART_QUANTITY_MAX, err))
        return -1;
    body->quantity = wire->quantity;
    return 0;
}

static int decode_line(const WireLine *wire, struct sold_line *line, struct error *err)
{
    if (codec_text("product_id", &wire->product_id, 1, PRODUCT_ID_MAX, err, &line->product_id) ||
        codec_text("product_name", &wire->product_name, 1, PRODUCT_NAME_MAX, err,
                   &line->product_name) ||
        codec_range("price_minor", wire->price_minor, 0, AMOUNT_MAX_MINOR, err) ||
        codec_range("quantity", wire->quantity, 1, CART_QUANTITY_MAX, err) ||
        codec_range("line_total_minor", wire->line_total_minor, 0, AMOUNT_MAX_MINOR, err))
        return -1;
    line->price_minor = wire->price_minor;
    line->quantity = wire->quantity;
    line->line_total_minor = wire->line_total_minor;
    return 0;
}

static int decode_lines(WireLine *const *wire, size_t count, struct cart_decoded *decoded,
                        struct error *err)
{
    if (count > CART_LINES_MAX)
        return error_set(err, ERROR_PERMANENT, "lines: %zu, must be at most %d", count,
                         CART_LINES_MAX);
    if (count > decoded->line_capacity) {
        decoded->lines = mem_realloc(decoded->lines, count * sizeof(decoded->lines[0]));
        decoded->line_capacity = count;
    }
    for (size_t i = 0; i < count; i++) {
        if (decode_line(wire[i], &decoded->lines[i], err) != 0)
            return error_prefix(err, "lines[%zu]", i);
    }
    return 0;
}

static int decode_checked_out(const Cartwright__Cart__V1__CartCheckedOut *wire,
                              struct cart_decoded *decoded, struct error *err)
{
    struct cart_checked_out *body = &decoded->event.checked_out;
    if (codec_text("order_id", &wire->order_id, 1, ORDER_ID_MAX, err, &body->order_id) ||
        codec_text("user_id", &wire->user_id, 0, USER_ID_MAX, err, &body->user_id) ||
        codec_currency("currency", &wire->currency, err, &body->currency) ||
        codec_range("total_quantity", wire->total_quantity, 0, INT32_MAX, err) ||
        codec_range("total_minor", wire->total_minor, 0, AMOUNT_MAX_MINOR, err) ||
        contact_decode(wire->contact, err, &body->contact) ||
        codec_text("payment_token", &wire->payment_token, 0, PAYMENT_TOKEN_MAX, err,
                   &body->payment_token) ||
        codec_range("opened_at_us", wire->opened_at_us, 0, INT64_MAX / 2, err) ||
        decode_lines(wire->lines, wire->n_lines, decoded, err))
        return -1;
    body->lines = decoded->lines;
    body->line_count = wire->n_lines;
    body->total_quantity = wire->total_quantity;
    body->total_minor = wire->total_minor;
    body->opened_at_us = wire->opened_at_us;
    return 0;
}

static int decode_merged(const Cartwright__Cart__V1__CartMerged *wire, struct cart_decoded *decoded,
                         struct error *err)
{
    struct cart_merged *body = &decoded->event.merged;
    if (codec_text("from_cart_id", &wire->from_cart_id, 1, CART_ID_MAX, err, &body->from_cart_id) ||
        codec_text("into_cart_id", &wire->into_cart_id, 1, CART_ID_MAX, err, &body->into_cart_id) ||
        codec_text("user_id", &wire->user_id, 0, USER_ID_MAX, err, &body->user_id) ||
        codec_currency_or_none("currency", &wire->currency, err, &body->currency) ||
        decode_lines(wire->lines, wire->n_lines, decoded, err))
        return -1;
    body->lines = decoded->lines;
    body->line_count = wire->n_lines;
    return 0;
}

static int decode_opened(const Cartwright__Cart__V1__CartOpened *wire, struct cart_opened *body,
                         struct error *err)
{
    if (codec_text("user_id", &wire->user_id, 0, USER_ID_MAX, err, &body->user_id) ||
        codec_raw_or_none("guest_token_hash", &wire->guest_token_hash, GUEST_TOKEN_HASH_BYTES, err,
                          &body->guest_token_hash) ||
        codec_currency_or_none("currency", &wire->currency, err, &body->currency))
        return -1;
    if (body->user_id.len > 0 && body->guest_token_hash.len > 0)
        return error_set(err, ERROR_PERMANENT, "guest_token_hash: of a cart that has a user");
    return 0;
}

static int decode_abandoned(const Cartwright__Cart__V1__CartAbandoned *wire,
                            struct cart_abandoned *body, struct error *err)
{
    if (codec_range("idle_since_us", wire->idle_since_us, 1, INT64_MAX / 2, err) ||
        contact_decode(wire->contact, err, &body->contact) ||
        codec_text("user_id", &wire->user_id, 0, USER_ID_MAX, err, &body->user_id) ||
        codec_range("total_quantity", wire->total_quantity, 0, INT32_MAX, err) ||
        codec_range("total_minor", wire->total_minor, 0, AMOUNT_MAX_MINOR, err) ||
        codec_currency_or_none("currency", &wire->currency, err, &body->currency))
        return -1;
    body->idle_since_us = wire->idle_since_us;
    body->total_quantity = wire->total_quantity;
    body->total_minor = wire->total_minor;
    return 0;
}

static int decode_expired(const Cartwright__Cart__V1__CartExpired *wire, struct cart_expired *body,
                          struct error *err)
{
    body->idle_since_us = wire->idle_since_us;
    return codec_range("idle_since_us", wire->idle_since_us, 1, INT64_MAX / 2, err);
}

static int decode_body(const WireEvent *wire, struct cart_decoded *decoded, struct error *err)
{
    struct cart_event *event = &decoded->event;
    switch (wire->body_case) {
    case CARTWRIGHT__CART__V1__CART_EVENT__BODY_ITEM_ADDED:
        event->type = CART_EVENT_ITEM_ADDED;
        return decode_item_added(wire->item_added, &event->item_added, err);
    case CARTWRIGHT__CART__V1__CART_EVENT__BODY_ITEM_QUANTITY_CHANGED:
        event->type = CART_EVENT_ITEM_QUANTITY_CHANGED;
        return decode_item_quantity_changed(wire->item_quantity_changed,
                                            &event->item_quantity_changed, err);
    case CARTWRIGHT__CART__V1__CART_EVENT__BODY_ITEM_REMOVED:
        event->type = CART_EVENT_ITEM_REMOVED;
        return decode_item_removed(wire->item_removed, &event->item_removed, err);
    case CARTWRIGHT__CART__V1__CART_EVENT__BODY_CART_CLEARED:
        event->type = CART_EVENT_CLEARED;
        event->cleared.lines = wire->cart_cleared->lines;
        return codec_range("lines", wire->cart_cleared->lines, 0, CART_LINES_MAX, err);
    case CARTWRIGHT__CART__V1__CART_EVENT__BODY_CART_CHECKED_OUT:
        event->type = CART_EVENT_CHECKED_OUT;
        return decode_checked_out(wire->cart_checked_out, decoded, err);
    case CARTWRIGHT__CART__V1__CART_EVENT__BODY_CART_MERGED:
        event->type = CART_EVENT_MERGED;
        return decode_merged(wire->cart_merged, decoded, err);
    case CARTWRIGHT__CART__V1__CART_EVENT__BODY_CART_OPENED:
        event->type = CART_EVENT_OPENED;
        return decode_opened(wire->cart_opened, &event->opened, err);
    case CARTWRIGHT__CART__V1__CART_EVENT__BODY_CART_ABANDONED:
        event->type = CART_EVENT_ABANDONED;
        return decode_abandoned(wire->cart_abandoned, &event->abandoned, err);
    case CARTWRIGHT__CART__V1__CART_EVENT__BODY_CART_EXPIRED:
        event->type = CART_EVENT_EXPIRED;
        return decode_expired(wire->cart_expired, &event->expired, err);
    case CARTWRIGHT__CART__V1__CART_EVENT__BODY__NOT_SET:
    case _CARTWRIGHT__CART__V1__CART_EVENT__BODY__CASE_IS_INT_SIZE:
        break;
    }
    return error_set(err, ERROR_PERMANENT, "body: none that this version knows");
}

static int decode_envelope(const WireEvent *wire, struct cart_event *event, struct error *err)
{
    if (codec_text("cart_id", &wire->cart_id, 1, CART_ID_MAX, err, &event->cart_id) ||
        codec_range("version", wire->version, 1, INT32_MAX, err) ||
        codec_uuid("event_id", &wire->event_id, err, &event->event_id) ||
        codec_range("occurred_at_us", wire->occurred_at_us, 1, INT64_MAX / 2, err) ||
        codec_text("actor", &wire->actor, 1, ACTOR_MAX, err, &event->actor) ||
        codec_uuid("correlation_id", &wire->correlation_id, err, &event->correlation_id) ||
        codec_uuid("causation_id", &wire->causation_id, err, &event->causation_id) ||
        codec_text("client_ip", &wire->client_ip, 0, CLIENT_IP_MAX, err, &event->client_ip) ||
        codec_text("device_id", &wire->device_id, 0, DEVICE_ID_MAX, err, &event->device_id))
        return -1;
    event->version = wire->version;
    event->occurred_at_us = wire->occurred_at_us;
    return 0;
}

int cart_event_decode(struct slice bytes, struct cart_decoded *decoded, struct error *err)
{
    if (bytes.len == 0 || bytes.len > CART_EVENT_BYTES_MAX)
        return error_set(err, ERROR_PERMANENT, "event: %zu bytes, must be 1 to %d", bytes.len,
                         CART_EVENT_BYTES_MAX);
    codec_arena_prepare(&decoded->arena, bytes.len);
    ProtobufCAllocator allocator = codec_allocator(&decoded->arena);
    WireEvent *wire = cartwright__cart__v1__cart_event__unpack(&allocator, bytes.len,
                                                               (const uint8_t *)bytes.data);
    if (wire == NULL)
        return error_set(err, ERROR_PERMANENT, "event: not a CartEvent message");
    decoded->event = (struct cart_event){0};
    if (decode_envelope(wire, &decoded->event, err) != 0)
        return -1;
    return decode_body(wire, decoded, err);
}

void cart_decoded_free(struct cart_decoded *decoded)
{
    buf_free(&decoded->arena);
    free(decoded->lines);
    *decoded = (struct cart_decoded){0};
}

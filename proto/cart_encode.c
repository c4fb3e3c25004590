/* Events to protobuf bytes.
 * Owner: proto. Thread: any.
 */
#include "proto/cart_codec.h"

#include <stdlib.h>

#include "base/memory.h"
#include "cart.pb-c.h"
#include "proto/codec.h"
#include "proto/contact_codec.h"

typedef Cartwright__Cart__V1__CartEvent WireEvent;
typedef Cartwright__Cart__V1__SoldLine WireLine;

const char *cart_event_type_name(enum cart_event_type type)
{
    static const char *const names[] = {
        [CART_EVENT_ITEM_ADDED] = "ItemAdded",
        [CART_EVENT_ITEM_QUANTITY_CHANGED] = "ItemQuantityChanged",
        [CART_EVENT_ITEM_REMOVED] = "ItemRemoved",
        [CART_EVENT_CLEARED] = "CartCleared",
        [CART_EVENT_CHECKED_OUT] = "CartCheckedOut",
        [CART_EVENT_MERGED] = "CartMerged",
        [CART_EVENT_OPENED] = "CartOpened",
        [CART_EVENT_ABANDONED] = "CartAbandoned",
        [CART_EVENT_EXPIRED] = "CartExpired",
    };
    CHECK((size_t)type < ARRAY_SIZE(names) && names[type] != NULL);
    return names[type];
}

/* The lines of a checkout or merge and the pointers to them, in one block for free(). */
static WireLine **wire_lines(const struct sold_line *lines, size_t count)
{
    WireLine **pointers = mem_alloc(count * (sizeof(WireLine *) + sizeof(WireLine)));
    WireLine *wire = (WireLine *)(void *)(pointers + count);
    for (size_t i = 0; i < count; i++) {
        cartwright__cart__v1__sold_line__init(&wire[i]);
        wire[i].product_id = codec_bytes(lines[i].product_id);
        wire[i].product_name = codec_bytes(lines[i].product_name);
        wire[i].price_minor = lines[i].price_minor;
        wire[i].quantity = lines[i].quantity;
        wire[i].line_total_minor = lines[i].line_total_minor;
        pointers[i] = &wire[i];
    }
    return pointers;
}

/* Each takes the envelope by value: it points to the body, which ends with the call. */
static void encode_item_added(const struct cart_event *event, WireEvent wire, struct buf *out)
{
    Cartwright__Cart__V1__ItemAdded body = CARTWRIGHT__CART__V1__ITEM_ADDED__INIT;
    Cartwright__Cart__V1__Contact contact;
    body.product_id = codec_bytes(event->item_added.product_id);
    body.product_name = codec_bytes(event->item_added.product_name);
    body.price_minor = event->item_added.price_minor;
    body.currency = codec_bytes(event->item_added.currency);
    body.quantity = event->item_added.quantity;
    body.user_id = codec_bytes(event->item_added.user_id);
    body.contact = contact_wire(&event->item_added.contact, &contact);
    wire.body_case = CARTWRIGHT__CART__V1__CART_EVENT__BODY_ITEM_ADDED;
    wire.item_added = &body;
    codec_pack(&wire.base, out);
}

static void encode_item_quantity_changed(const struct cart_event *event, WireEvent wire,
                                         struct buf *out)
{
    Cartwright__Cart__V1__ItemQuantityChanged body =
        CARTWRIGHT__CART__V1__ITEM_QUANTITY_CHANGED__INIT;
    body.product_id = codec_bytes(event->item_quantity_changed.product_id);
    body.quantity = event->item_quantity_changed.quantity;
    body.previous_quantity = event->item_quantity_changed.previous_quantity;
    wire.body_case = CARTWRIGHT__CART__V1__CART_EVENT__BODY_ITEM_QUANTITY_CHANGED;
    wire.item_quantity_changed = &body;
    codec_pack(&wire.base, out);
}

static void encode_item_removed(const struct cart_event *event, WireEvent wire, struct buf *out)
{
    Cartwright__Cart__V1__ItemRemoved body = CARTWRIGHT__CART__V1__ITEM_REMOVED__INIT;
    body.product_id = codec_bytes(event->item_removed.product_id);
    body.quantity = event->item_removed.quantity;
    wire.body_case = CARTWRIGHT__CART__V1__CART_EVENT__BODY_ITEM_REMOVED;
    wire.item_removed = &body;
    codec_pack(&wire.base, out);
}

static void encode_cleared(const struct cart_event *event, WireEvent wire, struct buf *out)
{
    Cartwright__Cart__V1__CartCleared body = CARTWRIGHT__CART__V1__CART_CLEARED__INIT;
    body.lines = event->cleared.lines;
    wire.body_case = CARTWRIGHT__CART__V1__CART_EVENT__BODY_CART_CLEARED;
    wire.cart_cleared = &body;
    codec_pack(&wire.base, out);
}

static void encode_checked_out(const struct cart_event *event, WireEvent wire, struct buf *out)
{
    const struct cart_checked_out *from = &event->checked_out;
    Cartwright__Cart__V1__CartCheckedOut body = CARTWRIGHT__CART__V1__CART_CHECKED_OUT__INIT;
    Cartwright__Cart__V1__Contact contact;
    body.order_id = codec_bytes(from->order_id);
    body.user_id = codec_bytes(from->user_id);
    body.currency = codec_bytes(from->currency);
    body.n_lines = from->line_count;
    body.lines = wire_lines(from->lines, from->line_count);
    body.total_quantity = from->total_quantity;
    body.total_minor = from->total_minor;
    body.contact = contact_wire(&from->contact, &contact);
    body.payment_token = codec_bytes(from->payment_token);
    body.opened_at_us = from->opened_at_us;
    wire.body_case = CARTWRIGHT__CART__V1__CART_EVENT__BODY_CART_CHECKED_OUT;
    wire.cart_checked_out = &body;
    codec_pack(&wire.base, out);
    free(body.lines);
}

static void encode_merged(const struct cart_event *event, WireEvent wire, struct buf *out)
{
    const struct cart_merged *from = &event->merged;
    Cartwright__Cart__V1__CartMerged body = CARTWRIGHT__CART__V1__CART_MERGED__INIT;
    body.from_cart_id = codec_bytes(from->from_cart_id);
    body.into_cart_id = codec_bytes(from->into_cart_id);
    body.n_lines = from->line_count;
    body.lines = wire_lines(from->lines, from->line_count);
    body.user_id = codec_bytes(from->user_id);
    body.currency = codec_bytes(from->currency);
    wire.body_case = CARTWRIGHT__CART__V1__CART_EVENT__BODY_CART_MERGED;
    wire.cart_merged = &body;
    codec_pack(&wire.base, out);
    free(body.lines);
}

static void encode_opened(const struct cart_event *event, WireEvent wire, struct buf *out)
{
    Cartwright__Cart__V1__CartOpened body = CARTWRIGHT__CART__V1__CART_OPENED__INIT;
    body.user_id = codec_bytes(event->opened.user_id);
    body.guest_token_hash = codec_bytes(event->opened.guest_token_hash);
    body.currency = codec_bytes(event->opened.currency);
    wire.body_case = CARTWRIGHT__CART__V1__CART_EVENT__BODY_CART_OPENED;
    wire.cart_opened = &body;
    codec_pack(&wire.base, out);
}

static void encode_abandoned(const struct cart_event *event, WireEvent wire, struct buf *out)
{
    const struct cart_abandoned *from = &event->abandoned;
    Cartwright__Cart__V1__CartAbandoned body = CARTWRIGHT__CART__V1__CART_ABANDONED__INIT;
    Cartwright__Cart__V1__Contact contact;
    body.idle_since_us = from->idle_since_us;
    body.contact = contact_wire(&from->contact, &contact);
    body.user_id = codec_bytes(from->user_id);
    body.total_quantity = from->total_quantity;
    body.total_minor = from->total_minor;
    body.currency = codec_bytes(from->currency);
    wire.body_case = CARTWRIGHT__CART__V1__CART_EVENT__BODY_CART_ABANDONED;
    wire.cart_abandoned = &body;
    codec_pack(&wire.base, out);
}

static void encode_expired(const struct cart_event *event, WireEvent wire, struct buf *out)
{
    Cartwright__Cart__V1__CartExpired body = CARTWRIGHT__CART__V1__CART_EXPIRED__INIT;
    body.idle_since_us = event->expired.idle_since_us;
    wire.body_case = CARTWRIGHT__CART__V1__CART_EVENT__BODY_CART_EXPIRED;
    wire.cart_expired = &body;
    codec_pack(&wire.base, out);
}

static WireEvent wire_envelope(const struct cart_event *event)
{
    WireEvent wire = CARTWRIGHT__CART__V1__CART_EVENT__INIT;
    wire.cart_id = codec_bytes(event->cart_id);
    wire.version = event->version;
    wire.event_id = codec_uuid_bytes(&event->event_id);
    wire.occurred_at_us = event->occurred_at_us;
    wire.actor = codec_bytes(event->actor);
    wire.correlation_id = codec_uuid_bytes(&event->correlation_id);
    wire.causation_id = codec_uuid_bytes(&event->causation_id);
    wire.client_ip = codec_bytes(event->client_ip);
    wire.device_id = codec_bytes(event->device_id);
    return wire;
}

void cart_event_encode(const struct cart_event *event, struct buf *out)
{
    static void (*const encoders[])(const struct cart_event *, WireEvent, struct buf *) = {
        [CART_EVENT_ITEM_ADDED] = encode_item_added,
        [CART_EVENT_ITEM_QUANTITY_CHANGED] = encode_item_quantity_changed,
        [CART_EVENT_ITEM_REMOVED] = encode_item_removed,
        [CART_EVENT_CLEARED] = encode_cleared,
        [CART_EVENT_CHECKED_OUT] = encode_checked_out,
        [CART_EVENT_MERGED] = encode_merged,
        [CART_EVENT_OPENED] = encode_opened,
        [CART_EVENT_ABANDONED] = encode_abandoned,
        [CART_EVENT_EXPIRED] = encode_expired,
    };
    CHECK((size_t)event->type < ARRAY_SIZE(encoders) && encoders[event->type] != NULL);
    encoders[event->type](event, wire_envelope(event), out);
}

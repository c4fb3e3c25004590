/* A cart's state as bytes and back.
 * Owner: proto. Thread: any.
 */
#include "proto/cart_state_codec.h"

#include <stdlib.h>

#include "base/memory.h"
#include "cart.pb-c.h"
#include "proto/codec.h"
#include "proto/contact_codec.h"

typedef Cartwright__Cart__V1__CartState WireState;
typedef Cartwright__Cart__V1__CartState__Line WireLine;

enum { CART_STATUS_LAST = 3 };

void cart_state_encode(const struct cart_state *state, struct buf *out)
{
    WireState wire = CARTWRIGHT__CART__V1__CART_STATE__INIT;
    Cartwright__Cart__V1__Contact contact;
    WireLine **pointers = mem_alloc(state->line_count * (sizeof(WireLine *) + sizeof(WireLine)));
    WireLine *lines = (WireLine *)(void *)(pointers + state->line_count);
    for (size_t i = 0; i < state->line_count; i++) {
        cartwright__cart__v1__cart_state__line__init(&lines[i]);
        lines[i].product_id = codec_bytes(state->lines[i].product_id);
        lines[i].product_name = codec_bytes(state->lines[i].product_name);
        lines[i].price_minor = state->lines[i].price_minor;
        lines[i].quantity = state->lines[i].quantity;
        pointers[i] = &lines[i];
    }
    wire.cart_id = codec_bytes(state->cart_id);
    wire.user_id = codec_bytes(state->user_id);
    wire.version = state->version;
    wire.status = state->status;
    wire.currency = codec_bytes(state->currency);
    wire.n_lines = state->line_count;
    wire.lines = pointers;
    wire.updated_at_us = state->updated_at_us;
    wire.opened_at_us = state->opened_at_us;
    wire.touched_at_us = state->touched_at_us;
    wire.abandoned = state->abandoned;
    wire.order_id = codec_bytes(state->order_id);
    wire.merged_into = codec_bytes(state->merged_into);
    wire.guest_token_hash = codec_bytes(state->guest_token_hash);
    wire.contact = contact_wire(&state->contact, &contact);
    codec_pack(&wire.base, out);
    free(pointers);
}

static int decode_line(const WireLine *wire, struct cart_state_line *line, struct error *err)
{
    if (codec_text("product_id", &wire->product_id, 1, PRODUCT_ID_MAX, err, &line->product_id) ||
        codec_text("product_name", &wire->product_name, 1, PRODUCT_NAME_MAX, err,
                   &line->product_name) ||
        codec_range("price_minor", wire->price_minor, 0, AMOUNT_MAX_MINOR, err) ||
        codec_range("quantity", wire->quantity, 1, CART_QUANTITY_MAX, err))
        return -1;
    line->price_minor = wire->price_minor;
    line->quantity = wire->quantity;
    return 0;
}

/* What a state has besides what every release has written. A state of an older release has no
 * opened_at_us and is refused: the events tell it all. */
static int decode_story(const WireState *wire, struct cart_state *state, struct error *err)
{
    if (codec_range("opened_at_us", wire->opened_at_us, 1, INT64_MAX / 2, err) ||
        codec_range("touched_at_us", wire->touched_at_us, 1, INT64_MAX / 2, err) ||
        codec_text("order_id", &wire->order_id, 0, ORDER_ID_MAX, err, &state->order_id) ||
        codec_text("merged_into", &wire->merged_into, 0, CART_ID_MAX, err, &state->merged_into) ||
        codec_raw_or_none("guest_token_hash", &wire->guest_token_hash, GUEST_TOKEN_HASH_BYTES, err,
                          &state->guest_token_hash) ||
        contact_decode(wire->contact, err, &state->contact))
        return -1;
    state->opened_at_us = wire->opened_at_us;
    state->touched_at_us = wire->touched_at_us;
    state->abandoned = wire->abandoned;
    return 0;
}

static int decode_envelope(const WireState *wire, struct cart_state *state, struct error *err)
{
    if (codec_text("cart_id", &wire->cart_id, 1, CART_ID_MAX, err, &state->cart_id) ||
        codec_text("user_id", &wire->user_id, 0, USER_ID_MAX, err, &state->user_id) ||
        codec_range("version", wire->version, 1, INT32_MAX, err) ||
        codec_range("status", wire->status, 0, CART_STATUS_LAST, err) ||
        codec_currency_or_none("currency", &wire->currency, err, &state->currency) ||
        codec_range("updated_at_us", wire->updated_at_us, 1, INT64_MAX / 2, err) ||
        codec_range("lines", (int64_t)wire->n_lines, 0, CART_LINES_MAX, err) ||
        decode_story(wire, state, err))
        return -1;
    state->version = wire->version;
    state->status = wire->status;
    state->updated_at_us = wire->updated_at_us;
    return 0;
}

static int decode_lines(const WireState *wire, struct cart_state_line *lines, struct error *err)
{
    for (size_t i = 0; i < wire->n_lines; i++) {
        if (decode_line(wire->lines[i], &lines[i], err) != 0)
            return error_prefix(err, "lines[%zu]", i);
    }
    return 0;
}

int cart_state_decode(struct slice bytes,
                      int (*use)(void *argument, const struct cart_state *state), void *argument,
                      struct error *err)
{
    struct buf arena = {0};
    struct cart_state state = {0};
    struct cart_state_line *lines = NULL;
    int rc = -1;
    if (bytes.len == 0 || bytes.len > CART_EVENT_BYTES_MAX)
        return error_set(err, ERROR_PERMANENT, "state: %zu bytes, must be 1 to %d", bytes.len,
                         CART_EVENT_BYTES_MAX);
    codec_arena_prepare(&arena, bytes.len);
    ProtobufCAllocator allocator = codec_allocator(&arena);
    WireState *wire = cartwright__cart__v1__cart_state__unpack(&allocator, bytes.len,
                                                               (const uint8_t *)bytes.data);
    if (wire == NULL) {
        error_set(err, ERROR_PERMANENT, "state: not a CartState message");
    } else if (decode_envelope(wire, &state, err) == 0) {
        lines = mem_alloc(wire->n_lines * sizeof(*lines));
        state.lines = lines;
        state.line_count = wire->n_lines;
        if (decode_lines(wire, lines, err) == 0)
            rc = use(argument, &state);
    }
    free(lines);
    buf_free(&arena);
    return rc;
}

/* A cart's state as bytes and back.
 * Owner: lib/cart. Thread: any.
 */
#include "cart/cart_snapshot.h"

#include <stdlib.h>

#include "base/memory.h"
#include "proto/cart_state_codec.h"

static struct slice text_or_none(const char *text)
{
    return text != NULL ? slice_of(text) : (struct slice){"", 0};
}

static char *keep_or_none(struct slice text)
{
    return text.len > 0 ? mem_strndup(text.data, text.len) : NULL;
}

void cart_snapshot_encode(struct slice cart_id, const struct cart *cart, struct buf *out)
{
    struct cart_state_line *lines = mem_alloc(cart->line_count * sizeof(*lines));
    for (size_t i = 0; i < cart->line_count; i++) {
        const struct cart_line *line = &cart->lines[i];
        lines[i] = (struct cart_state_line){
            .product_id = cart_line_product(line),
            .product_name = {line->product_name, line->product_name_length},
            .price_minor = line->price_minor,
            .quantity = line->quantity,
        };
    }
    struct cart_state state = {
        .cart_id = cart_id,
        .user_id = cart_user(cart),
        .currency = slice_of(cart->currency),
        .version = cart->version,
        .status = (int32_t)cart->status,
        .opened_at_us = cart->opened_at_us,
        .updated_at_us = cart->updated_at_us,
        .touched_at_us = cart->touched_at_us,
        .abandoned = cart->abandoned,
        .order_id = text_or_none(cart->order_id),
        .merged_into = text_or_none(cart->merged_into),
        .contact = cart->contact,
        .lines = lines,
        .line_count = cart->line_count,
    };
    if (cart->guest)
        state.guest_token_hash =
            (struct slice){(const char *)cart->guest_token_hash, sizeof(cart->guest_token_hash)};
    cart_state_encode(&state, out);
    free(lines);
}

struct restoring {
    struct slice cart_id;
    struct cart *cart;
    struct error *err;
};

/* Lines come back by the same rules that let them in: as events of a cart that is being filled. */
static int restore_lines(struct cart *cart, const struct cart_state *state, struct error *err)
{
    struct cart_event event = {.type = CART_EVENT_ITEM_ADDED};
    for (size_t i = 0; i < state->line_count; i++) {
        const struct cart_state_line *line = &state->lines[i];
        if (cart_find(cart, line->product_id) != NULL)
            return error_set(err, ERROR_PERMANENT, "state: a product twice");
        event.version = cart->version + 1;
        event.item_added = (struct item_added){
            .product_id = line->product_id,
            .product_name = line->product_name,
            .currency = state->currency,
            .user_id = state->user_id,
            .price_minor = line->price_minor,
            .quantity = line->quantity,
        };
        if (cart_evolve(cart, &event, err) != 0)
            return -1;
    }
    return 0;
}

static void restore_story(struct cart *cart, const struct cart_state *state)
{
    free(cart->user_id);
    cart->user_id = keep_or_none(state->user_id);
    cart->order_id = keep_or_none(state->order_id);
    cart->merged_into = keep_or_none(state->merged_into);
    cart->guest = state->guest_token_hash.len > 0;
    if (cart->guest)
        memcpy(cart->guest_token_hash, state->guest_token_hash.data,
               sizeof(cart->guest_token_hash));
    cart_set_contact(cart, &state->contact);
    memcpy(cart->currency, state->currency.data, state->currency.len);
    cart->version = state->version;
    cart->status = (enum cart_status)state->status;
    cart->abandoned = state->abandoned;
    cart->opened_at_us = state->opened_at_us;
    cart->updated_at_us = state->updated_at_us;
    cart->touched_at_us = state->touched_at_us;
}

static int restore(void *argument, const struct cart_state *state)
{
    struct restoring *restoring = argument;
    struct cart *cart = restoring->cart;
    if (!slice_equal(state->cart_id, restoring->cart_id))
        return error_set(restoring->err, ERROR_PERMANENT, "state: of another cart");
    if (restore_lines(cart, state, restoring->err) != 0) {
        cart_free(cart);
        return -1;
    }
    restore_story(cart, state);
    return 0;
}

int cart_snapshot_decode(struct slice bytes, struct slice cart_id, struct cart *cart,
                         struct error *err)
{
    struct restoring restoring = {cart_id, cart, err};
    return cart_state_decode(bytes, restore, &restoring, err);
}

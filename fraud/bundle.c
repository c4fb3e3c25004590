/* Observations of one key as the bytes of one row.
 * Owner: fraud. Thread: any.
 */
#include "fraud/bundle.h"

#include <endian.h>

enum {
    PART_AT = 24,
    NUMBER_AT = 26,
    CART_LENGTH_AT = 34,
    ITEM_LENGTH_AT = 36,
    HEAD_BYTES = 38,
    ITEM_IS_CART = UINT16_MAX,
};

static bool item_is_cart(const struct observation *observation)
{
    return slice_equal(observation->item, observation->cart_id);
}

size_t bundle_bytes(const struct observation *observation)
{
    return HEAD_BYTES + observation->cart_id.len +
           (item_is_cart(observation) ? 0 : observation->item.len);
}

void bundle_add(struct buf *out, const struct observation *observation)
{
    struct slice cart_id = observation->cart_id, item = observation->item;
    CHECK(cart_id.len < ITEM_IS_CART && item.len < ITEM_IS_CART);
    buf_be64(out, (uint64_t)observation->at_us);
    buf_append(out, observation->event_id.bytes, sizeof(observation->event_id.bytes));
    buf_be16(out, (uint16_t)observation->part);
    buf_be64(out, (uint64_t)observation->number);
    buf_be16(out, (uint16_t)cart_id.len);
    buf_be16(out, item_is_cart(observation) ? ITEM_IS_CART : (uint16_t)item.len);
    buf_append(out, cart_id.data, cart_id.len);
    if (!item_is_cart(observation))
        buf_append(out, item.data, item.len);
}

static int64_t int64_at(const char *bytes)
{
    uint64_t wire;
    memcpy(&wire, bytes, sizeof(wire));
    return (int64_t)be64toh(wire);
}

static uint16_t int16_at(const char *bytes)
{
    uint16_t wire;
    memcpy(&wire, bytes, sizeof(wire));
    return be16toh(wire);
}

static int cut_off(struct error *err)
{
    return error_set(err, ERROR_PERMANENT, "a bundle of observations is cut off");
}

int bundle_take(struct slice *bundle, struct error *err, struct observation *ret_observation)
{
    const char *head = bundle->data;
    if (bundle->len == 0)
        return 0;
    if (bundle->len < HEAD_BYTES)
        return cut_off(err);
    size_t cart_length = int16_at(head + CART_LENGTH_AT);
    size_t item_length = int16_at(head + ITEM_LENGTH_AT);
    bool same = item_length == ITEM_IS_CART;
    size_t length = HEAD_BYTES + cart_length + (same ? 0 : item_length);
    if (bundle->len < length)
        return cut_off(err);
    struct slice cart_id = {head + HEAD_BYTES, cart_length};
    struct slice item = {head + HEAD_BYTES + cart_length, item_length};
    *ret_observation = (struct observation){
        .at_us = int64_at(head),
        .part = int16_at(head + PART_AT),
        .number = int64_at(head + NUMBER_AT),
        .cart_id = cart_id,
        .item = same ? cart_id : item,
    };
    memcpy(ret_observation->event_id.bytes, head + sizeof(int64_t),
           sizeof(ret_observation->event_id.bytes));
    *bundle = (struct slice){bundle->data + length, bundle->len - length};
    return 1;
}

int bundle_open(struct slice bundle, int64_t after_us, int64_t upto_us, struct window *window,
                struct error *err)
{
    struct observation observation = {0};
    int rc;
    while ((rc = bundle_take(&bundle, err, &observation)) > 0) {
        if (observation.at_us > after_us && observation.at_us <= upto_us)
            window_add(window, &observation);
    }
    return rc;
}

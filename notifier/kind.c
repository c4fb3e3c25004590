/* The kinds of messages.
 * Owner: notifier. Thread: any.
 */
#include "notifier/kind.h"

static const struct template_field items[] = {{"name", ITEM_NAME, NULL},
                                              {"quantity", ITEM_QUANTITY, NULL},
                                              {"price", ITEM_PRICE, NULL},
                                              {"total", ITEM_TOTAL, NULL},
                                              {NULL, 0, NULL}};

static const struct template_field order_fields[] = {
    {"shopName", VALUE_SHOP_NAME, NULL}, {"orderId", VALUE_ORDER_ID, NULL},
    {"date", VALUE_DATE, NULL},          {"time", VALUE_TIME, NULL},
    {"total", VALUE_AMOUNT, NULL},       {"itemCount", VALUE_ITEM_COUNT, NULL},
    {"items", VALUE_ITEMS, items},       {NULL, 0, NULL}};

static const struct template_field payment_fields[] = {
    {"shopName", VALUE_SHOP_NAME, NULL}, {"orderId", VALUE_ORDER_ID, NULL},
    {"date", VALUE_DATE, NULL},          {"time", VALUE_TIME, NULL},
    {"amount", VALUE_AMOUNT, NULL},      {NULL, 0, NULL}};

static const struct template_field cart_fields[] = {{"shopName", VALUE_SHOP_NAME, NULL},
                                                    {"date", VALUE_DATE, NULL},
                                                    {"time", VALUE_TIME, NULL},
                                                    {"total", VALUE_AMOUNT, NULL},
                                                    {"itemCount", VALUE_ITEM_COUNT, NULL},
                                                    {"cartUrl", VALUE_CART_URL, NULL},
                                                    {"unsubscribeUrl", VALUE_UNSUBSCRIBE_URL, NULL},
                                                    {NULL, 0, NULL}};

static const struct kind_row rows[KIND_COUNT] = {
    [KIND_ORDER_CONFIRMATION] = {"order-confirmation", false, {true, true}, order_fields},
    [KIND_PAYMENT_CAPTURED] = {"payment-captured", false, {true, false}, payment_fields},
    [KIND_PAYMENT_FAILED] = {"payment-failed", false, {true, true}, payment_fields},
    [KIND_REFUND] = {"refund", false, {true, false}, payment_fields},
    [KIND_FRAUD_HOLD] = {"fraud-hold", false, {true, true}, order_fields},
    [KIND_CART_ABANDONED] = {"cart-abandoned", true, {true, true}, cart_fields},
};

static const char *const channels[CHANNEL_COUNT] = {"email", "sms"};

const struct kind_row *kind_row(enum kind kind)
{
    return &rows[kind];
}

bool kind_by_name(struct slice name, enum kind *ret_kind)
{
    for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
        if (slice_equal(slice_of(rows[kind].name), name)) {
            *ret_kind = kind;
            return true;
        }
    }
    return false;
}

const char *channel_name(enum channel channel)
{
    return channels[channel];
}

bool channel_by_name(struct slice name, enum channel *ret_channel)
{
    for (enum channel channel = 0; channel < CHANNEL_COUNT; channel++) {
        if (slice_equal(slice_of(channels[channel]), name)) {
            *ret_channel = channel;
            return true;
        }
    }
    return false;
}

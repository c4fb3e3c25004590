/* The kinds of messages: one table says what each is called, who may refuse it, what its templates
 * may say. Pure. Owner: notifier. Thread: any; const.
 */
#ifndef CARTWRIGHT_NOTIFIER_KIND_H
#define CARTWRIGHT_NOTIFIER_KIND_H

#include <stdbool.h>

#include "notifier/template.h"

enum kind {
    KIND_ORDER_CONFIRMATION,
    KIND_PAYMENT_CAPTURED,
    KIND_PAYMENT_FAILED,
    KIND_REFUND,
    KIND_FRAUD_HOLD,
    KIND_CART_ABANDONED,
    KIND_COUNT,
};

enum channel { CHANNEL_EMAIL, CHANNEL_SMS, CHANNEL_COUNT };

/** Values of a message, by template_field.id. */
enum value {
    VALUE_SHOP_NAME,
    VALUE_ORDER_ID,
    VALUE_DATE, /* of what has happened, by the reader's clock */
    VALUE_TIME,
    VALUE_AMOUNT, /* paid, refunded, or the cart's total */
    VALUE_ITEM_COUNT,
    VALUE_ITEMS,
    VALUE_CART_URL,
    VALUE_UNSUBSCRIBE_URL,
    VALUE_COUNT,
};

enum item_value { ITEM_NAME, ITEM_QUANTITY, ITEM_PRICE, ITEM_TOTAL, ITEM_VALUE_COUNT };

struct kind_row {
    const char *name; /* its folder among the templates, and in the database */
    bool marketing;   /* may be refused, is capped, keeps quiet at night */
    bool channels[CHANNEL_COUNT];
    const struct template_field *fields;
};

const struct kind_row *kind_row(enum kind kind);
/** false: no kind has this name. */
bool kind_by_name(struct slice name, enum kind *ret_kind) WARN_UNUSED;

const char *channel_name(enum channel channel);
bool channel_by_name(struct slice name, enum channel *ret_channel) WARN_UNUSED;

#endif

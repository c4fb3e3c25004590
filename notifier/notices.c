/* Which events somebody is told about.
 * Owner: notifier. Thread: any.
 */
#include "notifier/notices.h"

#include <stdio.h>

/* What a message is about: messages of one kind about one thing are the same message. */
enum subject { SUBJECT_ORDER, SUBJECT_PAYMENT, SUBJECT_EVENT };

struct rule {
    int type; /* of the event */
    enum kind kind;
    enum subject subject;
    const char *because;
};

static const struct rule cart_rules[] = {
    {CART_EVENT_CHECKED_OUT, KIND_ORDER_CONFIRMATION, SUBJECT_ORDER, "a cart is bought once"},
    {CART_EVENT_ABANDONED, KIND_CART_ABANDONED, SUBJECT_EVENT,
     "a cart can be left alone more than once"},
};
static const struct rule payment_rules[] = {
    {PAYMENT_EVENT_CAPTURED, KIND_PAYMENT_CAPTURED, SUBJECT_PAYMENT, "the money is taken once"},
    {PAYMENT_EVENT_FAILED, KIND_PAYMENT_FAILED, SUBJECT_PAYMENT, "a payment fails for good"},
    {PAYMENT_EVENT_REFUNDED, KIND_REFUND, SUBJECT_EVENT, "a payment can be refunded in parts"},
};
static const struct rule fraud_rules[] = {
    {FRAUD_EVENT_HELD, KIND_FRAUD_HOLD, SUBJECT_ORDER,
     "an order is held once, however often judged"},
};

struct subjects {
    struct slice order_id, payment_id;
    const struct uuid *event_id;
};

static void put_subject(enum subject subject, const struct subjects *of, char *text, size_t size)
{
    char uuid[UUID_TEXT_SIZE];
    uuid_format(of->event_id, uuid);
    struct slice id = subject == SUBJECT_ORDER     ? of->order_id
                      : subject == SUBJECT_PAYMENT ? of->payment_id
                                                   : slice_of(uuid);
    CHECK(id.len < size); /* the codecs bound them */
    snprintf(text, size, "%.*s", (int)id.len, id.data);
}

static bool apply(const struct rule *rules, size_t count, int type, const struct subjects *of,
                  struct told *told)
{
    for (size_t i = 0; i < count; i++) {
        if (rules[i].type == type) {
            told->kind = rules[i].kind;
            put_subject(rules[i].subject, of, told->subject_id, sizeof(told->subject_id));
            return true;
        }
    }
    return false;
}

bool notice_of_cart(const struct cart_event *event, struct told *ret_told)
{
    bool bought = event->type == CART_EVENT_CHECKED_OUT;
    bool left = event->type == CART_EVENT_ABANDONED;
    struct told told = {.occurred_at_us = event->occurred_at_us};
    if (bought)
        told.order_id = event->checked_out.order_id;
    if (bought || left)
        told.user_id = bought ? event->checked_out.user_id : event->abandoned.user_id;
    const struct subjects of = {.order_id = told.order_id, .event_id = &event->event_id};
    if (!apply(cart_rules, ARRAY_SIZE(cart_rules), (int)event->type, &of, &told))
        return false;
    *ret_told = told;
    return true;
}

bool notice_of_payment(const struct payment_event *event, struct told *ret_told)
{
    struct told told = {.user_id = event->user_id,
                        .order_id = event->order_id,
                        .occurred_at_us = event->occurred_at_us};
    const struct subjects of = {event->order_id, event->payment_id, &event->event_id};
    if (!apply(payment_rules, ARRAY_SIZE(payment_rules), (int)event->type, &of, &told))
        return false;
    *ret_told = told;
    return true;
}

bool notice_of_fraud(const struct fraud_event *event, struct told *ret_told)
{
    struct told told = {.user_id = event->user_id,
                        .order_id = event->order_id,
                        .occurred_at_us = event->occurred_at_us};
    const struct subjects of = {.order_id = event->order_id, .event_id = &event->event_id};
    if (!apply(fraud_rules, ARRAY_SIZE(fraud_rules), (int)event->type, &of, &told))
        return false;
    *ret_told = told;
    return true;
}

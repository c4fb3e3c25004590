/* Which events somebody is told about: the rules. Pure.
 * Owner: notifier. Thread: any.
 */
#ifndef CARTWRIGHT_NOTIFIER_NOTICES_H
#define CARTWRIGHT_NOTIFIER_NOTICES_H

#include "notifier/kind.h"
#include "proto/cart_event.h"
#include "proto/fraud_event.h"
#include "proto/payment_event.h"

/** Something to be told: one message on each of its kind's channels. Slices point into the event.
 */
struct told {
    enum kind kind;
    char subject_id[80];   /* what it is about: told about once */
    struct slice user_id;  /* may be empty */
    struct slice order_id; /* empty for a cart that was not bought */
    int64_t occurred_at_us;
};

/** Whether the event is worth a message; fills *ret_told when it is. */
bool notice_of_cart(const struct cart_event *event, struct told *ret_told) WARN_UNUSED;
bool notice_of_payment(const struct payment_event *event, struct told *ret_told) WARN_UNUSED;
bool notice_of_fraud(const struct fraud_event *event, struct told *ret_told) WARN_UNUSED;

#endif

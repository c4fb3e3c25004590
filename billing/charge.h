/* The rules of a payment: what it is in, what happened, what it becomes. Pure: a table.
 * Owner: billing. Thread: any.
 */
#ifndef CARTWRIGHT_BILLING_CHARGE_H
#define CARTWRIGHT_BILLING_CHARGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "proto/payment_event.h"

enum charge_state {
    CHARGE_AWAITING,   /* fraud has not spoken */
    CHARGE_HELD,       /* a person has to look first */
    CHARGE_CHARGING,   /* may be charged; nothing that we have sent is unaccounted for */
    CHARGE_ASKING,     /* the provider may or may not have charged */
    CHARGE_AUTHORISED, /* reserved, the money is not ours yet */
    CHARGE_CAPTURED,
    CHARGE_REFUNDING, /* captured, and to be given back */
    CHARGE_REFUNDED,
    CHARGE_FAILED,
    CHARGE_MISMATCH, /* the provider names another amount or currency */
};
enum { CHARGE_STATES = CHARGE_MISMATCH + 1 };

enum charge_input {
    /* of fraud */
    CHARGE_CLEARED,
    CHARGE_SUSPECTED, /* FraudHeld */
    CHARGE_BLOCKED,   /* also by a person */
    CHARGE_RELEASED,  /* by a person */
    /* of the clock, by the setting verdict_policy */
    CHARGE_NO_VERDICT_HOLD,
    CHARGE_NO_VERDICT_CHARGE,
    /* of the provider: what it answered to a charge, to a question, or by itself */
    CHARGE_IS_AUTHORISED,
    CHARGE_IS_CAPTURED,
    CHARGE_IS_OTHERWISE, /* charged, but another amount or currency */
    CHARGE_IS_DECLINED,
    CHARGE_IS_NOT_THERE,      /* it knows of no such charge */
    CHARGE_IS_NOT_THERE_LATE, /* the same after the deadline */
    CHARGE_NO_ANSWER,         /* sent, and no whole answer */
    CHARGE_NOT_SENT,          /* it surely did not get our call, or did nothing with it */
    CHARGE_IS_REFUNDED,
    CHARGE_REFUND_DECLINED,
    /* of an admin */
    CHARGE_REFUND_ASKED,
};
enum { CHARGE_INPUTS = CHARGE_REFUND_ASKED + 1 };

/** What is to be done next about the payment. */
enum charge_action {
    CHARGE_DO_NOTHING,
    CHARGE_DO_CHARGE, /* call the provider with the payment's idempotency key */
    CHARGE_DO_ASK,    /* ask the provider about it, never charging */
    CHARGE_DO_REFUND,
};

struct charge_rule {
    enum charge_state state;
    enum charge_input input;
    enum charge_state next;
    int event; /* enum payment_event_type to append, 0: none */
    enum charge_action action;
    bool alarm; /* a person should know */
    const char *because;
};

/** What happens; a pair that the table does not name changes nothing (NULL). */
const struct charge_rule *charge_rule(enum charge_state state, enum charge_input input);

extern const struct charge_rule charge_rules[];
extern const size_t charge_rule_count;

/** The payment's status as callers see it: requested, authorised, captured, failed, unknown,
 * refunded, mismatch. */
const char *charge_status(enum charge_state state);

/** The state's name as it is stored, and back: 0, or -1 for another word. */
const char *charge_state_name(enum charge_state state);
int charge_state_parse(struct slice name, enum charge_state *ret_state) WARN_UNUSED;

/** The state that is left when all that is known is the stream's last event. */
enum charge_state charge_state_after(enum payment_event_type last);

/** What the provider's words mean: the same amount and currency (letters of any case), or not. */
bool charge_agrees(int64_t amount_minor, struct slice currency, int64_t provider_amount_minor,
                   struct slice provider_currency);

#endif

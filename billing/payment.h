/* A payment's row: read, changed by the rules, written back with the event that tells it.
 * Owner: billing. Thread: the connection's.
 */
#ifndef CARTWRIGHT_BILLING_PAYMENT_H
#define CARTWRIGHT_BILLING_PAYMENT_H

#include "billing/charge.h"
#include "billing/provider.h"
#include "service/facts.h"

/** A row of payments. The slices point into the result that it was read from, or to what its maker
 * had. */
struct payment {
    struct slice payment_id, cart_id, order_id, user_id, currency, token, provider;
    struct slice reference, verdict, failure_code, failure_detail;
    int64_t amount_minor;
    enum charge_state state;
    int32_t cart_version, version, attempt, tries;
    struct uuid correlation_id, causation_id;
    int16_t trace_flags;
    bool poked;
    int64_t requested_at_us, updated_at_us;
    int64_t charging_at_us, sent_at_us; /* 0: not */
    int64_t due_at_us;                  /* 0: nothing is due; what payment_save writes */
};

/** The columns that payment_take wants, in its order. */
#define PAYMENT_COLUMNS                                                                            \
    "payment_id, cart_id, order_id, user_id, currency, token, provider, reference, verdict, "      \
    "failure_code, failure_detail, amount_minor, state, cart_version, version, attempt, tries, "   \
    "correlation_id, causation_id, trace_flags, poked, requested_at, updated_at, charging_at, "    \
    "sent_at"

/** -1 when the row has a state that this version does not know. */
int payment_take(const struct pg_result *result, int row, struct error *err,
                 struct payment *ret_payment) WARN_UNUSED;

/** Reads one row. 1: it is in *ret_payment, and *ret_result is the caller's; 0: there is none; -1.
 */
enum payment_key {
    PAYMENT_BY_ANY,         /* payment id or cart id */
    PAYMENT_BY_ID_LOCKED,   /* FOR UPDATE */
    PAYMENT_BY_CART_LOCKED, /* FOR UPDATE */
    PAYMENT_KEYS,
};
int payment_read(struct pg *pg, enum payment_key key, struct slice id, int timeout_ms,
                 struct error *err, struct pg_result **ret_result,
                 struct payment *ret_payment) WARN_UNUSED;

int payment_insert(struct pg *pg, const struct payment *payment, int timeout_ms,
                   struct error *err) WARN_UNUSED;
/** Writes what may change, and ends the lease: another runner that still has it is fenced off. */
int payment_save(struct pg *pg, const struct payment *payment, int timeout_ms,
                 struct error *err) WARN_UNUSED;

/** What came with an input. */
struct payment_news {
    const struct provider_answer *answer; /* of the provider; or NULL */
    struct slice code, detail;            /* of a refusal that is not the provider's */
    struct slice actor;                   /* empty: "billing" */
    struct slice reason;                  /* of a refund */
    const struct uuid *cause;             /* of the event; NULL: the checkout */
};

/** Changes the payment by the rules and adds the event, if there is one, to facts. Returns the
 * rule, NULL when the input changes nothing. The row has still to be saved; the slices of news must
 * live until then. */
const struct charge_rule *payment_apply(struct payment *payment, enum charge_input input,
                                        const struct payment_news *news, struct facts *facts,
                                        struct uuid_source *random);

/** Adds PaymentRequested as the stream's first event. */
void payment_request(struct payment *payment, struct facts *facts, struct uuid_source *random);

#endif

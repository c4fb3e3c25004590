/* Giving back what was paid: asked for by an admin, once, done by the runners.
 * Owner: billing. Thread: a pool thread's.
 */
#ifndef CARTWRIGHT_BILLING_REFUND_H
#define CARTWRIGHT_BILLING_REFUND_H

#include "billing/payment.h"
#include "io/digest.h"

struct refund_wish {
    struct slice id; /* the payment's or the cart's */
    struct slice asked_by, key, reason;
    uint8_t fingerprint[DIGEST_SHA256_SIZE];
};

enum refund_outcome {
    REFUND_ASKED,    /* the answer is new, and recorded under the key */
    REFUND_REPLAYED, /* the answer is the recorded one */
    REFUND_KEY_REUSED,
    REFUND_EXISTS,
    REFUND_NOT_CAPTURED,
    REFUND_NO_PAYMENT,
};

struct billing;

/** Decides and records in one transaction; answer gets the body of the first two outcomes. -1 with
 * err as pg_transaction: calling again is safe. */
int refund_ask(struct billing *billing, struct pg *pg, const struct refund_wish *wish,
               struct buf *answer, enum refund_outcome *ret_outcome, struct error *err) WARN_UNUSED;

/** Who asked for the payment's refund and why; both empty when nobody did. */
int refund_words(struct pg *pg, struct slice payment_id, int timeout_ms, struct error *err,
                 struct buf *by, struct buf *reason) WARN_UNUSED;

#endif

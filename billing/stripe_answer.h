/* What Stripe's answers mean. Pure. Source: https://docs.stripe.com/api, PaymentIntents, Refunds,
 * Errors.
 * Owner: billing. Thread: any.
 */
#ifndef CARTWRIGHT_BILLING_STRIPE_ANSWER_H
#define CARTWRIGHT_BILLING_STRIPE_ANSWER_H

#include "billing/provider.h"

/** Of a charge, or of a question about one intent: status and body as they came. */
void stripe_read_intent(int status, struct slice body, struct provider_answer *answer);
/** Of a search for a payment: its first intent, or none. */
void stripe_read_search(int status, struct slice body, struct provider_answer *answer);
void stripe_read_refund(int status, struct slice body, struct provider_answer *answer);

#endif

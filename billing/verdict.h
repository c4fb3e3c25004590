/* Fraud's verdict about a cart: its word, where it is kept, and what the rules make of it.
 * Owner: billing. Thread: the connection's.
 */
#ifndef CARTWRIGHT_BILLING_VERDICT_H
#define CARTWRIGHT_BILLING_VERDICT_H

#include "billing/payment.h"
#include "proto/fraud_event.h"

/** The event's word, as it is stored: static text. */
struct slice verdict_word(const struct fraud_event *event);

/** What the rules make of a stored word. */
enum charge_input verdict_input(struct slice word);

/** What is told of a payment that a verdict ends. cause: of the event; NULL: the checkout. */
struct payment_news verdict_news(const struct uuid *cause);

/** Keeps the word in `verdicts`, unless a later one is there. -1: see pg_run. */
int verdict_keep(struct pg *pg, const struct fraud_event *event, int timeout_ms,
                 struct error *err) WARN_UNUSED;

/** The word that was kept. 1: *ret_word lives in *ret_result, which is the caller's; 0: there is
 * none; -1. */
int verdict_kept(struct pg *pg, struct slice cart_id, int timeout_ms, struct error *err,
                 struct pg_result **ret_result, struct slice *ret_word) WARN_UNUSED;

/** Fraud's last word in the event store, however far the consumer has come. 1: *ret_word, static
 * text; 0: fraud has not judged the cart; -1. */
int verdict_in_store(struct pg *pg, struct slice cart_id, int timeout_ms, struct error *err,
                     struct slice *ret_word) WARN_UNUSED;

#endif

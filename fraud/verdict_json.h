/* Verdicts and reviews as JSON. Pure.
 * Owner: fraud. Thread: any.
 */
#ifndef CARTWRIGHT_FRAUD_VERDICT_JSON_H
#define CARTWRIGHT_FRAUD_VERDICT_JSON_H

#include "base/buf.h"
#include "proto/fraud_event.h"

/** `"hits":[…]` of a verdict, with the comma before it that it needs. */
void verdict_hits_json(const struct fraud_verdict *verdict, struct buf *out);

/** The members of a verdict: verdict, score, decidedAt, hits. */
void verdict_json(const struct fraud_event *event, struct buf *out);

/** The members of a review: decision, note, reviewer, reviewedAt. */
void review_json(const struct fraud_event *event, struct buf *out);

/** What becomes of the checkout: "cleared", "held", "blocked", and after a review "released" or
 * "blocked". */
const char *verdict_status(const struct fraud_event *last);

#endif

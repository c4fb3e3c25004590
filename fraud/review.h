/* POST /api/fraud/reviews/{cartId}: a person decides about a held checkout.
 * Owner: fraud. Thread: the worker's.
 */
#ifndef CARTWRIGHT_FRAUD_REVIEW_H
#define CARTWRIGHT_FRAUD_REVIEW_H

#include "http/http.h"

/** A handler; context is the service's state. */
void route_review(struct http_request *request, void *context);

#endif

/* Billing's calls.
 * Owner: billing. Thread: the request's worker.
 */
#ifndef CARTWRIGHT_BILLING_ROUTES_H
#define CARTWRIGHT_BILLING_ROUTES_H

#include "http/http.h"

enum { BILLING_ROUTE_COUNT = 5 };
extern const struct http_route billing_routes[BILLING_ROUTE_COUNT];

void route_payment(struct http_request *request, void *context);
void route_invoice(struct http_request *request, void *context);
void route_refund(struct http_request *request, void *context);
void route_stripe_webhook(struct http_request *request, void *context); /* webhook.c */

#endif

/* The notifier's HTTP calls: preferences, unsubscribing, dead messages.
 * Owner: notifier. Thread: the HTTP worker's, statements on the pool's threads.
 */
#ifndef CARTWRIGHT_NOTIFIER_ROUTES_H
#define CARTWRIGHT_NOTIFIER_ROUTES_H

#include "http/http.h"

enum { NOTIFIER_ROUTE_COUNT = 8 };
extern const struct http_route notifier_routes[NOTIFIER_ROUTE_COUNT];

#endif

/* The table of cart-api's calls.
 * Owner: cart-api. Thread: any; const. Their context is the struct app.
 */
#ifndef CARTWRIGHT_CART_API_ROUTES_H
#define CARTWRIGHT_CART_API_ROUTES_H

#include "http/http.h"

extern const struct http_route api_routes[];
extern const size_t api_route_count;

#endif

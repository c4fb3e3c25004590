/* The demo page, compiled in from demo/.
 * Owner: cart-api. Thread: the request's worker.
 */
#ifndef CARTWRIGHT_CART_API_DEMO_H
#define CARTWRIGHT_CART_API_DEMO_H

#include "http/http.h"

void route_demo_page(struct http_request *request, void *context);
void route_demo_script(struct http_request *request, void *context);
void route_demo_style(struct http_request *request, void *context);

#endif

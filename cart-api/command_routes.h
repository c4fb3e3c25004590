/* The calls that change a cart: what each request must look like.
 * Owner: cart-api. Thread: the request's worker. context is the struct app.
 */
#ifndef CARTWRIGHT_CART_API_COMMAND_ROUTES_H
#define CARTWRIGHT_CART_API_COMMAND_ROUTES_H

#include "http/http.h"

void route_open(struct http_request *request, void *context);
void route_add_items(struct http_request *request, void *context);
void route_set_quantity(struct http_request *request, void *context);
void route_remove_item(struct http_request *request, void *context);
void route_clear(struct http_request *request, void *context);
void route_merge(struct http_request *request, void *context);
void route_check_out(struct http_request *request, void *context);

#endif

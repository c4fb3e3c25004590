/* The calls that only read a cart.
 * Owner: cart-api. Thread: the request's worker. context is the struct app.
 */
#ifndef CARTWRIGHT_CART_API_READ_ROUTES_H
#define CARTWRIGHT_CART_API_READ_ROUTES_H

#include "http/http.h"

void route_view(struct http_request *request, void *context);    /* view.c */
void route_history(struct http_request *request, void *context); /* history.c */
void route_state(struct http_request *request, void *context);   /* state.c */
void route_openapi(struct http_request *request, void *context); /* openapi.c */
void route_asyncapi(struct http_request *request, void *context);

struct worker;
/** At the worker's end: answers the views that wait for a timer (view.c). */
void view_abandon_waiting(struct worker *worker);
/** After each turn: gives back the deferreds of the views that were answered in it (view.c). */
void view_post_finished(void *worker);

#endif

/* The calls that stay open and tell a cart's views as they change.
 * Owner: cart-api. Thread: the request's worker. context is the struct app.
 */
#ifndef CARTWRIGHT_CART_API_LIVE_ROUTES_H
#define CARTWRIGHT_CART_API_LIVE_ROUTES_H

#include "cart-api/live_hub.h"
#include "http/stream.h"

void route_stream(struct http_request *request, void *context); /* live_stream.c */
void route_socket(struct http_request *request, void *context); /* live_socket.c */

/** What both do first: whether this page, and one more listener, is admitted; false: answered.
 * (live_gate.c) */
bool live_gate_open(struct http_request *request, struct app *app);
/** The other side of it, when the connection has ended. */
void live_gate_close(struct app *app, enum http_stream_end how);

/** The limits that both give their streams. */
struct http_stream_limits live_limits(const struct app *app);

#endif

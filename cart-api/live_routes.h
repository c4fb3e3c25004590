/* The calls that stay open and tell a cart's views as they change.
 * Owner: cart-api. Thread: the request's worker. context is the struct app.
 */
#ifndef CARTWRIGHT_CART_API_LIVE_ROUTES_H
#define CARTWRIGHT_CART_API_LIVE_ROUTES_H

#include "cart-api/caller.h"
#include "cart-api/live_hub.h"
#include "http/stream.h"

void route_stream(struct http_request *request, void *context); /* live_stream.c */
void route_socket(struct http_request *request, void *context); /* live_socket.c */

/** Who listens: kept for as long as the connection is open, which ends with the credential
 * (live_gate.c). */
struct live_guest {
    struct app *app;
    struct caller caller;
    struct http_timer *timer; /* NULL: the credential does not end */
    struct http_worker *worker;
    void (*expired)(void *arg);
    void *arg;
};

/** What both do first: whether this page, and one more listener of this identity, is admitted;
 * false: answered. Otherwise live_gate_enter, and once live_gate_close. */
bool live_gate_open(struct http_request *request, struct app *app,
                    const struct auth_identity *identity);
/** Fills guest, which does not move afterwards. */
void live_gate_enter(struct live_guest *guest, struct app *app,
                     const struct auth_identity *identity);
/** expired is called on the worker's thread when the credential ends, unless the gate is closed
 * before. */
void live_gate_watch(struct live_guest *guest, struct http_worker *worker,
                     void (*expired)(void *arg), void *arg);
/** The connection has ended. */
void live_gate_close(struct live_guest *guest, enum http_stream_end how);

/** The limits that both give their streams. */
struct http_stream_limits live_limits(const struct app *app);

#endif

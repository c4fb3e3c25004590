/* The sweep for idle carts: walks old events once, each partition from its cursor, and asks the
 * rules about every cart whose last event it meets. Owner: cart-api. Thread: the janitor's.
 */
#ifndef CARTWRIGHT_CART_API_IDLE_SWEEP_H
#define CARTWRIGHT_CART_API_IDLE_SWEEP_H

#include <stdbool.h>

#include "cart-api/decide_idle.h"
#include "io/pg.h"

struct app;

/** One step of the sweep of this kind, unless another process is at it. True: there is more to do
 * at once. */
bool idle_sweep_step(struct app *app, struct pg *pg, enum idle_kind kind);

#endif

/* Deletes recorded answers that are older than an Idempotency-Key is remembered.
 * Owner: cart-api. Thread: a reader's, see pg_pool_options.chore.
 */
#ifndef CARTWRIGHT_CART_API_JANITOR_H
#define CARTWRIGHT_CART_API_JANITOR_H

#include "io/pg.h"

/** Deletes one small batch; context is the struct app. Returns in how many ms to come again. */
int janitor_sweep(void *context, struct pg *pg);

#endif

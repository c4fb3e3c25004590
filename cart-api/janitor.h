/* What has to be done now and then: old recorded answers are deleted, idle carts told so.
 * Owner: cart-api. Thread: a reader's, see pg_pool_options.chore.
 */
#ifndef CARTWRIGHT_CART_API_JANITOR_H
#define CARTWRIGHT_CART_API_JANITOR_H

#include <stdint.h>

#include "io/pg.h"

enum { JANITOR_CHORES = 3 };

struct janitor {
    int64_t due_us[JANITOR_CHORES]; /* monotonic */
};

/** Does what is due; context is the struct app. Returns in how many ms to come again. */
int janitor_work(void *context, struct pg *pg);

#endif

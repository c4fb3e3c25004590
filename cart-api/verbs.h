/* What cart-api does instead of serving: prepare a database, prepare a broker.
 * Owner: cart-api. Thread: the main thread's.
 */
#ifndef CARTWRIGHT_CART_API_VERBS_H
#define CARTWRIGHT_CART_API_VERBS_H

#include "cart-api/settings.h"

/** Both say on stdout what they did; 0, or -1 with err. */
int verb_migrate(const struct api_settings *settings, struct error *err) WARN_UNUSED;
int verb_create_topics(const struct api_settings *settings, struct error *err) WARN_UNUSED;

#endif

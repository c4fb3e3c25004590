/* The notifier: tells shoppers about their orders, payments and carts.
 * Owner: notifier. Thread: main; the routes' handlers are the HTTP worker's.
 */
#ifndef CARTWRIGHT_NOTIFIER_NOTIFIER_H
#define CARTWRIGHT_NOTIFIER_NOTIFIER_H

#include "service/service.h"

extern const struct service notifier_service;

/** The runtime and what a handler may do with the state that is its context. */
struct service_runtime *notifier_runtime(void *context);
/** Something became due. Any thread. */
void notifier_kick(void *context);

#endif

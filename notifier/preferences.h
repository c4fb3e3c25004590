/* What a user wants to hear, and the links that end it: HTTP handlers.
 * Owner: notifier. Thread: the HTTP worker's.
 */
#ifndef CARTWRIGHT_NOTIFIER_PREFERENCES_H
#define CARTWRIGHT_NOTIFIER_PREFERENCES_H

#include "http/http.h"

void preferences_get(struct http_request *request, void *context);
void preferences_put(struct http_request *request, void *context);
void unsubscribe_page(struct http_request *request, void *context);
void unsubscribe(struct http_request *request, void *context);

#endif

/* Refusals of parameters, in one wording for all routes.
 * Owner: cart-api. Thread: the request's worker.
 */
#ifndef CARTWRIGHT_CART_API_REFUSE_H
#define CARTWRIGHT_CART_API_REFUSE_H

#include "cart-api/body.h"
#include "http/problem.h"

/** Answers 400 invalid_parameter. name as in the path, or "?name" in the query. */
void refuse_parameter(struct http_request *request, const char *name, const char *why);
void refuse_cart_id(struct http_request *request);

/** Whether the query has only these names (NULL-terminated), each once; false: answered. */
bool query_is_valid(struct http_request *request, const char *const *names);

/** Answers with what was wrong with the body. */
void refuse_body(struct http_request *request, const struct body_failure *failure);

#endif

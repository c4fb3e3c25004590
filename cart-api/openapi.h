/* The OpenAPI document, compiled in from openapi.json.
 * Owner: cart-api. Thread: any; const.
 */
#ifndef CARTWRIGHT_CART_API_OPENAPI_H
#define CARTWRIGHT_CART_API_OPENAPI_H

/** NUL-terminated. */
extern const char openapi_json[];

#endif

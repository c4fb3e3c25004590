/* The OpenAPI and the AsyncAPI document, compiled in from openapi.json and asyncapi.json.in.
 * Owner: cart-api. Thread: any; const.
 */
#ifndef CARTWRIGHT_CART_API_OPENAPI_H
#define CARTWRIGHT_CART_API_OPENAPI_H

/** NUL-terminated. */
extern const char openapi_json[], asyncapi_json[];

#endif

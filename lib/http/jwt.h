/* A JSON Web Token taken apart, before anything in it is believed. Pure. Sources: RFC 7515 (compact
 * serialization), RFC 7519, RFC 8725.
 * Owner: lib/http. Thread: any.
 */
#ifndef CARTWRIGHT_HTTP_JWT_H
#define CARTWRIGHT_HTTP_JWT_H

#include "http/json_body.h"
#include "io/signature.h"

enum { JWT_BYTES_MAX = 8192, JWT_KEY_ID_MAX = 128 };

struct jwt {
    struct json *header, *claims; /* owned */
    enum signature_algorithm algorithm;
    struct slice key_id;       /* into header; data NULL: none */
    struct slice signed_bytes; /* into the token */
    uint8_t *bytes;            /* owned; holds the signature */
    struct slice signature;
};

/** Takes token apart, which must outlive *jwt. -1 with *ret_why (a literal) and nothing to free for
 * whatever is not one well-formed signed token of a kind that can be an access token: another
 * algorithm or none, `crit`, compression, keys or places of keys inside the token, another `typ`.
 */
int jwt_parse(struct slice token, struct jwt *jwt, const char **ret_why) WARN_UNUSED;
void jwt_free(struct jwt *jwt);

#endif

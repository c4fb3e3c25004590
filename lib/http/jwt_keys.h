/* The keys that tokens may be signed with: a set, read-only once made. Each key has its one
 * algorithm; a token's header only chooses among the keys. Pure. Sources: RFC 7517, RFC 8037.
 * Owner: lib/http. Thread: any.
 */
#ifndef CARTWRIGHT_HTTP_JWT_KEYS_H
#define CARTWRIGHT_HTTP_JWT_KEYS_H

#include "http/jwt.h"

enum { JWT_KEYS_MAX = 32, JWT_KEYS_BYTES_MAX = 256 * 1024 };

struct jwt_keys;

enum jwt_keys_origin {
    JWT_KEYS_FILE, /* the operator's: may hold secrets (HS256), a bad key is a mistake */
    JWT_KEYS_URL,  /* an issuer's: public, so no secret in it is one; a bad key is left out */
};

/** The keys of a JWK set, or of PEM public keys. Keys for encryption and of other algorithms are
 * left out. -1 with err: no key is left, or the text is neither. */
int jwt_keys_parse(struct slice text, enum jwt_keys_origin origin, struct error *err,
                   struct jwt_keys **ret_keys) WARN_UNUSED;
void jwt_keys_free(struct jwt_keys *keys);

size_t jwt_keys_count(const struct jwt_keys *keys);
/** Whether one of them is a secret, so that their file must be nobody else's to read. */
bool jwt_keys_secret(const struct jwt_keys *keys);

enum jwt_keys_result {
    JWT_SIGNED,      /* by one of the keys */
    JWT_KEY_UNKNOWN, /* its key id is that of no key here: newer keys may have it */
    JWT_NOT_SIGNED,
};

enum jwt_keys_result jwt_keys_verify(const struct jwt_keys *keys, const struct jwt *jwt);

#endif

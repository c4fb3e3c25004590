/* Tokens that were verified before: a signature is checked once per token, not per request.
 * Bounded; the one not used for longest makes way. Keys are SHA-256 of the token, so that no token
 * is kept. Owner: lib/http. Thread: any.
 */
#ifndef CARTWRIGHT_HTTP_TOKEN_CACHE_H
#define CARTWRIGHT_HTTP_TOKEN_CACHE_H

#include "http/jwt_claims.h"
#include "io/digest.h"

enum { JWT_TEXT_MAX = JWT_SUBJECT_MAX + JWT_EMAIL_MAX + JWT_PHONE_MAX + JWT_LOCALE_MAX };

struct token_cache;

struct token_cache *token_cache_new(size_t capacity);
void token_cache_free(struct token_cache *cache);

/** Copies an identity, its texts to text (JWT_TEXT_MAX bytes), which it then points into. */
void jwt_identity_copy(const struct jwt_identity *from, char *text, struct jwt_identity *to);

/** False when the token is not there, has expired at now_s, or was verified with another generation
 * of keys. text as in jwt_identity_copy. */
bool token_cache_find(struct token_cache *cache, const uint8_t digest[DIGEST_SHA256_SIZE],
                      uint64_t generation, int64_t now_s, char *text,
                      struct jwt_identity *ret_identity);

void token_cache_keep(struct token_cache *cache, const uint8_t digest[DIGEST_SHA256_SIZE],
                      uint64_t generation, const struct jwt_identity *identity);

#endif

/* Digests: the one door to OpenSSL's.
 * Owner: lib/io. Thread: any.
 */
#ifndef CARTWRIGHT_IO_DIGEST_H
#define CARTWRIGHT_IO_DIGEST_H

#include "base/buf.h"

enum { DIGEST_SHA256_SIZE = 32 };

/** SHA-256 of the bytes as they are. Source: FIPS 180-4. */
void digest_sha256_of(struct slice bytes, uint8_t digest[DIGEST_SHA256_SIZE]);

/** SHA-256 over the parts, each preceded by its length, so that bytes that move from one part to
 * the next give another digest. */
void digest_sha256(const struct slice *parts, size_t count, uint8_t digest[DIGEST_SHA256_SIZE]);

/** HMAC-SHA-256 under key of the parts, one after another. Source: RFC 2104. */
void digest_hmac_sha256(struct slice key, const struct slice *parts, size_t count,
                        uint8_t digest[DIGEST_SHA256_SIZE]);

#endif

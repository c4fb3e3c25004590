/* Signatures of others, verified: the one door to OpenSSL's keys. A key knows its one algorithm;
 * nobody can ask it for another. Sources: RFC 7518, RFC 8037, RFC 8032.
 * Owner: lib/io. Thread: a key is read-only once made, any thread may verify with it.
 */
#ifndef CARTWRIGHT_IO_SIGNATURE_H
#define CARTWRIGHT_IO_SIGNATURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum signature_algorithm {
    SIGNATURE_HS256, /* HMAC with SHA-256 */
    SIGNATURE_RS256, /* RSASSA-PKCS1-v1_5 with SHA-256 */
    SIGNATURE_ES256, /* ECDSA on P-256 with SHA-256, signature r || s */
    SIGNATURE_EDDSA, /* Ed25519 */
    SIGNATURE_ALGORITHMS
};

enum {
    SIGNATURE_BYTES_MAX = 1024, /* of RSA with the longest modulus taken */
    SIGNATURE_SECRET_MIN = 32,  /* RFC 7518, 3.2 */
};

/** The name in a token's header: "HS256", "RS256", "ES256", "EdDSA". */
const char *signature_algorithm_name(enum signature_algorithm algorithm);

struct signature_key;

/** Each makes a key from its numbers (big-endian bytes) or its secret. -1 with err when they are
 * too short, too long or no key at all; the message has nothing of a secret. */
int signature_key_hmac(struct slice secret, struct error *err,
                       struct signature_key **ret_key) WARN_UNUSED;
int signature_key_rsa(struct slice modulus, struct slice exponent, struct error *err,
                      struct signature_key **ret_key) WARN_UNUSED;
int signature_key_p256(struct slice x, struct slice y, struct error *err,
                       struct signature_key **ret_key) WARN_UNUSED;
int signature_key_ed25519(struct slice x, struct error *err,
                          struct signature_key **ret_key) WARN_UNUSED;

/** The public keys of a PEM text ("BEGIN PUBLIC KEY"), at most max of them. 0 with *ret_count, or
 * -1 with err: none, too many, a private key, or one of another kind. */
int signature_keys_pem(struct slice text, size_t max, struct error *err,
                       struct signature_key **keys, size_t *ret_count) WARN_UNUSED;

enum signature_algorithm signature_key_algorithm(const struct signature_key *key);

/** Whether signature is this key's over message. */
bool signature_verify(const struct signature_key *key, struct slice message,
                      struct slice signature);

void signature_key_free(struct signature_key *key);

#endif

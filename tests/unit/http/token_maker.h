/* Makes keys and tokens, right ones and forged ones, for the tests of those who judge them.
 * Owner: tests. Thread: single.
 */
#ifndef CARTWRIGHT_TESTS_HTTP_TOKEN_MAKER_H
#define CARTWRIGHT_TESTS_HTTP_TOKEN_MAKER_H

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include "base/base64url.h"
#include "base/buf.h"
#include "io/signature.h"

enum { MAKER_NUMBER_MAX = 1025 };

/** A private key; NULL for HS256. The caller frees it. */
static inline EVP_PKEY *maker_key(enum signature_algorithm algorithm)
{
    EVP_PKEY *key = NULL;
    if (algorithm == SIGNATURE_RS256)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    else if (algorithm == SIGNATURE_ES256)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    else if (algorithm == SIGNATURE_EDDSA)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    CHECK(key != NULL || algorithm == SIGNATURE_HS256);
    return key;
}

static const char maker_secret[] = "a secret of more than thirty-two bytes, for tests";

/** A number of the public key, big-endian; width 0: as long as it is. */
static inline size_t maker_number(EVP_PKEY *key, const char *name, size_t width, uint8_t *bytes)
{
    BIGNUM *number = NULL;
    CHECK(EVP_PKEY_get_bn_param(key, name, &number) == 1);
    size_t length = width > 0 ? width : (size_t)BN_num_bytes(number);
    CHECK(BN_bn2binpad(number, bytes, (int)length) == (int)length);
    BN_free(number);
    return length;
}

static inline void maker_member(struct buf *out, const char *name, const uint8_t *bytes,
                                size_t length)
{
    buf_printf(out, ",\"%s\":\"", name);
    base64url_encode(out, bytes, length);
    buf_char(out, '"');
}

/** The public key as a JWK, with more members (",\"kid\":\"a\"") in front. */
static inline void maker_jwk(struct buf *out, enum signature_algorithm algorithm, EVP_PKEY *key,
                             const char *more)
{
    static const char *const types[] = {"oct", "RSA", "EC", "OKP"};
    uint8_t number[MAKER_NUMBER_MAX];
    size_t length = sizeof(number);
    buf_printf(out, "{\"kty\":\"%s\"%s", types[algorithm], more);
    if (algorithm == SIGNATURE_HS256) {
        maker_member(out, "k", (const uint8_t *)maker_secret, strlen(maker_secret));
    } else if (algorithm == SIGNATURE_RS256) {
        maker_member(out, "n", number, maker_number(key, OSSL_PKEY_PARAM_RSA_N, 0, number));
        maker_member(out, "e", number, maker_number(key, OSSL_PKEY_PARAM_RSA_E, 0, number));
    } else if (algorithm == SIGNATURE_ES256) {
        buf_text(out, ",\"crv\":\"P-256\"");
        maker_member(out, "x", number, maker_number(key, OSSL_PKEY_PARAM_EC_PUB_X, 32, number));
        maker_member(out, "y", number, maker_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32, number));
    } else {
        buf_text(out, ",\"crv\":\"Ed25519\"");
        CHECK(EVP_PKEY_get_raw_public_key(key, number, &length) == 1);
        maker_member(out, "x", number, length);
    }
    buf_char(out, '}');
}

/** DER to r || s. */
static inline size_t maker_raw_ecdsa(uint8_t *signature, size_t length)
{
    const uint8_t *der = signature;
    ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &der, (long)length);
    CHECK(parts != NULL);
    uint8_t raw[64];
    CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(parts), raw, 32) == 32);
    CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(parts), raw + 32, 32) == 32);
    ECDSA_SIG_free(parts);
    memcpy(signature, raw, sizeof(raw));
    return sizeof(raw);
}

/** Signs; signature has room for SIGNATURE_BYTES_MAX. Its length. */
static inline size_t maker_sign(enum signature_algorithm algorithm, EVP_PKEY *key,
                                struct slice message, uint8_t *signature)
{
    size_t length = SIGNATURE_BYTES_MAX;
    const uint8_t *bytes = (const uint8_t *)message.data;
    if (algorithm == SIGNATURE_HS256) {
        unsigned written = 0;
        CHECK(HMAC(EVP_sha256(), maker_secret, (int)strlen(maker_secret), bytes, message.len,
                   signature, &written) != NULL);
        return written;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *digest = algorithm == SIGNATURE_EDDSA ? NULL : EVP_sha256();
    CHECK(EVP_DigestSignInit(context, NULL, digest, NULL, key) == 1);
    CHECK(EVP_DigestSign(context, signature, &length, bytes, message.len) == 1);
    EVP_MD_CTX_free(context);
    return algorithm == SIGNATURE_ES256 ? maker_raw_ecdsa(signature, length) : length;
}

/** A token of this header and these claims, whatever they are. */
static inline void maker_token(struct buf *out, enum signature_algorithm algorithm, EVP_PKEY *key,
                               const char *header, const char *claims)
{
    uint8_t signature[SIGNATURE_BYTES_MAX];
    buf_clear(out);
    base64url_encode(out, (const uint8_t *)header, strlen(header));
    buf_char(out, '.');
    base64url_encode(out, (const uint8_t *)claims, strlen(claims));
    size_t length = maker_sign(algorithm, key, buf_slice(out), signature);
    buf_char(out, '.');
    base64url_encode(out, signature, length);
}

#endif

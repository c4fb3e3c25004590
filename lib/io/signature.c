/* Signatures of others, verified: the one door to OpenSSL's keys.
 * Owner: lib/io. Thread: any.
 */
#include "io/signature.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "base/memory.h"

enum {
    MODULUS_BITS_MIN = 2048, /* RFC 7518, 3.3 */
    MODULUS_BITS_MAX = SIGNATURE_BYTES_MAX * 8,
    EXPONENT_BYTES_MAX = 4, /* a long one only makes verifying slow */
    P256_BYTES = 32,
    ED25519_BYTES = 32,
    SHA256_BYTES = 32
};

struct signature_key {
    enum signature_algorithm algorithm;
    EVP_PKEY *pkey; /* NULL for HMAC */
    size_t secret_length;
    uint8_t secret[];
};

const char *signature_algorithm_name(enum signature_algorithm algorithm)
{
    static const char *const names[SIGNATURE_ALGORITHMS] = {"HS256", "RS256", "ES256", "EdDSA"};
    CHECK((size_t)algorithm < ARRAY_SIZE(names));
    return names[algorithm];
}

enum signature_algorithm signature_key_algorithm(const struct signature_key *key)
{
    return key->algorithm;
}

void signature_key_free(struct signature_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    OPENSSL_cleanse(key->secret, key->secret_length);
    free(key);
}

/* ---- making keys */

static struct signature_key *key_new(enum signature_algorithm algorithm, EVP_PKEY *pkey)
{
    struct signature_key *key = mem_calloc(1, sizeof(*key));
    key->algorithm = algorithm;
    key->pkey = pkey;
    return key;
}

static int refuse(struct error *err, const char *why)
{
    ERR_clear_error(); /* what OpenSSL says of it helps nobody */
    return error_set(err, ERROR_PERMANENT, "%s", why);
}

int signature_key_hmac(struct slice secret, struct error *err, struct signature_key **ret_key)
{
    if (secret.len < SIGNATURE_SECRET_MIN)
        return refuse(err, "a secret for HS256 has at least 32 bytes");
    struct signature_key *key = mem_calloc(1, sizeof(*key) + secret.len);
    key->algorithm = SIGNATURE_HS256;
    key->secret_length = secret.len;
    memcpy(key->secret, secret.data, secret.len);
    *ret_key = key;
    return 0;
}

/** A public key of type from its parameters; NULL when they make none. */
static EVP_PKEY *import(const char *type, OSSL_PARAM_BLD *builder)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    CHECK(context != NULL && params != NULL);
    if (EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(context);
    return pkey;
}

static struct slice without_zeros(struct slice number)
{
    while (number.len > 0 && *number.data == 0) {
        number.data++;
        number.len--;
    }
    return number;
}

static BIGNUM *number_of(struct slice bytes)
{
    BIGNUM *number = BN_bin2bn((const uint8_t *)bytes.data, (int)bytes.len, NULL);
    CHECK(number != NULL);
    return number;
}

int signature_key_rsa(struct slice modulus, struct slice exponent, struct error *err,
                      struct signature_key **ret_key)
{
    modulus = without_zeros(modulus);
    exponent = without_zeros(exponent);
    if (modulus.len > MODULUS_BITS_MAX / 8 || exponent.len > EXPONENT_BYTES_MAX)
        return refuse(err, "an RSA key's modulus or exponent is too long");
    BIGNUM *n = number_of(modulus), *e = number_of(exponent);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    CHECK(builder != NULL && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
          OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1);
    bool fine = BN_num_bits(n) >= MODULUS_BITS_MIN && BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e);
    EVP_PKEY *pkey = fine ? import("RSA", builder) : NULL;
    OSSL_PARAM_BLD_free(builder);
    BN_free(n);
    BN_free(e);
    if (pkey == NULL)
        return refuse(err, "an RSA key has at least 2048 bits and an odd exponent of 3 or more");
    *ret_key = key_new(SIGNATURE_RS256, pkey);
    return 0;
}

int signature_key_p256(struct slice x, struct slice y, struct error *err,
                       struct signature_key **ret_key)
{
    uint8_t point[1 + 2 * P256_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
    if (x.len != P256_BYTES || y.len != P256_BYTES) /* RFC 7518, 6.2.1.2: with leading zeros */
        return refuse(err, "a P-256 key has two coordinates of 32 bytes");
    memcpy(point + 1, x.data, P256_BYTES);
    memcpy(point + 1 + P256_BYTES, y.data, P256_BYTES);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    CHECK(builder != NULL &&
          OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) ==
              1 &&
          OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point,
                                           sizeof(point)) == 1);
    EVP_PKEY *pkey = import("EC", builder);
    OSSL_PARAM_BLD_free(builder);
    if (pkey == NULL)
        return refuse(err, "a P-256 key is not a point of the curve");
    *ret_key = key_new(SIGNATURE_ES256, pkey);
    return 0;
}

int signature_key_ed25519(struct slice x, struct error *err, struct signature_key **ret_key)
{
    EVP_PKEY *pkey = NULL;
    if (x.len == ED25519_BYTES)
        pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const uint8_t *)x.data, x.len);
    if (pkey == NULL)
        return refuse(err, "an Ed25519 key has 32 bytes");
    *ret_key = key_new(SIGNATURE_EDDSA, pkey);
    return 0;
}

/* ---- PEM */

/** Takes pkey over; frees it on failure. */
static int key_of_pkey(EVP_PKEY *pkey, struct error *err, struct signature_key **ret_key)
{
    char group[32] = "";
    size_t length = 0;
    int bits = EVP_PKEY_get_bits(pkey);
    if (EVP_PKEY_is_a(pkey, "RSA") && bits >= MODULUS_BITS_MIN && bits <= MODULUS_BITS_MAX) {
        *ret_key = key_new(SIGNATURE_RS256, pkey);
    } else if (EVP_PKEY_is_a(pkey, "EC") &&
               EVP_PKEY_get_group_name(pkey, group, sizeof(group), &length) == 1 &&
               strcmp(group, "prime256v1") == 0) {
        *ret_key = key_new(SIGNATURE_ES256, pkey);
    } else if (EVP_PKEY_is_a(pkey, "ED25519")) {
        *ret_key = key_new(SIGNATURE_EDDSA, pkey);
    } else {
        EVP_PKEY_free(pkey);
        return refuse(err, "a PEM key is none of RSA with 2048 to 8192 bits, P-256, Ed25519");
    }
    return 0;
}

static size_t count_blocks(struct slice text)
{
    static const char begin[] = "-----BEGIN ";
    const char *at = text.data, *end = text.data + text.len;
    size_t count = 0;
    while ((at = memmem(at, (size_t)(end - at), begin, sizeof(begin) - 1)) != NULL) {
        at += sizeof(begin) - 1;
        count++;
    }
    return count;
}

static int read_pem(BIO *bio, size_t blocks, struct error *err, struct signature_key **keys,
                    size_t *count)
{
    while (*count < blocks) {
        EVP_PKEY *pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
        if (pkey == NULL)
            return refuse(err, "the PEM text has a block that is no public key");
        if (key_of_pkey(pkey, err, &keys[*count]) != 0)
            return -1;
        (*count)++;
    }
    return 0;
}

int signature_keys_pem(struct slice text, size_t max, struct error *err,
                       struct signature_key **keys, size_t *ret_count)
{
    if (text.len > INT_MAX || memmem(text.data, text.len, "PRIVATE KEY-----", 16) != NULL)
        return refuse(err, "a private key does not belong here; public keys are enough to verify");
    size_t count = 0, blocks = count_blocks(text);
    if (blocks == 0 || blocks > max)
        return refuse(err, blocks == 0 ? "the PEM text has no public key"
                                       : "the PEM text has too many keys");
    BIO *bio = BIO_new_mem_buf(text.data, (int)text.len);
    CHECK(bio != NULL);
    int rc = read_pem(bio, blocks, err, keys, &count);
    BIO_free(bio);
    if (rc != 0) {
        while (count > 0)
            signature_key_free(keys[--count]);
        return -1;
    }
    *ret_count = count;
    return 0;
}

/* ---- verifying */

static bool hmac_fits(const struct signature_key *key, struct slice message, struct slice signature)
{
    uint8_t expected[SHA256_BYTES];
    unsigned length = 0;
    CHECK(HMAC(EVP_sha256(), key->secret, (int)key->secret_length, (const uint8_t *)message.data,
               message.len, expected, &length) != NULL);
    return signature.len == sizeof(expected) &&
           CRYPTO_memcmp(expected, signature.data, sizeof(expected)) == 0;
}

/** r || s as DER, which OpenSSL wants; its length. */
static size_t der_of(struct slice signature, uint8_t *der)
{
    ECDSA_SIG *parts = ECDSA_SIG_new();
    BIGNUM *r = number_of((struct slice){signature.data, P256_BYTES});
    BIGNUM *s = number_of((struct slice){signature.data + P256_BYTES, P256_BYTES});
    CHECK(parts != NULL && ECDSA_SIG_set0(parts, r, s) == 1); /* which owns them now */
    int length = i2d_ECDSA_SIG(parts, &der);
    CHECK(length > 0);
    ECDSA_SIG_free(parts);
    return (size_t)length;
}

static bool pkey_fits(EVP_PKEY *pkey, const EVP_MD *digest, struct slice message,
                      const uint8_t *signature, size_t length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    CHECK(context != NULL);
    bool fits = EVP_DigestVerifyInit(context, NULL, digest, NULL, pkey) == 1 &&
                EVP_DigestVerify(context, signature, length, (const uint8_t *)message.data,
                                 message.len) == 1;
    EVP_MD_CTX_free(context);
    if (!fits)
        ERR_clear_error();
    return fits;
}

bool signature_verify(const struct signature_key *key, struct slice message, struct slice signature)
{
    enum { DER_MAX = 2 * P256_BYTES + 16 };
    const uint8_t *bytes = (const uint8_t *)signature.data;
    uint8_t der[DER_MAX];
    switch (key->algorithm) {
    case SIGNATURE_HS256:
        return hmac_fits(key, message, signature);
    case SIGNATURE_RS256: /* PKCS #1 v1.5 is what a bare digest means */
        return pkey_fits(key->pkey, EVP_sha256(), message, bytes, signature.len);
    case SIGNATURE_ES256:
        return signature.len == (size_t)2 * P256_BYTES &&
               pkey_fits(key->pkey, EVP_sha256(), message, der, der_of(signature, der));
    case SIGNATURE_EDDSA:
        return pkey_fits(key->pkey, NULL, message, bytes, signature.len);
    case SIGNATURE_ALGORITHMS:
        break;
    }
    NOT_REACHED();
}

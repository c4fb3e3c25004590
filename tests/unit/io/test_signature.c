/* Signatures: each algorithm's own verifies, every changed bit of message and signature does not.
 * Owner: lib/io. Thread: single.
 */
#include "io/signature.h"

#include <openssl/pem.h>

#include "tests/unit/http/token_maker.h"
#include "tests/unit/test.h"

static struct signature_key *import(enum signature_algorithm algorithm, EVP_PKEY *pkey)
{
    uint8_t a[MAKER_NUMBER_MAX], b[MAKER_NUMBER_MAX];
    struct signature_key *key = NULL;
    struct error err;
    struct slice first = {(char *)a, 32}, second = {(char *)b, 32};
    size_t length = sizeof(a);
    switch (algorithm) {
    case SIGNATURE_HS256:
        assert_int_equal(signature_key_hmac(slice_of(maker_secret), &err, &key), 0);
        break;
    case SIGNATURE_RS256:
        first.len = maker_number(pkey, OSSL_PKEY_PARAM_RSA_N, 0, a);
        second.len = maker_number(pkey, OSSL_PKEY_PARAM_RSA_E, 0, b);
        assert_int_equal(signature_key_rsa(first, second, &err, &key), 0);
        break;
    case SIGNATURE_ES256:
        maker_number(pkey, OSSL_PKEY_PARAM_EC_PUB_X, 32, a);
        maker_number(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, 32, b);
        assert_int_equal(signature_key_p256(first, second, &err, &key), 0);
        break;
    case SIGNATURE_EDDSA:
        assert_int_equal(EVP_PKEY_get_raw_public_key(pkey, a, &length), 1);
        assert_int_equal(signature_key_ed25519(first, &err, &key), 0);
        break;
    case SIGNATURE_ALGORITHMS:
        fail();
    }
    return key;
}

static void its_own_and_no_other(void **state)
{
    (void)state;
    for (int i = 0; i < SIGNATURE_ALGORITHMS; i++) {
        enum signature_algorithm algorithm = (enum signature_algorithm)i;
        char message[] = "what is signed";
        uint8_t bytes[SIGNATURE_BYTES_MAX];
        EVP_PKEY *pkey = maker_key(algorithm);
        struct signature_key *key = import(algorithm, pkey);
        struct slice signature = {(char *)bytes,
                                  maker_sign(algorithm, pkey, slice_of(message), bytes)};
        assert_int_equal(signature_key_algorithm(key), algorithm);
        assert_true(signature_verify(key, slice_of(message), signature));
        for (size_t bit = 0; bit < signature.len * 8; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_false(signature_verify(key, slice_of(message), signature));
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t length = 0; length < signature.len; length++)
            assert_false(
                signature_verify(key, slice_of(message), (struct slice){signature.data, length}));
        message[3] ^= 1;
        assert_false(signature_verify(key, slice_of(message), signature));
        signature_key_free(key);
        EVP_PKEY_free(pkey);
    }
}

static void weak_and_broken_keys_are_refused(void **state)
{
    (void)state;
    struct signature_key *key;
    struct error err;
    uint8_t n[MAKER_NUMBER_MAX], e[8], x[32], y[32];
    EVP_PKEY *weak = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    struct slice modulus = {(char *)n, maker_number(weak, OSSL_PKEY_PARAM_RSA_N, 0, n)};
    struct slice exponent = {(char *)e, maker_number(weak, OSSL_PKEY_PARAM_RSA_E, 0, e)};
    assert_int_equal(signature_key_rsa(modulus, exponent, &err, &key), -1);
    EVP_PKEY_free(weak);

    EVP_PKEY *strong = maker_key(SIGNATURE_RS256);
    modulus.len = maker_number(strong, OSSL_PKEY_PARAM_RSA_N, 0, n);
    assert_int_equal(signature_key_rsa(modulus, slice_of("\x01"), &err, &key), -1);
    assert_int_equal(signature_key_rsa(modulus, slice_of("\x04"), &err, &key), -1);
    assert_int_equal(signature_key_rsa(modulus, slice_of("\x01\x01\x01\x01\x01"), &err, &key), -1);
    assert_int_equal(signature_key_rsa(modulus, (struct slice){"", 0}, &err, &key), -1);
    EVP_PKEY_free(strong);

    EVP_PKEY *point = maker_key(SIGNATURE_ES256);
    maker_number(point, OSSL_PKEY_PARAM_EC_PUB_X, 32, x);
    maker_number(point, OSSL_PKEY_PARAM_EC_PUB_Y, 32, y);
    y[31] ^= 1;
    struct slice first = {(char *)x, 32}, second = {(char *)y, 32};
    assert_int_equal(signature_key_p256(first, second, &err, &key), -1);
    y[31] ^= 1;
    second.len = 31;
    assert_int_equal(signature_key_p256(first, second, &err, &key), -1);
    EVP_PKEY_free(point);

    assert_int_equal(signature_key_ed25519((struct slice){(char *)x, 31}, &err, &key), -1);
    assert_int_equal(signature_key_hmac(slice_of("31 bytes are one byte too short"), &err, &key),
                     -1);
}

static void pem_of(struct buf *out, EVP_PKEY *pkey, bool secret)
{
    char *text;
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(secret ? PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL)
                            : PEM_write_bio_PUBKEY(bio, pkey),
                     1);
    long length = BIO_get_mem_data(bio, &text);
    buf_append(out, text, (size_t)length);
    BIO_free(bio);
}

static void pem(void **state)
{
    (void)state;
    struct buf text = {0};
    struct signature_key *keys[3];
    struct error err;
    size_t count = 0;
    EVP_PKEY *pkeys[] = {maker_key(SIGNATURE_RS256), maker_key(SIGNATURE_ES256),
                         maker_key(SIGNATURE_EDDSA)};
    for (size_t i = 0; i < ARRAY_SIZE(pkeys); i++)
        pem_of(&text, pkeys[i], false);
    assert_int_equal(signature_keys_pem(buf_slice(&text), 2, &err, keys, &count), -1);
    assert_int_equal(signature_keys_pem(buf_slice(&text), 3, &err, keys, &count), 0);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        enum signature_algorithm algorithm = signature_key_algorithm(keys[i]);
        assert_int_equal(algorithm, SIGNATURE_RS256 + i);
        uint8_t bytes[SIGNATURE_BYTES_MAX];
        struct slice signature = {(char *)bytes,
                                  maker_sign(algorithm, pkeys[i], slice_of("m"), bytes)};
        assert_true(signature_verify(keys[i], slice_of("m"), signature));
        signature_key_free(keys[i]);
    }
    pem_of(&text, pkeys[2], true); /* private */
    assert_int_equal(signature_keys_pem(buf_slice(&text), 4, &err, keys, &count), -1);
    assert_non_null(strstr(err.message, "private"));
    buf_clear(&text);
    EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    pem_of(&text, other, false);
    assert_int_equal(signature_keys_pem(buf_slice(&text), 4, &err, keys, &count), -1);
    assert_int_equal(signature_keys_pem(slice_of("no key"), 4, &err, keys, &count), -1);
    assert_int_equal(
        signature_keys_pem(slice_of("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
                           4, &err, keys, &count),
        -1);
    EVP_PKEY_free(other);
    for (size_t i = 0; i < ARRAY_SIZE(pkeys); i++)
        EVP_PKEY_free(pkeys[i]);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_own_and_no_other),
        cmocka_unit_test(weak_and_broken_keys_are_refused),
        cmocka_unit_test(pem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Sets of keys: what makes one, which key a token may use, and that a key never changes its
 * algorithm. Owner: lib/http. Thread: single.
 */
#include "http/jwt_keys.h"

#include "tests/unit/http/token_maker.h"
#include "tests/unit/test.h"

static EVP_PKEY *made[SIGNATURE_ALGORITHMS];

static int make_all(void **state)
{
    (void)state;
    for (int i = 0; i < SIGNATURE_ALGORITHMS; i++)
        made[i] = maker_key((enum signature_algorithm)i);
    return 0;
}

static int free_all(void **state)
{
    (void)state;
    for (int i = 0; i < SIGNATURE_ALGORITHMS; i++)
        EVP_PKEY_free(made[i]);
    return 0;
}

static enum jwt_keys_result verify(const struct jwt_keys *keys, enum signature_algorithm signer,
                                   const char *header)
{
    struct buf token = {0};
    struct jwt jwt;
    const char *why;
    maker_token(&token, signer, made[signer], header, "{}");
    assert_int_equal(jwt_parse(buf_slice(&token), &jwt, &why), 0);
    enum jwt_keys_result result = jwt_keys_verify(keys, &jwt);
    jwt_free(&jwt);
    buf_free(&token);
    return result;
}

/** A set of all four, with key ids k0 … k3. */
static struct jwt_keys *whole_set(void)
{
    struct buf text = {0};
    struct jwt_keys *keys;
    struct error err;
    buf_text(&text, "{\"keys\":[");
    for (int i = 0; i < SIGNATURE_ALGORITHMS; i++) {
        char id[32];
        snprintf(id, sizeof(id), ",\"kid\":\"k%d\"", i);
        buf_text(&text, i > 0 ? "," : "");
        maker_jwk(&text, (enum signature_algorithm)i, made[i], id);
    }
    buf_text(&text, "]}");
    assert_int_equal(jwt_keys_parse(buf_slice(&text), JWT_KEYS_FILE, &err, &keys), 0);
    buf_free(&text);
    return keys;
}

static void each_key_its_algorithm(void **state)
{
    static const char *const names[] = {"HS256", "RS256", "ES256", "EdDSA"};
    (void)state;
    struct jwt_keys *keys = whole_set();
    assert_int_equal(jwt_keys_count(keys), 4);
    assert_true(jwt_keys_secret(keys));
    for (int signer = 0; signer < SIGNATURE_ALGORITHMS; signer++) {
        for (int named = 0; named < SIGNATURE_ALGORITHMS; named++) {
            for (int told = 0; told < SIGNATURE_ALGORITHMS; told++) {
                char header[64];
                snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"k%d\"}", names[told],
                         named);
                bool right = signer == named && signer == told;
                assert_int_equal(verify(keys, (enum signature_algorithm)signer, header),
                                 right ? JWT_SIGNED : JWT_NOT_SIGNED);
            }
        }
    }
    assert_int_equal(verify(keys, SIGNATURE_ES256, "{\"alg\":\"ES256\"}"), JWT_SIGNED);
    assert_int_equal(verify(keys, SIGNATURE_ES256, "{\"alg\":\"ES256\",\"kid\":\"\"}"),
                     JWT_KEY_UNKNOWN);
    assert_int_equal(verify(keys, SIGNATURE_ES256, "{\"alg\":\"ES256\",\"kid\":\"k9\"}"),
                     JWT_KEY_UNKNOWN);
    assert_int_equal(verify(keys, SIGNATURE_ES256, "{\"alg\":\"ES256\",\"kid\":\"../k2\"}"),
                     JWT_KEY_UNKNOWN);
    jwt_keys_free(keys);
}

/* The public key as the secret of an HMAC: the oldest confusion. */
static void a_public_key_is_no_secret(void **state)
{
    (void)state;
    struct buf set = {0}, token = {0};
    struct jwt_keys *keys;
    struct error err;
    struct jwt jwt;
    const char *why;
    uint8_t x[64], signature[32];
    size_t length = sizeof(x);
    unsigned written;
    buf_text(&set, "{\"keys\":[");
    maker_jwk(&set, SIGNATURE_EDDSA, made[SIGNATURE_EDDSA], "");
    buf_text(&set, "]}");
    assert_int_equal(jwt_keys_parse(buf_slice(&set), JWT_KEYS_URL, &err, &keys), 0);
    assert_int_equal(EVP_PKEY_get_raw_public_key(made[SIGNATURE_EDDSA], x, &length), 1);
    maker_token(&token, SIGNATURE_HS256, NULL, "{\"alg\":\"HS256\"}", "{}");
    token.len = (size_t)((const char *)memrchr(token.data, '.', token.len) - token.data);
    assert_non_null(
        HMAC(EVP_sha256(), x, (int)length, (uint8_t *)token.data, token.len, signature, &written));
    buf_char(&token, '.');
    base64url_encode(&token, signature, written);
    assert_int_equal(jwt_parse(buf_slice(&token), &jwt, &why), 0);
    assert_int_equal(jwt_keys_verify(keys, &jwt), JWT_NOT_SIGNED);
    jwt_free(&jwt);
    jwt_keys_free(keys);
    buf_free(&set);
    buf_free(&token);
}

static int parse(enum jwt_keys_origin origin, enum signature_algorithm algorithm, const char *more,
                 size_t *ret_count)
{
    struct buf text = {0};
    struct jwt_keys *keys;
    struct error err;
    buf_text(&text, "{\"keys\":[{\"kty\":\"RSA\",\"use\":\"enc\"},{\"kty\":\"new\"},");
    maker_jwk(&text, algorithm, made[algorithm], more);
    buf_text(&text, "],\"more\":1}");
    int rc = jwt_keys_parse(buf_slice(&text), origin, &err, &keys);
    buf_free(&text);
    if (rc == 0) {
        *ret_count = jwt_keys_count(keys);
        jwt_keys_free(keys);
    }
    return rc;
}

static void what_a_set_may_hold(void **state)
{
    (void)state;
    size_t count = 0;
    assert_int_equal(
        parse(JWT_KEYS_URL, SIGNATURE_RS256, ",\"use\":\"sig\",\"alg\":\"RS256\"", &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(parse(JWT_KEYS_URL, SIGNATURE_RS256, ",\"alg\":\"RS512\"", &count), -1);
    assert_int_equal(parse(JWT_KEYS_URL, SIGNATURE_RS256, ",\"alg\":\"HS256\"", &count), -1);
    assert_int_equal(parse(JWT_KEYS_URL, SIGNATURE_RS256, ",\"use\":\"enc\"", &count), -1);
    assert_int_equal(parse(JWT_KEYS_URL, SIGNATURE_RS256, ",\"d\":\"AQAB\"", &count), -1);
    assert_int_equal(parse(JWT_KEYS_URL, SIGNATURE_RS256, ",\"kid\":7", &count), -1);
    assert_int_equal(parse(JWT_KEYS_URL, SIGNATURE_HS256, "", &count),
                     -1); /* published: no secret */
    assert_int_equal(parse(JWT_KEYS_FILE, SIGNATURE_HS256, "", &count), 0);
}

static void texts_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "{}",
        "[]",
        "{\"keys\":[]}",
        "{\"keys\":{}}",
        "{\"keys\":[1]}",
        "{\"keys\":[{\"kty\":\"RSA\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}]}",
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"\"}]}",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}",
        "{\"keys\":[],\"keys\":[]}",
        "not JSON",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct jwt_keys *keys;
        struct error err = {.message = ""};
        if (jwt_keys_parse(slice_of(texts[i]), JWT_KEYS_FILE, &err, &keys) == 0)
            fail_msg("taken: %s", texts[i]);
        assert_string_not_equal(err.message, "");
        assert_null(strstr(err.message, "c2hvcnQ"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_its_algorithm),
        cmocka_unit_test(a_public_key_is_no_secret),
        cmocka_unit_test(what_a_set_may_hold),
        cmocka_unit_test(texts_refused),
    };
    return cmocka_run_group_tests(tests, make_all, free_all);
}

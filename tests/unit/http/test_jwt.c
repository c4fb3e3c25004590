/* Tokens taken apart: what is well formed, and each way of not being.
 * Owner: lib/http. Thread: single.
 */
#include "http/jwt.h"

#include "tests/unit/http/token_maker.h"
#include "tests/unit/test.h"

static const char *why_refused(const char *header, const char *claims)
{
    struct buf token = {0};
    struct jwt jwt;
    const char *why = NULL;
    maker_token(&token, SIGNATURE_HS256, NULL, header, claims);
    if (jwt_parse(buf_slice(&token), &jwt, &why) == 0) {
        jwt_free(&jwt);
        why = NULL;
    } else {
        assert_non_null(why);
    }
    buf_free(&token);
    return why;
}

static void taken_apart(void **state)
{
    (void)state;
    struct buf token = {0};
    struct jwt jwt;
    const char *why;
    maker_token(&token, SIGNATURE_HS256, NULL,
                "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"at+JWT\"}", "{\"sub\":\"a\"}");
    assert_int_equal(jwt_parse(buf_slice(&token), &jwt, &why), 0);
    assert_int_equal(jwt.algorithm, SIGNATURE_HS256);
    assert_slice(jwt.key_id, "k1");
    assert_int_equal(jwt.signature.len, 32);
    assert_ptr_equal(jwt.signed_bytes.data, token.data);
    assert_int_equal(token.data[jwt.signed_bytes.len], '.');
    struct json_problem problem;
    struct json_at claims = json_root(jwt.claims);
    struct slice subject;
    assert_int_equal(json_text(&claims, "sub", 1, 10, &problem, &subject), 0);
    assert_slice(subject, "a");
    jwt_free(&jwt);
    buf_free(&token);
    assert_null(why_refused("{\"alg\":\"EdDSA\"}", "{}"));
    assert_null(why_refused("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"x5t\":\"a\"}", "{}"));
}

static void headers_refused(void **state)
{
    static const char *const headers[] = {
        "{}",
        "[]",
        "1",
        "{\"alg\":\"none\"}",
        "{\"alg\":\"None\"}",
        "{\"alg\":\"\"}",
        "{\"alg\":1}",
        "{\"alg\":null}",
        "{\"alg\":[\"RS256\"]}",
        "{\"alg\":\"rs256\"}",
        "{\"alg\":\"RS512\"}",
        "{\"alg\":\"PS256\"}",
        "{\"alg\":\"ES384\"}",
        "{\"alg\":\"HS512\"}",
        "{\"alg\":\"HS256\",\"alg\":\"RS256\"}",
        "{\"alg\":\"HS256\",\"kid\":7}",
        "{\"alg\":\"HS256\",\"kid\":null}",
        "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"HS256\",\"crit\":[]}",
        "{\"alg\":\"HS256\",\"b64\":false}",
        "{\"alg\":\"HS256\",\"zip\":\"DEF\"}",
        "{\"alg\":\"HS256\",\"jku\":\"https://evil\"}",
        "{\"alg\":\"HS256\",\"x5u\":\"https://evil\"}",
        "{\"alg\":\"HS256\",\"jwk\":{}}",
        "{\"alg\":\"HS256\",\"x5c\":[]}",
        "{\"alg\":\"HS256\",\"typ\":\"logout+jwt\"}",
        "{\"alg\":\"HS256\",\"typ\":1}",
        "{\"alg\":\"HS256\",\"typ\":\"\"}",
        "{\"alg\":\"HS256\"} x",
        "{\"alg\":\"HS256\"",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
        if (why_refused(headers[i], "{}") == NULL)
            fail_msg("taken: %s", headers[i]);
    }
    char long_id[JWT_KEY_ID_MAX + 64];
    snprintf(long_id, sizeof(long_id), "{\"alg\":\"HS256\",\"kid\":\"%0*d\"}", JWT_KEY_ID_MAX + 1,
             0);
    assert_non_null(why_refused(long_id, "{}"));
}

static void claims_refused(void **state)
{
    static const char *const claims[] = {"",
                                         "[]",
                                         "\"a\"",
                                         "{",
                                         "{\"sub\":\"a\",\"sub\":\"b\"}",
                                         "{\"sub\":\"a\\u0000\"}",
                                         "{\"exp\":9007199254740993}"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
        if (why_refused("{\"alg\":\"HS256\"}", claims[i]) == NULL)
            fail_msg("taken: %s", claims[i]);
    }
}

static void forms_refused(void **state)
{
    /* {"alg":"HS256"} and {} */
    static const char *const tokens[] = {
        "",
        ".",
        "..",
        "...",
        "a",
        "eyJhbGciOiJIUzI1NiJ9",
        "eyJhbGciOiJIUzI1NiJ9.e30",
        "eyJhbGciOiJIUzI1NiJ9.e30.",
        "eyJhbGciOiJIUzI1NiJ9..AAAA",
        ".e30.AAAA",
        "eyJhbGciOiJIUzI1NiJ9.e30.AAAA.AAAA",
        "eyJhbGciOiJIUzI1NiJ9.e30.AAA=",
        "eyJhbGciOiJIUzI1NiJ9.e30.A",
        "eyJhbGciOiJIUzI1NiJ9.e30.AB",
        "eyJhbGciOiJIUzI1NiJ9.e30.A+AA",
        " eyJhbGciOiJIUzI1NiJ9.e30.AAAA",
        "eyJhbGciOiJIUzI1NiJ9.e30.AAAA\n",
        "eyJhbGciOiJIUzI1NiJ9.e30 .AAAA",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(tokens); i++) {
        struct jwt jwt;
        const char *why = NULL;
        if (jwt_parse(slice_of(tokens[i]), &jwt, &why) == 0)
            fail_msg("taken: %s", tokens[i]);
        assert_non_null(why);
    }
}

static void too_long(void **state)
{
    (void)state;
    struct buf token = {0};
    struct jwt jwt;
    const char *why;
    buf_text(&token, "eyJhbGciOiJIUzI1NiJ9.e30.");
    while (token.len < 25 + (SIGNATURE_BYTES_MAX + 3) / 3 * 4)
        buf_text(&token, "AAAA");
    assert_int_equal(jwt_parse(buf_slice(&token), &jwt, &why), -1);
    while (token.len <= JWT_BYTES_MAX)
        buf_text(&token, "AAAA");
    assert_int_equal(jwt_parse(buf_slice(&token), &jwt, &why), -1);
    assert_string_equal(why, "the token is too long");
    buf_free(&token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(taken_apart),    cmocka_unit_test(headers_refused),
        cmocka_unit_test(claims_refused), cmocka_unit_test(forms_refused),
        cmocka_unit_test(too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

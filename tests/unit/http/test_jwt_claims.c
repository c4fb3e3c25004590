/* Claims: what holds at a time, for an issuer and an audience; who it is, with which roles.
 * Owner: lib/http. Thread: single.
 */
#include "http/jwt_claims.h"

#include <stdio.h>

#include "tests/unit/test.h"

static const struct jwt_rules rules = {"https://issuer", "cart", "realm_access.roles", 30};
static const int64_t now_s = 1000000;

#define FOR_US "\"iss\":\"https://issuer\",\"aud\":\"cart\""
#define GOOD FOR_US ",\"sub\":\"alice\",\"exp\":1000100"

/** 0 or -1; the identity's texts live in *json. */
static int check(const char *text, const struct jwt_rules *by, struct json **json,
                 struct jwt_identity *identity)
{
    struct json_problem problem;
    const char *why = NULL;
    assert_int_equal(json_parse(slice_of(text), &problem, json), 0);
    int rc = jwt_claims_check(*json, by, now_s, identity, &why);
    assert_true((rc == 0) == (why == NULL));
    return rc;
}

static bool holds(const char *text)
{
    struct json *json;
    struct jwt_identity identity;
    bool held = check(text, &rules, &json, &identity) == 0;
    json_free(json);
    return held;
}

static void times(void **state)
{
    (void)state;
    assert_true(holds("{" GOOD "}"));
    assert_true(holds("{" FOR_US ",\"sub\":\"a\",\"exp\":999971}"));
    assert_true(holds("{" FOR_US ",\"sub\":\"a\",\"exp\":1000100.75}"));
    assert_false(
        holds("{" FOR_US ",\"sub\":\"a\",\"exp\":999970}")); /* with the leeway just over */
    assert_false(holds("{" FOR_US ",\"sub\":\"a\"}"));
    assert_false(holds("{" FOR_US ",\"sub\":\"a\",\"exp\":\"1000100\"}"));
    assert_false(holds("{" FOR_US ",\"sub\":\"a\",\"exp\":null}"));
    assert_false(holds("{" FOR_US ",\"sub\":\"a\",\"exp\":-1}"));
    assert_false(holds("{" FOR_US ",\"sub\":\"a\",\"exp\":1e300}"));
    assert_true(holds("{" GOOD ",\"nbf\":1000030}"));
    assert_false(holds("{" GOOD ",\"nbf\":1000031}"));
    assert_false(holds("{" GOOD ",\"nbf\":\"0\"}"));
    assert_true(holds("{" GOOD ",\"iat\":1000030}"));
    assert_false(holds("{" GOOD ",\"iat\":1000031}"));
    assert_false(holds("{" GOOD ",\"iat\":true}"));
}

static void issuer_and_audience(void **state)
{
    (void)state;
    assert_true(holds(
        "{\"iss\":\"https://issuer\",\"aud\":[\"x\",\"cart\"],\"sub\":\"a\",\"exp\":1000100}"));
    assert_false(
        holds("{\"iss\":\"https://issuer/\",\"aud\":\"cart\",\"sub\":\"a\",\"exp\":1000100}"));
    assert_false(
        holds("{\"iss\":[\"https://issuer\"],\"aud\":\"cart\",\"sub\":\"a\",\"exp\":1000100}"));
    assert_false(holds("{\"aud\":\"cart\",\"sub\":\"a\",\"exp\":1000100}"));
    assert_false(
        holds("{\"iss\":\"https://issuer\",\"aud\":\"carts\",\"sub\":\"a\",\"exp\":1000100}"));
    assert_false(holds("{\"iss\":\"https://issuer\",\"aud\":[],\"sub\":\"a\",\"exp\":1000100}"));
    assert_false(
        holds("{\"iss\":\"https://issuer\",\"aud\":{\"cart\":1},\"sub\":\"a\",\"exp\":1000100}"));
    assert_false(holds("{\"iss\":\"https://issuer\",\"sub\":\"a\",\"exp\":1000100}"));
}

static void subjects(void **state)
{
    (void)state;
    char text[512];
    assert_false(holds("{" FOR_US ",\"exp\":1000100}"));
    assert_false(holds("{" FOR_US ",\"sub\":\"\",\"exp\":1000100}"));
    assert_false(holds("{" FOR_US ",\"sub\":7,\"exp\":1000100}"));
    assert_false(holds("{" FOR_US ",\"sub\":\"a\\nb\",\"exp\":1000100}"));
    snprintf(text, sizeof(text), "{" FOR_US ",\"sub\":\"%0*d\",\"exp\":1000100}", JWT_SUBJECT_MAX,
             0);
    assert_true(holds(text));
    snprintf(text, sizeof(text), "{" FOR_US ",\"sub\":\"%0*d\",\"exp\":1000100}",
             JWT_SUBJECT_MAX + 1, 0);
    assert_false(holds(text));
}

static unsigned roles_of(const char *claim, const char *more)
{
    struct jwt_rules by = rules;
    struct json *json;
    struct jwt_identity identity;
    char text[512];
    by.roles_claim = claim;
    snprintf(text, sizeof(text), "{" GOOD "%s}", more);
    assert_int_equal(check(text, &by, &json, &identity), 0);
    json_free(json);
    return identity.roles;
}

static void roles(void **state)
{
    (void)state;
    assert_int_equal(roles_of("roles", ""), 0);
    assert_int_equal(roles_of("roles", ",\"roles\":[\"support\",\"other\",7]"), JWT_ROLE_SUPPORT);
    assert_int_equal(roles_of("roles", ",\"roles\":\"openid admin\""), JWT_ROLE_ADMIN);
    assert_int_equal(roles_of("roles", ",\"roles\":\"administrator support2\""), 0);
    assert_int_equal(
        roles_of("realm_access.roles", ",\"realm_access\":{\"roles\":[\"support\",\"admin\"]}"),
        JWT_ROLE_SUPPORT | JWT_ROLE_ADMIN);
    assert_int_equal(
        roles_of("https://shop.example/roles", ",\"https://shop.example/roles\":[\"admin\"]"),
        JWT_ROLE_ADMIN);
    assert_int_equal(roles_of("a.b.c", ",\"a\":{\"b\":\"admin\"}"), 0);
    assert_int_equal(roles_of("a.b", ",\"a\":{\"b\":{\"admin\":true}}"), 0);
    assert_int_equal(roles_of("a..", ",\"a\":\"admin\""), 0);
}

static void contact(void **state)
{
    (void)state;
    struct json *json;
    struct jwt_identity identity;
    assert_int_equal(check("{" GOOD ",\"email\":\"a@b.example\",\"email_verified\":true,"
                           "\"phone_number\":\"+4930123\",\"locale\":\"de-DE\"}",
                           &rules, &json, &identity),
                     0);
    assert_slice(identity.subject, "alice");
    assert_slice(identity.email, "a@b.example");
    assert_slice(identity.phone, "+4930123");
    assert_slice(identity.locale, "de-DE");
    assert_int_equal(identity.expires_at_s, 1000130);
    json_free(json);
    assert_int_equal(check("{" GOOD ",\"email\":\"a@b.example\",\"email_verified\":false,"
                           "\"phone_number\":\"1\\r\\n2\",\"locale\":7}",
                           &rules, &json, &identity),
                     0);
    assert_int_equal(identity.email.len, 0);
    assert_int_equal(identity.phone.len, 0);
    assert_int_equal(identity.locale.len, 0);
    json_free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times),    cmocka_unit_test(issuer_and_audience),
        cmocka_unit_test(subjects), cmocka_unit_test(roles),
        cmocka_unit_test(contact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

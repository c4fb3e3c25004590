/* Tokens and sets of keys: refused with a reason, or what they hold lies within bounds. */
#include "tests/fuzz/fuzz.h"

#include "base/utf8.h"
#include "http/jwt_claims.h"
#include "http/jwt_keys.h"

static const struct jwt_rules rules = {"https://issuer.example", "cart", "realm_access.roles", 30};

static void judge_claims(const struct json *claims)
{
    struct jwt_identity identity;
    const char *why = NULL;
    if (jwt_claims_check(claims, &rules, 1000000, &identity, &why) != 0) {
        CHECK(why != NULL);
        return;
    }
    CHECK(identity.subject.len >= 1 && identity.subject.len <= JWT_SUBJECT_MAX);
    CHECK(utf8_printable(identity.subject.data, identity.subject.len));
    CHECK(identity.email.len <= JWT_EMAIL_MAX && identity.phone.len <= JWT_PHONE_MAX &&
          identity.locale.len <= JWT_LOCALE_MAX);
    CHECK(identity.expires_at_s > 1000000);
}

static void judge_token(struct slice text)
{
    struct jwt jwt;
    const char *why = NULL;
    if (jwt_parse(text, &jwt, &why) != 0) {
        CHECK(why != NULL);
        return;
    }
    CHECK(text.len <= JWT_BYTES_MAX && jwt.signature.len <= SIGNATURE_BYTES_MAX);
    CHECK(jwt.signed_bytes.data == text.data && jwt.signed_bytes.len < text.len);
    CHECK(jwt.key_id.len <= JWT_KEY_ID_MAX && jwt.algorithm < SIGNATURE_ALGORITHMS);
    judge_claims(jwt.claims);
    jwt_free(&jwt);
}

static void judge_keys(struct slice text, enum jwt_keys_origin origin)
{
    struct jwt_keys *keys;
    struct error err = {.message = ""};
    if (jwt_keys_parse(text, origin, &err, &keys) != 0) {
        CHECK(err.message[0] != '\0');
        return;
    }
    CHECK(jwt_keys_count(keys) >= 1 && jwt_keys_count(keys) <= JWT_KEYS_MAX);
    CHECK(origin == JWT_KEYS_FILE || !jwt_keys_secret(keys));
    jwt_keys_free(keys);
}

static void judge_json(struct slice text)
{
    struct json_problem problem;
    struct json *json;
    if (json_parse(text, &problem, &json) != 0)
        return;
    judge_claims(json);
    json_free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct slice text = {(const char *)bytes, length};
    judge_token(text);
    judge_json(text);
    judge_keys(text, JWT_KEYS_FILE);
    judge_keys(text, JWT_KEYS_URL);
    return 0;
}

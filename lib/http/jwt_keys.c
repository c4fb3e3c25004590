/* The keys that tokens may be signed with: a set, read-only once made. Pure.
 * Owner: lib/http. Thread: any.
 */
#include "http/jwt_keys.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/base64url.h"
#include "base/memory.h"

struct jwt_keys {
    size_t count;
    bool secret;
    struct entry {
        struct signature_key *key;
        char *id; /* owned; NULL: none */
        size_t id_length;
    } entries[JWT_KEYS_MAX];
};

/* ---- one JWK */

enum { NUMBER_BYTES_MAX = SIGNATURE_BYTES_MAX + 1 }; /* with a leading zero */

/** A member's bytes; -1 when it is missing, too long or not base64url. */
static int take_bytes(const json_t *jwk, const char *name, uint8_t *bytes, struct slice *ret_bytes)
{
    const json_t *value = json_object_get(jwk, name);
    struct slice text = {json_string_value(value), json_string_length(value)};
    size_t length;
    if (text.len == 0 || text.len > BASE64URL_CHARACTERS(NUMBER_BYTES_MAX) ||
        base64url_decode(text, bytes, &length) != 0)
        return -1;
    *ret_bytes = (struct slice){(const char *)bytes, length};
    return 0;
}

struct numbers {
    uint8_t bytes[2][NUMBER_BYTES_MAX + 2];
    struct slice values[2];
};

static int make_rsa(const struct numbers *numbers, struct error *err, struct signature_key **ret)
{
    return signature_key_rsa(numbers->values[0], numbers->values[1], err, ret);
}

static int make_p256(const struct numbers *numbers, struct error *err, struct signature_key **ret)
{
    return signature_key_p256(numbers->values[0], numbers->values[1], err, ret);
}

static int make_ed25519(const struct numbers *numbers, struct error *err,
                        struct signature_key **ret)
{
    return signature_key_ed25519(numbers->values[0], err, ret);
}

static int make_hmac(const struct numbers *numbers, struct error *err, struct signature_key **ret)
{
    return signature_key_hmac(numbers->values[0], err, ret);
}

/** What a key is made from. kty and curve choose the row; alg, where it is given, must agree. */
static const struct kind {
    const char *kty, *curve, *alg;
    const char *members[2];
    int (*make)(const struct numbers *numbers, struct error *err, struct signature_key **ret);
} kinds[] = {
    {"RSA", NULL, "RS256", {"n", "e"}, make_rsa},
    {"EC", "P-256", "ES256", {"x", "y"}, make_p256},
    {"OKP", "Ed25519", "EdDSA", {"x", NULL}, make_ed25519},
    {"oct", NULL, "HS256", {"k", NULL}, make_hmac},
};

static bool member_is(const json_t *jwk, const char *name, const char *wanted)
{
    const char *text = json_string_value(json_object_get(jwk, name));
    return text != NULL && strcmp(text, wanted) == 0;
}

/** NULL: not a key for us. */
static const struct kind *kind_of(const json_t *jwk)
{
    if (json_object_get(jwk, "use") != NULL && !member_is(jwk, "use", "sig"))
        return NULL;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        const struct kind *kind = &kinds[i];
        if (member_is(jwk, "kty", kind->kty) &&
            (kind->curve == NULL || member_is(jwk, "crv", kind->curve)))
            return json_object_get(jwk, "alg") == NULL || member_is(jwk, "alg", kind->alg) ? kind
                                                                                           : NULL;
    }
    return NULL;
}

static int make_key(const json_t *jwk, const struct kind *kind, struct error *err,
                    struct signature_key **ret_key)
{
    struct numbers numbers;
    for (size_t i = 0; i < ARRAY_SIZE(kind->members) && kind->members[i] != NULL; i++) {
        if (take_bytes(jwk, kind->members[i], numbers.bytes[i], &numbers.values[i]) != 0)
            return error_set(err, ERROR_PERMANENT, "`%s` is missing, too long or not base64url",
                             kind->members[i]);
    }
    int rc = kind->make(&numbers, err, ret_key);
    explicit_bzero(&numbers, sizeof(numbers)); /* it may have been a secret */
    return rc;
}

/* ---- the set */

static void add_entry(struct jwt_keys *keys, struct signature_key *key, const json_t *id)
{
    struct entry *entry = &keys->entries[keys->count++];
    entry->key = key;
    if (id != NULL) {
        entry->id = mem_strndup(json_string_value(id), json_string_length(id));
        entry->id_length = json_string_length(id);
    }
}

static int add_jwk(struct jwt_keys *keys, const json_t *jwk, enum jwt_keys_origin origin,
                   struct error *err)
{
    const json_t *id = json_object_get(jwk, "kid");
    const struct kind *kind = kind_of(jwk);
    struct signature_key *key = NULL;
    bool secret = kind != NULL && kind->make == make_hmac;
    if (kind == NULL || (secret && origin == JWT_KEYS_URL))
        return 0;
    if (!secret && json_object_get(jwk, "d") != NULL)
        return error_set(err, ERROR_PERMANENT,
                         "a private key does not belong here; public keys are enough to verify");
    if (id != NULL && (!json_is_string(id) || json_string_length(id) > JWT_KEY_ID_MAX))
        return error_set(err, ERROR_PERMANENT, "`kid` is not a short text");
    if (make_key(jwk, kind, err, &key) != 0)
        return -1;
    add_entry(keys, key, id);
    keys->secret = keys->secret || secret;
    return 0;
}

static int take_set(struct jwt_keys *keys, const json_t *set, enum jwt_keys_origin origin,
                    struct error *err)
{
    const json_t *list = json_object_get(set, "keys");
    if (!json_is_array(list))
        return error_set(err, ERROR_PERMANENT, "the JSON is no JWK set: no list `keys`");
    if (json_array_size(list) > JWT_KEYS_MAX)
        return error_set(err, ERROR_PERMANENT, "the JWK set has more than %d keys", JWT_KEYS_MAX);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (add_jwk(keys, json_array_get(list, i), origin, err) != 0 && origin == JWT_KEYS_FILE)
            return error_prefix(err, "key %zu of the JWK set", i + 1);
    }
    if (keys->count == 0)
        return error_set(err, ERROR_PERMANENT,
                         "the JWK set has no key for RS256, ES256, EdDSA%s signatures",
                         origin == JWT_KEYS_FILE ? " or HS256" : "");
    return 0;
}

static int take_pem(struct jwt_keys *keys, struct slice text, struct error *err)
{
    struct signature_key *found[JWT_KEYS_MAX];
    size_t count;
    if (signature_keys_pem(text, JWT_KEYS_MAX, err, found, &count) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        add_entry(keys, found[i], NULL);
    return 0;
}

static int take_text(struct jwt_keys *keys, struct slice text, enum jwt_keys_origin origin,
                     struct error *err)
{
    struct json_problem problem;
    struct json *json;
    if (memmem(text.data, text.len, "-----BEGIN ", 11) != NULL)
        return take_pem(keys, text, err);
    if (json_parse(text, &problem, &json) != 0)
        return error_set(err, ERROR_PERMANENT, "neither PEM nor a JWK set in strict JSON");
    int rc = take_set(keys, (const json_t *)json, origin, err);
    json_free(json);
    return rc;
}

int jwt_keys_parse(struct slice text, enum jwt_keys_origin origin, struct error *err,
                   struct jwt_keys **ret_keys)
{
    if (text.len > JWT_KEYS_BYTES_MAX)
        return error_set(err, ERROR_PERMANENT, "the text is too long for a set of keys");
    struct jwt_keys *keys = mem_calloc(1, sizeof(*keys));
    if (take_text(keys, text, origin, err) != 0) {
        jwt_keys_free(keys);
        return -1;
    }
    *ret_keys = keys;
    return 0;
}

void jwt_keys_free(struct jwt_keys *keys)
{
    if (keys == NULL)
        return;
    for (size_t i = 0; i < keys->count; i++) {
        signature_key_free(keys->entries[i].key);
        free(keys->entries[i].id);
    }
    free(keys);
}

size_t jwt_keys_count(const struct jwt_keys *keys)
{
    return keys->count;
}

bool jwt_keys_secret(const struct jwt_keys *keys)
{
    return keys->secret;
}

/* ---- verifying */

/** A key without an id may be any token's; a token without one may be any key's. */
static bool names(const struct entry *entry, const struct jwt *jwt)
{
    return jwt->key_id.data == NULL || entry->id == NULL ||
           slice_equal(jwt->key_id, (struct slice){entry->id, entry->id_length});
}

enum jwt_keys_result jwt_keys_verify(const struct jwt_keys *keys, const struct jwt *jwt)
{
    bool named = false;
    for (size_t i = 0; i < keys->count; i++) {
        const struct entry *entry = &keys->entries[i];
        if (!names(entry, jwt))
            continue;
        named = true;
        if (signature_key_algorithm(entry->key) == jwt->algorithm &&
            signature_verify(entry->key, jwt->signed_bytes, jwt->signature))
            return JWT_SIGNED;
    }
    return named ? JWT_NOT_SIGNED : JWT_KEY_UNKNOWN;
}

/* A JSON Web Token taken apart, before anything in it is believed. Pure.
 * Owner: lib/http. Thread: any.
 */
#include "http/jwt.h"

#include <jansson.h>
#include <stdlib.h>
#include <strings.h>

#include "base/base64url.h"
#include "base/memory.h"

static int refuse(const char **ret_why, const char *why)
{
    *ret_why = why;
    return -1;
}

static int take_algorithm(const json_t *header, struct jwt *jwt, const char **ret_why)
{
    const char *name = json_string_value(json_object_get(header, "alg"));
    for (int i = 0; name != NULL && i < SIGNATURE_ALGORITHMS; i++) {
        enum signature_algorithm algorithm = (enum signature_algorithm)i;
        if (strcmp(name, signature_algorithm_name(algorithm)) == 0) {
            jwt->algorithm = algorithm;
            return 0;
        }
    }
    return refuse(ret_why, "the algorithm is none of RS256, ES256, EdDSA, HS256");
}

static int take_key_id(const json_t *header, struct jwt *jwt, const char **ret_why)
{
    const json_t *value = json_object_get(header, "kid");
    jwt->key_id = (struct slice){NULL, 0};
    if (value == NULL)
        return 0;
    if (!json_is_string(value) || json_string_length(value) > JWT_KEY_ID_MAX)
        return refuse(ret_why, "the key id is not a short text");
    jwt->key_id = (struct slice){json_string_value(value), json_string_length(value)};
    return 0;
}

/** What a token is for is told by its type, where there is one: RFC 8725, 3.11. An access token has
 * one of these (RFC 9068, 4) or, with older issuers, none. */
static int check_type(const json_t *header, const char **ret_why)
{
    static const char *const types[] = {"JWT", "at+jwt", "application/at+jwt", "application/jwt"};
    const json_t *value = json_object_get(header, "typ");
    if (value == NULL)
        return 0;
    const char *text = json_string_value(value);
    for (size_t i = 0; text != NULL && i < ARRAY_SIZE(types); i++) {
        if (strcasecmp(text, types[i]) == 0)
            return 0;
    }
    return refuse(ret_why, "the type is not that of an access token");
}

static int take_header(struct jwt *jwt, const char **ret_why)
{
    /* We know no extension; and a key, or a place of one, that the token itself names is never
     * looked at: a token that wants it is not for us. */
    static const char *const refused[] = {"crit", "b64", "zip", "enc", "jku", "jwk", "x5u", "x5c"};
    const json_t *header = (const json_t *)jwt->header;
    if (!json_is_object(header))
        return refuse(ret_why, "the header is not an object");
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        if (json_object_get(header, refused[i]) != NULL)
            return refuse(ret_why, "the header has a member that is not accepted");
    }
    if (take_algorithm(header, jwt, ret_why) != 0 || take_key_id(header, jwt, ret_why) != 0)
        return -1;
    return check_type(header, ret_why);
}

/** Decodes a part into *bytes, which moves on behind it. */
static int decode(struct slice part, uint8_t **bytes, struct slice *ret_decoded)
{
    size_t length;
    if (part.len == 0 || base64url_decode(part, *bytes, &length) != 0)
        return -1;
    *ret_decoded = (struct slice){(const char *)*bytes, length};
    *bytes += length;
    return 0;
}

static int parse_json(struct slice text, struct json **ret_json)
{
    struct json_problem problem; /* whoever made the token sees the sentence, not the place */
    return json_parse(text, &problem, ret_json);
}

static int take_parts(struct slice token, const char *first_dot, const char *second_dot,
                      struct jwt *jwt, const char **ret_why)
{
    const char *end = token.data + token.len;
    struct slice header = {token.data, (size_t)(first_dot - token.data)}, header_text;
    struct slice claims = {first_dot + 1, (size_t)(second_dot - first_dot - 1)}, claims_text;
    struct slice signature = {second_dot + 1, (size_t)(end - second_dot - 1)};
    uint8_t *at = jwt->bytes;
    if (decode(header, &at, &header_text) != 0 || decode(claims, &at, &claims_text) != 0 ||
        decode(signature, &at, &jwt->signature) != 0)
        return refuse(ret_why, "a part is not base64url");
    if (jwt->signature.len > SIGNATURE_BYTES_MAX)
        return refuse(ret_why, "the signature is too long");
    if (parse_json(header_text, &jwt->header) != 0)
        return refuse(ret_why, "the header is not strict JSON");
    if (take_header(jwt, ret_why) != 0)
        return -1;
    if (parse_json(claims_text, &jwt->claims) != 0 || !json_is_object((json_t *)jwt->claims))
        return refuse(ret_why, "the claims are not one strict JSON object");
    jwt->signed_bytes = (struct slice){token.data, (size_t)(second_dot - token.data)};
    return 0;
}

int jwt_parse(struct slice token, struct jwt *jwt, const char **ret_why)
{
    if (token.len > JWT_BYTES_MAX)
        return refuse(ret_why, "the token is too long");
    const char *end = token.data + token.len;
    const char *first = token.len > 0 ? memchr(token.data, '.', token.len) : NULL;
    const char *second = first != NULL ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
    if (second == NULL || memchr(second + 1, '.', (size_t)(end - second - 1)) != NULL)
        return refuse(ret_why, "the token has not three parts");
    *jwt = (struct jwt){.bytes = mem_alloc(BASE64URL_BYTES(token.len) + 4)};
    int rc = take_parts(token, first, second, jwt, ret_why);
    if (rc != 0)
        jwt_free(jwt);
    return rc;
}

void jwt_free(struct jwt *jwt)
{
    if (jwt->header != NULL)
        json_free(jwt->header);
    if (jwt->claims != NULL)
        json_free(jwt->claims);
    free(jwt->bytes);
    *jwt = (struct jwt){0};
}

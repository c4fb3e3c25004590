/* What a token whose signature is right says, judged. Pure.
 * Owner: lib/http. Thread: any.
 */
#include "http/jwt_claims.h"

#include <jansson.h>

#include "base/utf8.h"

static int refuse(const char **ret_why, const char *why)
{
    *ret_why = why;
    return -1;
}

/* ---- times */

/** Seconds of a NumericDate, which may have a fraction; -1 when it is no sensible number. */
static int take_time(const json_t *value, double *ret_s)
{
    static const double latest_s = 253402300800; /* the year 10000 */
    if (!json_is_number(value))
        return -1;
    double seconds = json_number_value(value);
    if (!(seconds >= 0 && seconds < latest_s))
        return -1;
    *ret_s = seconds;
    return 0;
}

static int check_times(const json_t *claims, const struct jwt_rules *rules, int64_t now_s,
                       struct jwt_identity *identity, const char **ret_why)
{
    const json_t *not_before = json_object_get(claims, "nbf");
    const json_t *issued = json_object_get(claims, "iat");
    double now = (double)now_s, leeway = (double)rules->leeway_s, at;
    if (take_time(json_object_get(claims, "exp"), &at) != 0)
        return refuse(ret_why, "exp is missing or no time");
    if (at + leeway <= now)
        return refuse(ret_why, "the token has expired");
    identity->expires_at_s = (int64_t)(at + leeway);
    if (not_before != NULL && take_time(not_before, &at) != 0)
        return refuse(ret_why, "nbf is no time");
    if (not_before != NULL && at - leeway > now)
        return refuse(ret_why, "the token is not valid yet");
    if (issued != NULL && take_time(issued, &at) != 0)
        return refuse(ret_why, "iat is no time");
    if (issued != NULL && at - leeway > now)
        return refuse(ret_why, "the token was issued in the future");
    return 0;
}

/* ---- texts */

static bool text_is(const json_t *value, const char *wanted)
{
    return json_is_string(value) && strlen(wanted) == json_string_length(value) &&
           strcmp(json_string_value(value), wanted) == 0;
}

static bool audience_has(const json_t *value, const char *wanted)
{
    size_t index;
    json_t *element;
    if (!json_is_array(value))
        return text_is(value, wanted);
    json_array_foreach(value, index, element)
    {
        if (text_is(element, wanted))
            return true;
    }
    return false;
}

/** A printable text of 1 to max bytes; empty for anything else. */
static struct slice take_text(const json_t *claims, const char *name, size_t max)
{
    const json_t *value = json_object_get(claims, name);
    struct slice text = {json_string_value(value), json_string_length(value)};
    if (text.len == 0 || text.len > max || !utf8_printable(text.data, text.len))
        return (struct slice){"", 0};
    return text;
}

/** Where notices may go: told by the token, and not told to be unproven. */
static void take_contact(const json_t *claims, struct jwt_identity *identity)
{
    identity->email = identity->phone = (struct slice){"", 0};
    if (!json_is_false(json_object_get(claims, "email_verified")))
        identity->email = take_text(claims, "email", JWT_EMAIL_MAX);
    if (!json_is_false(json_object_get(claims, "phone_number_verified")))
        identity->phone = take_text(claims, "phone_number", JWT_PHONE_MAX);
    identity->locale = take_text(claims, "locale", JWT_LOCALE_MAX);
}

/* ---- roles */

/** The member of that name, dots and all, as issuers with names like URLs have it; else the one at
 * the end of the path. */
static const json_t *find_claim(const json_t *claims, const char *path)
{
    const json_t *value = json_object_get(claims, path);
    if (value != NULL)
        return value;
    value = claims;
    while (value != NULL) {
        size_t length = strcspn(path, ".");
        value = json_object_getn(value, path, length);
        if (path[length] == '\0')
            return value;
        path += length + 1;
    }
    return NULL;
}

static unsigned role_of(const char *text, size_t length)
{
    static const struct {
        const char *name;
        unsigned role;
    } roles[] = {{"support", JWT_ROLE_SUPPORT}, {"admin", JWT_ROLE_ADMIN}};
    for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
        if (length == strlen(roles[i].name) && memcmp(text, roles[i].name, length) == 0)
            return roles[i].role;
    }
    return 0;
}

/** A list of texts, or one text with blanks between, as scopes are written. */
static unsigned take_roles(const json_t *value)
{
    unsigned roles = 0;
    size_t index;
    json_t *element;
    json_array_foreach(value, index, element)
    {
        if (json_is_string(element))
            roles |= role_of(json_string_value(element), json_string_length(element));
    }
    const char *text = json_string_value(value);
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, " ");
        roles |= role_of(text, length);
        text += length + (text[length] == ' ' ? 1 : 0);
    }
    return roles;
}

int jwt_claims_check(const struct json *claims, const struct jwt_rules *rules, int64_t now_s,
                     struct jwt_identity *ret_identity, const char **ret_why)
{
    const json_t *object = (const json_t *)claims;
    struct jwt_identity identity = {0};
    if (check_times(object, rules, now_s, &identity, ret_why) != 0)
        return -1;
    if (!text_is(json_object_get(object, "iss"), rules->issuer))
        return refuse(ret_why, "the issuer is another");
    if (!audience_has(json_object_get(object, "aud"), rules->audience))
        return refuse(ret_why, "the token is for another audience");
    identity.subject = take_text(object, "sub", JWT_SUBJECT_MAX);
    if (identity.subject.len == 0)
        return refuse(ret_why, "sub is missing or no text of 1 to 128 bytes");
    take_contact(object, &identity);
    identity.roles = take_roles(find_claim(object, rules->roles_claim));
    *ret_identity = identity;
    return 0;
}

/* What a token whose signature is right says, judged. Pure: the time is a parameter. Sources: RFC
 * 7519, 4.1; RFC 8725, 3; OpenID Connect Core, 5.1 (email, phone_number, locale).
 * Owner: lib/http. Thread: any.
 */
#ifndef CARTWRIGHT_HTTP_JWT_CLAIMS_H
#define CARTWRIGHT_HTTP_JWT_CLAIMS_H

#include "base/principal.h"
#include "http/json_body.h"

enum {
    JWT_SUBJECT_MAX = PRINCIPAL_USER_MAX, /* bytes */
    JWT_EMAIL_MAX = 254,
    JWT_PHONE_MAX = 32,
    JWT_LOCALE_MAX = 35
};

/** Bits of roles. */
enum jwt_role { JWT_ROLE_SUPPORT = 1, JWT_ROLE_ADMIN = 2 };

struct jwt_rules {
    const char *issuer;   /* iss is exactly this */
    const char *audience; /* aud is this, or a list with it */
    const char
        *roles_claim; /* a member of the claims, or a path to it such as realm_access.roles */
    int64_t leeway_s;
};

/** Slices point into the claims; len 0: not told. */
struct jwt_identity {
    struct slice subject, email, phone, locale;
    unsigned roles;       /* of enum jwt_role; others are nothing to us */
    int64_t expires_at_s; /* seconds since 1970, leeway included */
};

/** -1 with *ret_why (a literal) when the claims do not hold at now_s. */
int jwt_claims_check(const struct json *claims, const struct jwt_rules *rules, int64_t now_s,
                     struct jwt_identity *ret_identity, const char **ret_why) WARN_UNUSED;

#endif

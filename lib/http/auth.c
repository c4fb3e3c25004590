/* Who asks: the credential of a request, judged before its handler is called.
 * Owner: lib/http. Thread: the request's worker, but for what is marked in the header.
 */
#include "http/auth.h"

#include <stdlib.h>
#include <strings.h>

#include "base/clock.h"
#include "base/memory.h"
#include "http/internal.h"
#include "http/jwt_source.h"
#include "http/token_cache.h"

enum { TOKENS_REMEMBERED = 8192 };

enum outcome { OUTCOME_VERIFIED, OUTCOME_REMEMBERED, OUTCOME_REFUSED, OUTCOMES };

struct auth {
    struct jwt_rules rules;
    struct jwt_source *source;
    struct token_cache *cache;
    struct metric *tokens;
};

/* What lives as long as the request. */
struct kept {
    struct auth_identity identity;
    char principal[PRINCIPAL_MAX];
    char text[JWT_TEXT_MAX];
};

static const struct auth_identity local_identity = {
    .kind = AUTH_LOCAL, .principal = {"anonymous", 9}, .expires_at_s = INT64_MAX};
static const struct auth_identity no_identity = {
    .kind = AUTH_NONE, .principal = {"anonymous", 9}, .expires_at_s = INT64_MAX};

/* ---- what handlers ask */

const struct auth_identity *auth_of(const struct http_request *request)
{
    CHECK(request->identity != NULL);
    return request->identity;
}

bool auth_may(const struct auth_identity *identity, enum auth_role role)
{
    return identity->kind == AUTH_LOCAL || (identity->roles & (unsigned)role) != 0;
}

bool auth_is_user(const struct auth_identity *identity, struct slice user_id)
{
    if (identity->kind == AUTH_LOCAL)
        return true;
    return identity->kind == AUTH_USER && user_id.len > 0 &&
           slice_equal(identity->subject, user_id);
}

bool auth_owns(const struct auth_identity *identity, struct slice owner)
{
    if (identity->kind == AUTH_LOCAL)
        return true;
    return identity->kind != AUTH_NONE && slice_equal(identity->principal, owner);
}

/* ---- judging a token */

enum judgement { JUDGED_GOOD, JUDGED_BAD, JUDGED_NOT };

/** Verifies a token that is not remembered. *why as in jwt_parse. */
static enum judgement verify(struct auth *auth, struct slice token, const uint8_t *digest,
                             struct kept *kept, struct jwt_identity *ret_identity, const char **why)
{
    struct jwt_keyring *ring;
    struct jwt jwt;
    if (jwt_parse(token, &jwt, why) != 0)
        return JUDGED_BAD;
    enum judgement judgement = JUDGED_BAD;
    const struct jwt_keys *keys = jwt_source_take(auth->source, &ring);
    enum jwt_keys_result result = keys != NULL ? jwt_keys_verify(keys, &jwt) : JWT_KEY_UNKNOWN;
    struct jwt_identity identity;
    if (keys == NULL) {
        judgement = JUDGED_NOT;
    } else if (result == JWT_KEY_UNKNOWN) {
        *why = "the key is unknown";
        jwt_source_missed(auth->source);
    } else if (result == JWT_NOT_SIGNED) {
        *why = "the signature is not right";
    } else if (jwt_claims_check(jwt.claims, &auth->rules, clock_wall_us() / 1000000, &identity,
                                why) == 0) {
        jwt_identity_copy(&identity, kept->text, ret_identity);
        token_cache_keep(auth->cache, digest, jwt_keyring_generation(ring), &identity);
        judgement = JUDGED_GOOD;
    }
    jwt_source_release(ring);
    jwt_free(&jwt);
    return judgement;
}

static void identify_user(struct kept *kept, const struct jwt_identity *from)
{
    kept->identity = (struct auth_identity){
        .kind = AUTH_USER,
        .roles = from->roles,
        .subject = from->subject,
        .principal = principal_of_user(from->subject, kept->principal),
        .email = from->email,
        .phone = from->phone,
        .locale = from->locale,
        .expires_at_s = from->expires_at_s,
    };
}

static enum judgement judge_token(struct auth *auth, struct slice token, struct kept *kept,
                                  const char **why)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    struct jwt_identity identity;
    digest_sha256_of(token, digest);
    enum outcome outcome = OUTCOME_REMEMBERED;
    enum judgement judgement = JUDGED_GOOD;
    if (!token_cache_find(auth->cache, digest, jwt_source_generation(auth->source),
                          clock_wall_us() / 1000000, kept->text, &identity)) {
        judgement = verify(auth, token, digest, kept, &identity, why);
        outcome = judgement == JUDGED_GOOD ? OUTCOME_VERIFIED : OUTCOME_REFUSED;
    }
    metric_add(auth->tokens, outcome, 1);
    if (judgement == JUDGED_GOOD)
        identify_user(kept, &identity);
    return judgement;
}

/** A guest's token is known by its form; whose it is, the handler's store says. */
static bool judge_guest(struct slice credential, struct kept *kept)
{
    uint8_t hash[DIGEST_SHA256_SIZE];
    if (guest_token_hash(credential, hash) != 0)
        return false;
    kept->identity = (struct auth_identity){
        .kind = AUTH_GUEST,
        .principal = principal_of_guest(hash, kept->principal),
        .expires_at_s = INT64_MAX,
    };
    memcpy(kept->identity.guest_hash, hash, sizeof(hash));
    return true;
}

/* ---- the header */

/** The credential of `Bearer …`; false when the request has none for us. RFC 6750, 2.1; RFC 9110,
 * 11.4: the scheme in any case. */
static bool take_bearer(const struct http_request *request, struct slice *ret_credential)
{
    struct slice value;
    if (!http_header(request, "authorization", &value) || value.len < 6 ||
        strncasecmp(value.data, "bearer", 6) != 0 || (value.len > 6 && value.data[6] != ' '))
        return false;
    value.data += 6;
    value.len -= 6;
    while (value.len > 0 && *value.data == ' ') {
        value.data++;
        value.len--;
    }
    *ret_credential = value;
    return true;
}

static enum judgement judge(struct http_request *request, struct slice credential,
                            const struct auth_identity **ret_identity, const char **why)
{
    struct auth *auth = request->worker->server->options.auth;
    struct kept *kept = http_alloc(request, sizeof(*kept));
    if (judge_guest(credential, kept)) {
        *ret_identity = &kept->identity;
        return JUDGED_GOOD;
    }
    if (auth == NULL) { /* nobody here can judge a token, and nobody needs one */
        *ret_identity = &local_identity;
        return JUDGED_GOOD;
    }
    enum judgement judgement = judge_token(auth, credential, kept, why);
    if (judgement == JUDGED_GOOD)
        *ret_identity = &kept->identity;
    return judgement;
}

int auth_judge(struct http_request *request, struct slice credential,
               struct auth_identity *ret_identity, const char **ret_why)
{
    const struct auth_identity *identity;
    *ret_why = "the keys of tokens cannot be reached";
    if (judge(request, credential, &identity, ret_why) != JUDGED_GOOD)
        return -1;
    *ret_identity = *identity;
    return 0;
}

void auth_refuse(struct http_request *request, const char *why)
{
    char challenge[256] = "Bearer realm=\"cartwright\"";
    if (why != NULL)
        snprintf(challenge, sizeof(challenge),
                 "Bearer realm=\"cartwright\", error=\"invalid_token\", error_description=\"%s\"",
                 why);
    http_add_header(request, "www-authenticate", slice_of(challenge));
    problem_answer(request, why != NULL ? &problem_invalid_token : &problem_unauthenticated, why,
                   NULL, 0);
}

/** The identity by the header, or an answer and false. */
static bool identify(struct http_request *request)
{
    struct slice credential;
    const char *why = NULL;
    int count = http_header_count(request, "authorization");
    request->identity =
        request->worker->server->options.auth != NULL ? &no_identity : &local_identity;
    if (count > 1) {
        auth_refuse(request, "there is more than one Authorization header");
        return false;
    }
    if (!take_bearer(request, &credential))
        return true;
    switch (judge(request, credential, &request->identity, &why)) {
    case JUDGED_GOOD:
        return true;
    case JUDGED_BAD:
        auth_refuse(request, why);
        return false;
    case JUDGED_NOT:
        problem_answer(request, &problem_keys_unavailable, "Try again.", NULL, 0);
        return false;
    }
    NOT_REACHED();
}

bool http_admit(struct http_request *request)
{
    static const struct {
        bool anonymous; /* comes in without a credential */
        unsigned role;  /* needs it */
    } needs[] = {
        [HTTP_PRIVATE] = {false, 0},
        [HTTP_OPTIONAL] = {true, 0},
        [HTTP_SUPPORT] = {false, AUTH_SUPPORT},
        [HTTP_ADMIN] = {false, AUTH_ADMIN},
    };
    enum http_access access = request->match.route->access;
    request->identity = &no_identity;
    if (access == HTTP_PROBE)
        return true;
    if (!http_limit_address(request))
        return false;
    if (access == HTTP_PUBLIC)
        return true;
    if (!identify(request) || !http_limit_principal(request))
        return false;
    const struct auth_identity *identity = request->identity;
    if (identity->kind == AUTH_NONE && !needs[access].anonymous) {
        auth_refuse(request, NULL);
        return false;
    }
    if (needs[access].role != 0 && !auth_may(identity, (enum auth_role)needs[access].role)) {
        /* As for what is another's: 403 would tell that there is something. */
        problem_answer(request, &problem_not_found, "There is nothing for you at this path.", NULL,
                       0);
        return false;
    }
    return true;
}

/* ---- the daemon's side */

int auth_open(const struct auth_settings *settings, struct metrics *metrics, struct error *err,
              struct auth **ret_auth)
{
    static const char *const outcomes[OUTCOMES] = {"verified", "remembered", "refused"};
    static const struct metric_spec tokens = {
        .name = "cartwright_auth_tokens_total",
        .help = "Tokens judged, by outcome; remembered ones were verified before",
        .type = METRIC_COUNTER,
        .label = "outcome",
        .series = OUTCOMES,
        .label_values = outcomes,
    };
    struct jwt_source_options options = {settings->keys_file, settings->jwks_url,
                                         settings->refresh_s, metrics};
    struct jwt_source *source;
    *ret_auth = NULL;
    if (!auth_configured(settings))
        return 0;
    if (jwt_source_open(&options, err, &source) != 0)
        return -1;
    struct auth *auth = mem_calloc(1, sizeof(*auth));
    auth->rules = (struct jwt_rules){settings->issuer, settings->audience, settings->roles_claim,
                                     settings->leeway_s};
    auth->source = source;
    auth->cache = token_cache_new(TOKENS_REMEMBERED);
    auth->tokens = metrics != NULL ? metrics_add(metrics, &tokens) : NULL;
    *ret_auth = auth;
    return 0;
}

void auth_reload(struct auth *auth)
{
    if (auth != NULL)
        jwt_source_reload(auth->source);
}

bool auth_ready(void *arg, char *why, size_t size)
{
    const struct auth *auth = arg;
    if (auth == NULL || jwt_source_generation(auth->source) > 0)
        return true;
    snprintf(why, size, "The keys of tokens have not been fetched yet.");
    return false;
}

void auth_close(struct auth *auth)
{
    if (auth == NULL)
        return;
    jwt_source_close(auth->source);
    token_cache_free(auth->cache);
    free(auth);
}

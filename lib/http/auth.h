/* Who asks. Each route says which access it needs (struct http_route); the skeleton looks at the
 * request's `Authorization: Bearer` before the handler is called and answers 401 itself, so that a
 * handler never sees a request whose credential is bad. Source: RFC 6750.
 * Owner: lib/http. Thread: identities are the request's worker's; a struct auth is for all.
 *
 * Three kinds of callers:
 *  - a user, by a token (JWT) of the configured issuer;
 *  - a guest, by the opaque token that opened the cart: `guest_` and 43 characters. The skeleton
 *    does not know guests; the handler compares the hash with the one its store has;
 *  - the local operator, when no keys are configured: the daemon then listens on loopback only, and
 *    whoever reaches it may do everything.
 */
#ifndef CARTWRIGHT_HTTP_AUTH_H
#define CARTWRIGHT_HTTP_AUTH_H

#include "base/metrics.h"
#include "base/principal.h"
#include "http/auth_settings.h"
#include "http/http.h"
#include "http/jwt_claims.h"
#include "io/digest.h"

struct auth;

enum auth_kind {
    AUTH_LOCAL, /* no keys configured: everything is allowed */
    AUTH_NONE,  /* keys are configured and there was no credential: HTTP_PUBLIC routes only */
    AUTH_USER,
    AUTH_GUEST,
};

enum auth_role {
    AUTH_SUPPORT = JWT_ROLE_SUPPORT, /* may read every cart and history, decides reviews */
    AUTH_ADMIN = JWT_ROLE_ADMIN,     /* operator calls: refund, replay */
};

/** Slices live as long as the request; an empty one was not told. */
struct auth_identity {
    enum auth_kind kind;
    unsigned roles;       /* of enum auth_role; ask auth_may */
    struct slice subject; /* of a user: whose user id it is */
    /* base/principal.h, or "anonymous". */
    struct slice principal;
    struct slice email, phone, locale;      /* of a user, from its token */
    uint8_t guest_hash[DIGEST_SHA256_SIZE]; /* of a guest: SHA-256 of its token */
    int64_t expires_at_s; /* the credential's end, seconds since 1970: what stays open longer (SSE,
                           * WebSocket) ends then; INT64_MAX: never */
};

/** Who asks; never NULL in a handler. */
const struct auth_identity *auth_of(const struct http_request *request);

/** Whether the caller has the role; the local operator has all. */
bool auth_may(const struct auth_identity *identity, enum auth_role role);

/** Whether the caller is this user; the local operator is everybody, an empty id nobody. */
bool auth_is_user(const struct auth_identity *identity, struct slice user_id);

/** Whether what has this owner (a principal) is the caller's; the local operator owns
 * everything. */
bool auth_owns(const struct auth_identity *identity, struct slice owner);

/** Judges a credential that came another way than the header (e.g. a WebSocket's subprotocol), on
 * the request's worker. 0, or -1 with *ret_why (a literal sentence) when it is no valid one. */
int auth_judge(struct http_request *request, struct slice credential,
               struct auth_identity *ret_identity, const char **ret_why) WARN_UNUSED;

/** Answers 401 with WWW-Authenticate; why NULL: there was no credential. */
void auth_refuse(struct http_request *request, const char *why);

/* ---- guests' tokens */

enum { GUEST_TOKEN_LENGTH = 6 + 43 }; /* "guest_" and 256 bits as base64url */

/** A new, unguessable token. What is kept of it is its hash only. */
void guest_token_make(char token[GUEST_TOKEN_LENGTH + 1]);
/** The hash of a well-formed token; -1 for any other text. */
int guest_token_hash(struct slice token, uint8_t hash[DIGEST_SHA256_SIZE]) WARN_UNUSED;

/* ---- the daemon's side */

/** Reads the keys file, or begins to fetch the key set: a daemon starts while the issuer is away,
 * and tokens are answered with 503 keys_unavailable until it was reached once. *ret_auth is NULL
 * when no keys are configured. -1 with err that says what to do. Put it into http_options. */
int auth_open(const struct auth_settings *settings, struct metrics *metrics, struct error *err,
              struct auth **ret_auth) WARN_UNUSED;
/** Any thread: the keys are read again soon (SIGHUP). NULL is fine, here and below. */
void auth_reload(struct auth *auth);
/** For /readyz: whether there are keys; arg is a struct auth. */
bool auth_ready(void *arg, char *why, size_t size);
/** After http_server_stop. */
void auth_close(struct auth *auth);

#endif

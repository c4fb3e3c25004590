/* The settings of tokens, as rows for every daemon's table.
 * Owner: lib/http. Thread: single.
 */
#ifndef CARTWRIGHT_HTTP_AUTH_SETTINGS_H
#define CARTWRIGHT_HTTP_AUTH_SETTINGS_H

#include <stddef.h>

#include "base/config.h"

/** Embedded in a daemon's settings struct. */
struct auth_settings {
    char *keys_file, *jwks_url, *issuer, *audience, *roles_claim;
    int64_t leeway_s, refresh_s;
};

/** The rows of the struct owner, which has the settings as its member. */
#define AUTH_SETTING_ROWS(owner, member)                                                           \
    {.name = "auth_keys_file",                                                                     \
     .type = SETTING_TEXT,                                                                         \
     .offset = offsetof(owner, member.keys_file),                                                  \
     .env_alias = "AUTH_KEYS_FILE",                                                                \
     .default_value = "",                                                                          \
     .help = "keys of tokens: a JWK set (with secrets: chmod 600) or PEM public keys"},            \
        {.name = "auth_jwks_url",                                                                  \
         .type = SETTING_TEXT,                                                                     \
         .offset = offsetof(owner, member.jwks_url),                                               \
         .env_alias = "AUTH_JWKS_URL",                                                             \
         .default_value = "",                                                                      \
         .help = "https URL of the issuer's JWK set, instead of a file"},                          \
        {.name = "auth_issuer",                                                                    \
         .type = SETTING_TEXT,                                                                     \
         .offset = offsetof(owner, member.issuer),                                                 \
         .env_alias = "AUTH_ISSUER",                                                               \
         .default_value = "",                                                                      \
         .help = "what a token's iss must be; required with keys"},                                \
        {.name = "auth_audience",                                                                  \
         .type = SETTING_TEXT,                                                                     \
         .offset = offsetof(owner, member.audience),                                               \
         .env_alias = "AUTH_AUDIENCE",                                                             \
         .default_value = "",                                                                      \
         .help = "what a token's aud must have; required with keys"},                              \
        {.name = "auth_roles_claim",                                                               \
         .type = SETTING_TEXT,                                                                     \
         .offset = offsetof(owner, member.roles_claim),                                            \
         .env_alias = "AUTH_ROLES_CLAIM",                                                          \
         .default_value = "roles",                                                                 \
         .help = "claim with the roles support and admin, e.g. realm_access.roles"},               \
        {.name = "auth_leeway_s",                                                                  \
         .type = SETTING_INT,                                                                      \
         .offset = offsetof(owner, member.leeway_s),                                               \
         .default_value = "30",                                                                    \
         .max = 300,                                                                               \
         .help = "s that clocks may differ"},                                                      \
    {                                                                                              \
        .name = "auth_refresh_s", .type = SETTING_INT,                                             \
        .offset = offsetof(owner, member.refresh_s), .default_value = "300", .min = 1,             \
        .max = 86400,                                                                              \
        .help = "s after which the keys are read again; so long a withdrawn key counts"            \
    }

/** Whether keys are configured. */
bool auth_configured(const struct auth_settings *settings);

/** Judges the rows together with the address that the daemon listens on: without keys loopback
 * only; with keys an issuer and an audience. -1 with err that says what to do. */
int auth_settings_check(const struct auth_settings *settings, const char *http_address,
                        struct error *err) WARN_UNUSED;

#endif

/* How much one caller may ask for: requests per principal and per address (token buckets), open
 * connections per address. Sources: RFC 6585, 4 (429); draft-ietf-httpapi-ratelimit-headers-10.
 * Owner: lib/http. Thread: settings: single; the rest any.
 */
#ifndef CARTWRIGHT_HTTP_LIMITS_H
#define CARTWRIGHT_HTTP_LIMITS_H

#include <stddef.h>

#include "base/config.h"

/** Embedded in a daemon's settings struct. */
struct limit_settings {
    int64_t principal_per_minute, principal_burst;
    int64_t address_per_minute, address_burst;
    int64_t connections_per_address;
};

/** A row of the table below. */
#define LIMIT_SETTING_ROW(owner, member, field, alias, fallback, least, most, words)               \
    {                                                                                              \
        .name = "rate_" #field, .type = SETTING_INT, .offset = offsetof(owner, member.field),      \
        .default_value = (fallback), .env_alias = "RATE_" alias, .min = (least), .max = (most),    \
        .help = (words)                                                                            \
    }

/** The rows of the struct owner, which has the settings as its member. */
#define LIMIT_SETTING_ROWS(owner, member)                                                          \
    LIMIT_SETTING_ROW(owner, member, principal_per_minute, "PRINCIPAL_PER_MINUTE", "600", 0,       \
                      1000000, "requests that a user or a guest may make; 0: no limit"),           \
        LIMIT_SETTING_ROW(owner, member, principal_burst, "PRINCIPAL_BURST", "100", 1, 1000000,    \
                          "of these, how many at once"),                                           \
        LIMIT_SETTING_ROW(owner, member, address_per_minute, "ADDRESS_PER_MINUTE", "3000", 0,      \
                          1000000, "requests from one address (IPv6: /64); 0: no limit"),          \
        LIMIT_SETTING_ROW(owner, member, address_burst, "ADDRESS_BURST", "500", 1, 1000000,        \
                          "of these, how many at once"),                                           \
        LIMIT_SETTING_ROW(owner, member, connections_per_address, "CONNECTIONS_PER_ADDRESS",       \
                          "200", 0, 1000000,                                                       \
                          "open connections from one address, but a trusted proxy; 0: no limit")

#endif

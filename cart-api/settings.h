/* The settings of cart-api, in one table.
 * Owner: cart-api. Thread: filled before threads start, read-only afterwards.
 */
#ifndef CARTWRIGHT_CART_API_SETTINGS_H
#define CARTWRIGHT_CART_API_SETTINGS_H

#include "base/config.h"
#include "http/auth_settings.h"
#include "http/limits.h"

struct api_settings {
    const char *log_level;
    const char *http_address, *trusted_proxies;
    bool http_share_port;
    int64_t http_port, http_workers, http_connections_max;
    int64_t http_request_timeout_ms, http_idle_timeout_ms, drain_timeout_ms;
    const char *postgres_connection_string, *postgres_admin_connection_string;
    int64_t postgres_connect_timeout_ms, postgres_statement_timeout_ms;
    const char *redis_connection_string;
    int64_t redis_timeout_ms, redis_connect_timeout_ms, redis_pending_max;
    const char *kafka_bootstrap_servers;
    int64_t kafka_replication;
    int64_t relay_lease_ttl_ms, relay_poll_ms;
    int64_t lanes, queue_capacity, batch_max, cache_bytes, snapshot_interval;
    int64_t command_timeout_ms, commit_timeout_ms;
    int64_t readers, reader_queue_capacity, read_timeout_ms;
    int64_t answers_retention_hours;
    const char *allowed_origins;
    int64_t live_listeners_max, live_listeners_per_principal_max, live_carts_max;
    int64_t live_beat_ms, live_silence_ms, live_stall_ms;
    const char *default_currency;
    int64_t quantity_max, lines_max;
    int64_t cart_abandon_after_s, cart_expire_after_s, idle_sweep_ms;
    struct auth_settings auth;
    struct limit_settings limits;
};

extern const struct setting_table api_settings_table;

/** config_load and the checks that concern more than one value's range; see there. */
int api_settings_load(const char *file, struct api_settings *settings,
                      struct error *err) WARN_UNUSED;
void api_settings_free(struct api_settings *settings);

/** What serving needs beside single values: an address that may be listened on (beyond
 * loopback only with keys of tokens) and servers to connect to. */
int api_settings_check(const struct api_settings *settings, struct error *err) WARN_UNUSED;

/** Refuses an empty text that the verb needs. */
int api_settings_require(const char *value, const char *name, const char *environment,
                         struct error *err) WARN_UNUSED;

#endif

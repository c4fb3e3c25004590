/* The settings of cart-api, in one table.
 * Owner: cart-api. Thread: single.
 */
#include "cart-api/settings.h"

#include <string.h>

#include "base/currency.h"
#include "base/ip.h"
#include "base/log.h"
#include "cart-api/origin.h"
#include "io/redis.h"
#include "proto/cart_event.h"

#define TEXT(field, fallback, alias, words)                                                        \
    {                                                                                              \
        .name = #field, .type = SETTING_TEXT, .offset = offsetof(struct api_settings, field),      \
        .default_value = (fallback), .env_alias = (alias), .help = (words)                         \
    }
#define SECRET(field, fallback, alias, words)                                                      \
    {                                                                                              \
        .name = #field, .type = SETTING_TEXT, .offset = offsetof(struct api_settings, field),      \
        .default_value = (fallback), .env_alias = (alias), .help = (words), .secret = true         \
    }
#define INT(field, fallback, least, most, words)                                                   \
    {                                                                                              \
        .name = #field, .type = SETTING_INT, .offset = offsetof(struct api_settings, field),       \
        .default_value = (fallback), .min = (least), .max = (most), .help = (words)                \
    }
#define BOOL(field, fallback, words)                                                               \
    {                                                                                              \
        .name = #field, .type = SETTING_BOOL, .offset = offsetof(struct api_settings, field),      \
        .default_value = (fallback), .help = (words)                                               \
    }

static const struct setting rows[] = {
    TEXT(log_level, "info", NULL, "debug, info, warning or error; read again on SIGHUP"),

    TEXT(http_address, "127.0.0.1", NULL,
         "IP address to listen on; beyond loopback only with keys of tokens"),
    INT(http_port, "5105", 1, 65535, "port to listen on"),
    BOOL(http_share_port, "false",
         "true: several processes may listen on it at once, the old and the new one of a rolling "
         "restart; false: a second one is refused"),
    TEXT(trusted_proxies, "", NULL,
         "addresses and ranges such as 10.0.0.0/8 whose X-Forwarded-For is believed"),
    INT(http_workers, "2", 1, 64, "event loops, one thread each"),
    INT(http_connections_max, "10000", 1, 1000000, "open connections; more wait to be accepted"),
    INT(http_request_timeout_ms, "10000", 100, 300000, "ms until a request is answered with 503"),
    INT(http_idle_timeout_ms, "60000", 100, 3600000, "ms until an idle connection is closed"),
    INT(drain_timeout_ms, "15000", 0, 300000, "ms that SIGTERM waits for requests under way"),

    SECRET(postgres_connection_string, "", "POSTGRES_CONNECTION_STRING",
           "libpq URI of the event store, role cartwright_api"),
    SECRET(postgres_admin_connection_string, "", "POSTGRES_ADMIN_CONNECTION_STRING",
           "libpq URI of its owner; for --migrate only"),
    INT(postgres_connect_timeout_ms, "2000", 10, 60000, "ms to connect"),
    INT(postgres_statement_timeout_ms, "5000", 10, 60000, "ms that a statement or a lock may take"),

    TEXT(redis_connection_string, "127.0.0.1:6379", "REDIS_CONNECTION_STRING",
         "host:port of the views"),
    INT(redis_timeout_ms, "50", 1, 10000, "ms until a view is folded from the store instead"),
    INT(redis_connect_timeout_ms, "1000", 10, 60000, "ms to connect"),
    INT(redis_pending_max, "4096", 1, 1000000, "views asked for at once, per worker"),

    TEXT(kafka_bootstrap_servers, "127.0.0.1:9092", "KAFKA_BOOTSTRAP_SERVERS",
         "host:port, several separated by commas"),
    INT(kafka_replication, "0", 0, 100, "for --create-topics: copies, 0: the broker's default"),
    INT(relay_lease_ttl_ms, "5000", 100, 300000,
        "ms of silence after which another relay takes over"),
    INT(relay_poll_ms, "500", 1, 60000, "ms between looks at the store when nothing is announced"),

    INT(lanes, "1", 1, 16, "writers, one thread and connection each; carts are divided among them"),
    INT(queue_capacity, "4096", 1, 1000000,
        "commands waiting per lane; more are answered with 503"),
    INT(batch_max, "256", 1, 10000, "commands in one transaction"),
    INT(cache_bytes, "16777216", 0, 1099511627776, "bytes of carts kept in memory, all lanes"),
    INT(snapshot_interval, "200", 0, 1000000, "events of a cart between snapshots, 0: none"),
    INT(command_timeout_ms, "5000", 10, 300000, "ms until a command that waits is given up"),
    INT(commit_timeout_ms, "3000", 10, 300000,
        "ms until an interrupted commit's outcome is unknown"),

    INT(readers, "4", 1, 64, "threads that read the store, one connection each"),
    INT(reader_queue_capacity, "256", 1, 100000, "reads waiting; more are answered with 503"),
    INT(read_timeout_ms, "3000", 10, 60000, "ms that a read of the store may take"),
    INT(answers_retention_hours, "48", 1, 87600, "hours that an Idempotency-Key is remembered"),

    TEXT(allowed_origins, "", NULL,
         "origins of pages that may listen to live views, separated by commas, e.g. "
         "https://shop.example; empty: pages of this machine; the server's own always may"),
    INT(live_listeners_max, "10000", 1, 1000000, "live connections (SSE and WebSocket) at once"),
    INT(live_listeners_per_principal_max, "100", 1, 1000000, "of one user or guest"),
    INT(live_carts_max, "20", 1, 1000, "carts that one WebSocket may listen to"),
    INT(live_beat_ms, "15000", 100, 60000, "ms between signs of life on a quiet live connection"),
    INT(live_silence_ms, "60000", 500, 3600000,
        "ms until a WebSocket that was not heard of, not even a pong, is closed"),
    INT(live_stall_ms, "10000", 100, 600000,
        "ms until a live connection whose client does not read is closed"),

    TEXT(default_currency, "USD", NULL, "ISO 4217 code of a cart that is opened without one"),
    INT(quantity_max, "999", 1, CART_QUANTITY_MAX, "of one product in a cart"),
    INT(lines_max, "200", 1, CART_LINES_MAX, "products in a cart"),
    INT(cart_abandon_after_s, "86400", 0, 315360000,
        "seconds without a touch until a cart with lines is told to be abandoned, 0: never"),
    INT(cart_expire_after_s, "2592000", 0, 315360000,
        "seconds without a touch until a cart is closed, 0: never"),
    INT(idle_sweep_ms, "10000", 10, 3600000, "ms between looks for idle carts"),

    AUTH_SETTING_ROWS(struct api_settings, auth),
    LIMIT_SETTING_ROWS(struct api_settings, limits),
};

const struct setting_table api_settings_table = {"cart-api", rows, ARRAY_SIZE(rows)};

int api_settings_load(const char *file, struct api_settings *settings, struct error *err)
{
    enum log_level level;
    if (config_load(&api_settings_table, file, settings, err) != 0)
        return -1;
    if (log_level_parse(settings->log_level, &level) != 0)
        return error_set(err, ERROR_PERMANENT,
                         "log_level is `%.32s`; set it to debug, info, warning or error",
                         settings->log_level);
    if (!currency_valid(settings->default_currency, strlen(settings->default_currency)))
        return error_set(err, ERROR_PERMANENT,
                         "default_currency is `%.32s`; set it to an ISO 4217 code such as USD",
                         settings->default_currency);
    return origin_list_check(settings->allowed_origins, err);
}

void api_settings_free(struct api_settings *settings)
{
    config_free(&api_settings_table, settings);
}

int api_settings_require(const char *value, const char *name, const char *environment,
                         struct error *err)
{
    if (value[0] != '\0')
        return 0;
    return error_set(err, ERROR_PERMANENT, "%s is not set; set it in the file or as %s", name,
                     environment);
}

static int check_proxies(const struct api_settings *settings, struct error *err)
{
    struct ip_ranges ranges;
    if (ip_ranges_parse(settings->trusted_proxies, err, &ranges) != 0)
        return error_prefix(err, "trusted_proxies");
    return 0;
}

int api_settings_check(const struct api_settings *settings, struct error *err)
{
    struct redis_address redis;
    if (auth_settings_check(&settings->auth, settings->http_address, err) != 0 ||
        check_proxies(settings, err) != 0 ||
        redis_address_parse(settings->redis_connection_string, err, &redis) != 0)
        return -1;
    return api_settings_require(settings->postgres_connection_string, "postgres_connection_string",
                                "POSTGRES_CONNECTION_STRING", err);
}

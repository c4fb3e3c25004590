/* A service's settings: the rows that all have, then its own.
 * Owner: lib/service. Thread: single.
 */
#include "service/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

#define AT(member) offsetof(struct service_settings, member)

static const struct setting common_rows[] = {
    {"http_address", SETTING_TEXT, AT(http_address), "127.0.0.1", 0, 0, NULL,
     "IP address to listen on; beyond loopback only with keys of tokens", false},
    {"http_port", SETTING_INT, AT(http_port), NULL, 1, 65535, NULL,
     "its port: /healthz, /readyz, /metrics", false},
    {"http_share_port", SETTING_BOOL, AT(http_share_port), "false", 0, 0, NULL,
     "true: several processes may listen on it at once, the old and the new one of a rolling "
     "restart; false: a second one is refused",
     false},
    {"log_level", SETTING_TEXT, AT(log_level), "info", 0, 0, NULL, "debug, info, warning or error",
     false},
    {"postgres_connection_string", SETTING_TEXT, AT(postgres_connection_string), NULL, 0, 0,
     "POSTGRES_CONNECTION_STRING", "the event store, as libpq takes it", true},
    {"postgres_admin_connection_string", SETTING_TEXT, AT(postgres_admin_connection_string), "", 0,
     0, "POSTGRES_ADMIN_CONNECTION_STRING", "the store as its owner, for --migrate only", true},
    {"kafka_bootstrap_servers", SETTING_TEXT, AT(kafka_bootstrap_servers), NULL, 0, 0,
     "KAFKA_BOOTSTRAP_SERVERS", "host:port, several with commas", false},
    {"kafka_group_id", SETTING_TEXT, AT(kafka_group_id), NULL, 0, 0, "KAFKA_GROUP_ID",
     "consumer group; its members share the partitions", false},
    {"kafka_instance_id", SETTING_TEXT, AT(kafka_instance_id), "", 0, 0, NULL,
     "a name of this process, unique in the group and the same after each restart: a crashed "
     "process "
     "gets its partitions back at once instead of after the session time-out",
     false},
    {"batch_max", SETTING_INT, AT(batch_max), "10000", 1, 100000, NULL,
     "events handled in one go when there is a backlog", false},
    {"retry_max_ms", SETTING_INT, AT(retry_max_ms), "1000", 1, 600000, NULL,
     "longest pause of a partition before the next try", false},
    {"call_threads", SETTING_INT, AT(call_threads), "2", 1, 64, NULL,
     "threads, each with a connection, for HTTP calls that need the store", false},
    {"drain_timeout_ms", SETTING_INT, AT(drain_timeout_ms), "10000", 100, 600000, NULL,
     "after SIGTERM the process ends within this time", false},
    AUTH_SETTING_ROWS(struct service_settings, auth),
    LIMIT_SETTING_ROWS(struct service_settings, limits),
    {"trusted_proxies", SETTING_TEXT, AT(trusted_proxies), "", 0, 0, NULL,
     "addresses and ranges, with commas, whose X-Forwarded-For is believed", false},
};

struct setting_table settings_table_new(const struct service *service)
{
    size_t count = ARRAY_SIZE(common_rows) + service->setting_count;
    struct setting *rows = mem_calloc(count, sizeof(*rows));
    memcpy(rows, common_rows, sizeof(common_rows));
    for (size_t i = 0; i < ARRAY_SIZE(common_rows); i++) {
        if (strcmp(rows[i].name, "http_port") == 0)
            rows[i].default_value = service->http_port;
        if (strcmp(rows[i].name, "kafka_group_id") == 0)
            rows[i].default_value = service->name;
    }
    for (size_t i = 0; i < service->setting_count; i++)
        rows[ARRAY_SIZE(common_rows) + i] = service->settings[i];
    return (struct setting_table){service->name, rows, count};
}

void settings_table_free(struct setting_table *table)
{
    free((void *)table->settings);
    *table = (struct setting_table){0};
}

static int judge(const struct service_settings *settings, struct error *err)
{
    enum log_level level;
    if (log_level_parse(settings->log_level, &level) != 0)
        return error_set(err, ERROR_PERMANENT,
                         "log_level must be debug, info, warning or error, not `%.32s`",
                         settings->log_level);
    struct ip_ranges ranges;
    if (ip_ranges_parse(settings->trusted_proxies, err, &ranges) != 0)
        return error_prefix(err, "trusted_proxies");
    if (auth_settings_check(&settings->auth, settings->http_address, err) != 0)
        return -1;
    if (settings->kafka_bootstrap_servers[0] == '\0')
        return error_set(err, ERROR_PERMANENT,
                         "kafka_bootstrap_servers is empty; set it to host:port");
    if (settings->kafka_group_id[0] == '\0')
        return error_set(err, ERROR_PERMANENT, "kafka_group_id is empty; set a name");
    if (settings->postgres_connection_string[0] == '\0')
        return error_set(err, ERROR_PERMANENT,
                         "postgres_connection_string is empty; set a libpq URI");
    return 0;
}

int settings_load(const struct service *service, const struct setting_table *table,
                  const char *file, struct error *err, void **ret_values)
{
    CHECK(service->settings_size >= sizeof(struct service_settings));
    void *values = mem_calloc(1, service->settings_size);
    if (config_load(table, file, values, err) != 0 || judge(values, err) != 0 ||
        (service->check != NULL && service->check(values, err) != 0)) {
        settings_free(table, values);
        return -1;
    }
    *ret_values = values;
    return 0;
}

void settings_free(const struct setting_table *table, void *values)
{
    if (values == NULL)
        return;
    config_free(table, values);
    free(values);
}

/* A service's settings on top of everybody's, and the refusals of both. */
#include "service/settings.h"

#include <stdlib.h>

#include "tests/unit/test.h"

struct unit_settings {
    struct service_settings common;
    int64_t colour;
};

static const struct setting own[] = {
    {"colour", SETTING_INT, offsetof(struct unit_settings, colour), "3", 1, 9, NULL, "help", false},
};

static int check(const void *values, struct error *err)
{
    const struct unit_settings *settings = values;
    return settings->colour == 5 ? error_set(err, ERROR_PERMANENT, "not that colour") : 0;
}

static const struct service service = {
    .name = "unit-service",
    .http_port = "5299",
    .settings = own,
    .setting_count = 1,
    .settings_size = sizeof(struct unit_settings),
    .check = check,
};

static int set_up(void **state)
{
    (void)state;
    setenv("POSTGRES_CONNECTION_STRING", "postgresql://x", 1);
    setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9092", 1);
    unsetenv("KAFKA_GROUP_ID");
    return 0;
}

static int load(struct unit_settings **settings, struct error *err)
{
    struct setting_table table = settings_table_new(&service);
    void *values = NULL;
    int rc = settings_load(&service, &table, NULL, err, &values);
    if (rc == 0 && settings != NULL)
        *settings = values;
    else
        settings_free(&table, values);
    settings_table_free(&table);
    return rc;
}

static void has_the_services_defaults(void **state)
{
    (void)state;
    struct unit_settings *settings;
    struct error err = {.message = ""};
    struct setting_table table = settings_table_new(&service);
    assert_int_equal(load(&settings, &err), 0);
    assert_int_equal(settings->common.http_port, 5299);
    assert_string_equal(settings->common.kafka_group_id, "unit-service");
    assert_string_equal(settings->common.http_address, "127.0.0.1");
    assert_int_equal(settings->colour, 3);
    settings_free(&table, settings);
    settings_table_free(&table);
}

static void refuse_one(const char *name, const char *value, const char *expected)
{
    struct error err = {.message = ""};
    setenv(name, value, 1);
    assert_int_equal(load(NULL, &err), -1);
    unsetenv(name);
    if (strstr(err.message, expected) == NULL)
        fail_msg("%s=%s: %s", name, value, err.message);
}

static void refuses(void **state)
{
    (void)state;
    refuse_one("UNIT_SERVICE_COLOUR", "10", "from 1 to 9");
    refuse_one("UNIT_SERVICE_COLOUR", "5", "not that colour");
    refuse_one("UNIT_SERVICE_LOG_LEVEL", "loud", "log_level");
    refuse_one("UNIT_SERVICE_KAFKA_GROUP_ID", "", "kafka_group_id");
    refuse_one("UNIT_SERVICE_KAFKA_BOOTSTRAP_SERVERS", "", "kafka_bootstrap_servers");
    refuse_one("UNIT_SERVICE_BATCH_MAX", "0", "batch_max");
}

static void stays_on_loopback(void **state)
{
    (void)state;
    static const char *const beyond[] = {"0.0.0.0",   "::", "10.0.0.1",   "128.0.0.1",
                                         "localhost", "",   "127.0.0.1 ", "::2"};
    static const char *const fine[] = {"127.0.0.1", "127.9.9.9", "::1"};
    for (size_t i = 0; i < ARRAY_SIZE(beyond); i++)
        refuse_one("UNIT_SERVICE_HTTP_ADDRESS", beyond[i], "127.0.0.1");
    for (size_t i = 0; i < ARRAY_SIZE(fine); i++) {
        struct error err = {.message = ""};
        setenv("UNIT_SERVICE_HTTP_ADDRESS", fine[i], 1);
        assert_int_equal(load(NULL, &err), 0);
    }
    unsetenv("UNIT_SERVICE_HTTP_ADDRESS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(has_the_services_defaults, set_up),
        cmocka_unit_test_setup(refuses, set_up),
        cmocka_unit_test_setup(stays_on_loopback, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Settings from file and environment, and every way to get them wrong. */
#include "base/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/test.h"

struct values {
    char *name;
    int64_t port;
    bool verbose;
    char *password;
};

static const struct setting settings[] = {
    {.name = "name", .offset = offsetof(struct values, name), .default_value = "cart"},
    {.name = "port",
     .type = SETTING_INT,
     .offset = offsetof(struct values, port),
     .default_value = "5105",
     .min = 1,
     .max = 65535,
     .env_alias = "KNOWN_PORT"},
    {.name = "verbose",
     .type = SETTING_BOOL,
     .offset = offsetof(struct values, verbose),
     .default_value = "false"},
    {.name = "password",
     .offset = offsetof(struct values, password),
     .default_value = "",
     .secret = true},
};
static const struct setting_table table = {"unit-test", settings, ARRAY_SIZE(settings)};

static char path[] = "/tmp/cartwright-config-XXXXXX";

static int load(const char *text, size_t length, struct values *values, struct error *err)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    fclose(file);
    *values = (struct values){0};
    return config_load(&table, path, values, err);
}

static void takes_defaults_file_environment(void **state)
{
    (void)state;
    struct values values;
    struct error err;
    static const char text[] = "# a comment\n\n name =  two words \nport=6000\nverbose = true\n";
    assert_int_equal(load(text, strlen(text), &values, &err), 0);
    assert_string_equal(values.name, "two words");
    assert_int_equal(values.port, 6000);
    assert_true(values.verbose);
    config_free(&table, &values);

    setenv("KNOWN_PORT", "7000", 1);
    assert_int_equal(load(text, strlen(text), &values, &err), 0);
    assert_int_equal(values.port, 7000);
    config_free(&table, &values);
    setenv("UNIT_TEST_PORT", "7001", 1);
    assert_int_equal(load(text, strlen(text), &values, &err), 0);
    assert_int_equal(values.port, 7001);
    config_free(&table, &values);
    unsetenv("KNOWN_PORT");
    unsetenv("UNIT_TEST_PORT");
}

static void refuses_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        const char *reason;
    } rows[] = {
#define ROW(text, reason) {text, sizeof(text) - 1, reason}
        ROW("prot = 1\n", "unknown setting `prot`"),
        ROW("port = 0\n", "whole number from 1 to 65535"),
        ROW("port = -1\n", "whole number"),
        ROW("port = 12x\n", "whole number"),
        ROW("port = 99999999999999999999\n", "whole number"),
        ROW("port = 1\nport = 2\n", "set twice"),
        ROW("verbose = yes\n", "true or false"),
        ROW("just words\n", "expected `name = value`"),
        ROW("\xff\xfe\x00\x01\n", "not UTF-8"),
        ROW("name = a\x00z", "not UTF-8 text"),
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct values values;
        struct error err = {0};
        assert_int_equal(load(rows[i].text, rows[i].length, &values, &err), -1);
        assert_non_null(strstr(err.message, rows[i].reason));
        config_free(&table, &values);
    }
}

static void refuses_places(void **state)
{
    (void)state;
    struct values values = {0};
    struct error err;
    assert_int_equal(config_load(&table, "/nonexistent/file", &values, &err), -1);
    assert_non_null(strstr(err.message, "cannot be opened"));
    config_free(&table, &values);
    assert_int_equal(config_load(&table, "/tmp", &values, &err), -1);
    assert_non_null(strstr(err.message, "not a regular file"));
    config_free(&table, &values);
}

static void refuses_readable_secrets(void **state)
{
    (void)state;
    static const char text[] = "password = hunter2\n";
    struct values values;
    struct error err;
    chmod(path, 0644);
    assert_int_equal(load(text, strlen(text), &values, &err), -1);
    assert_non_null(strstr(err.message, "chmod 600"));
    assert_null(strstr(err.message, "hunter2"));
    config_free(&table, &values);
    chmod(path, 0600);
    assert_int_equal(load(text, strlen(text), &values, &err), 0);
    assert_string_equal(values.password, "hunter2");
    config_free(&table, &values);
}

int main(void)
{
    int fd = mkstemp(path);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_defaults_file_environment),
        cmocka_unit_test(refuses_with_a_reason),
        cmocka_unit_test(refuses_places),
        cmocka_unit_test(refuses_readable_secrets),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    close(fd);
    unlink(path);
    return rc;
}

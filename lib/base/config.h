/* Settings: one table that makes parsing, defaults, --help and the checks.
 * Owner: lib/base. Thread: loading is single-threaded; values are read-only afterwards.
 *
 * A value comes from, later wins: the table's default, the file (--config FILE, lines `name =
 * value`,
 * `#` starts a comment), the environment (SERVICE_NAME in capitals, and an alias that users know).
 */
#ifndef CARTWRIGHT_BASE_CONFIG_H
#define CARTWRIGHT_BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum setting_type {
    SETTING_TEXT, /* const char * in the struct, owned by the struct */
    SETTING_INT,  /* int64_t between min and max */
    SETTING_BOOL, /* bool: true or false */
};

struct setting {
    const char *name; /* snake_case with its unit: http_port, drain_timeout_ms */
    enum setting_type type;
    size_t offset;             /* of the value in the daemon's settings struct */
    const char *default_value; /* NULL: required */
    int64_t min, max;
    const char *env_alias; /* e.g. POSTGRES_CONNECTION_STRING, or NULL */
    const char *help;
    bool secret; /* the file that holds it must not be readable by others; never printed */
};

struct setting_table {
    const char *service; /* "cart-api": environment names start with CART_API_ */
    const struct setting *settings;
    size_t count;
};

/** Fills *values (a zeroed struct) from defaults, file (NULL: none) and environment. On failure the
 * message names the place and what to do; values must be freed in both cases. */
int config_load(const struct setting_table *table, const char *file, void *values,
                struct error *err) WARN_UNUSED;

/** Frees the texts in *values. */
void config_free(const struct setting_table *table, void *values);

/** Prints the table for --help to stdout. */
void config_print_help(const struct setting_table *table);

#endif

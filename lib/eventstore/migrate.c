/* The schema and its numbered migrations, and whether the server is durable.
 * Owner: lib/eventstore. Thread: the connection's.
 */
#include "eventstore/migrate.h"

#include <string.h>

#include "base/buf.h"
#include "eventstore/migrations.h"

enum { MIGRATION_TIMEOUT_MS = 600000, CHECK_TIMEOUT_MS = 5000 };

/* Any number that nobody else of this database uses for an advisory lock. */
#define MIGRATION_LOCK "7305190142"

static const struct pg_statement applied_statement = {
    "schema_applied",
    "SELECT coalesce(max(number), 0)::integer FROM schema_migrations",
};

static const struct pg_statement settings_statement = {
    "server_settings",
    "SELECT name, setting FROM pg_settings "
    "WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'",
};

int schema_version(void)
{
    return migrations[migration_count - 1].number;
}

static int applied_version(struct pg *pg, struct error *err, int *ret_version)
{
    struct pg_result *result;
    if (pg_run(pg, &applied_statement, NULL, CHECK_TIMEOUT_MS, err, &result) != 0)
        return -1;
    *ret_version = pg_get_int32(result, 0, 0);
    pg_result_free(result);
    return 0;
}

static int refuse_newer(int applied, struct error *err)
{
    return error_set(err, ERROR_PERMANENT,
                     "the database has schema %d, this binary knows %d; run a newer binary",
                     applied, schema_version());
}

/* One migration and its record in one transaction; the lock serialises those who migrate at once.
 */
static int apply(struct pg *pg, const struct migration *migration, struct error *err)
{
    struct buf sql = {0};
    buf_printf(&sql,
               "BEGIN; SELECT pg_advisory_xact_lock(" MIGRATION_LOCK ");"
               "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s';\n%s\n"
               "INSERT INTO schema_migrations (number, name) VALUES (%d, '%s'); COMMIT;",
               migration->sql, migration->number, migration->name);
    int rc = pg_script(pg, buf_cstr(&sql), MIGRATION_TIMEOUT_MS, err);
    buf_free(&sql);
    if (rc != 0 && pg_usable(pg) && pg_script(pg, "ROLLBACK", CHECK_TIMEOUT_MS, NULL) != 0)
        return error_prefix(err, "migration %s (and its rollback)", migration->name);
    return rc != 0 ? error_prefix(err, "migration %s", migration->name) : 0;
}

int schema_migrate(struct pg *pg, struct error *err, int *ret_applied)
{
    static const char bootstrap[] =
        "BEGIN; SELECT pg_advisory_xact_lock(" MIGRATION_LOCK ");"
        "CREATE TABLE IF NOT EXISTS schema_migrations (number integer PRIMARY KEY,"
        " name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()); COMMIT;";
    int version, count = 0;
    if (pg_script(pg, bootstrap, MIGRATION_TIMEOUT_MS, err) != 0 ||
        applied_version(pg, err, &version) != 0)
        return -1;
    if (version > schema_version())
        return refuse_newer(version, err);
    for (int i = 0; i < migration_count; i++) {
        if (migrations[i].number <= version)
            continue;
        if (apply(pg, &migrations[i], err) != 0) {
            /* Somebody else may have applied it between our look and our lock. */
            int now;
            if (!pg_usable(pg) || applied_version(pg, NULL, &now) != 0 ||
                now < migrations[i].number)
                return -1;
            continue;
        }
        count++;
    }
    *ret_applied = count;
    return 0;
}

static int check_durable(struct pg *pg, struct error *err)
{
    struct pg_result *result;
    if (pg_run(pg, &settings_statement, NULL, CHECK_TIMEOUT_MS, err, &result) != 0)
        return -1;
    int rc = 0;
    if (pg_rows(result) > 0) {
        struct slice name = pg_get_bytes(result, 0, 0);
        rc = error_set(err, ERROR_PERMANENT,
                       "PostgreSQL runs with %.*s = off and would lose acknowledged events; "
                       "set %.*s = on and restart it",
                       (int)name.len, name.data, (int)name.len, name.data);
    }
    pg_result_free(result);
    return rc;
}

int schema_check(struct pg *pg, struct error *err)
{
    int version;
    if (applied_version(pg, err, &version) != 0) {
        if (strcmp(pg_sqlstate(pg), "42P01") == 0) /* undefined table */
            return error_set(err, ERROR_PERMANENT,
                             "the database has no schema; run cart-api --migrate");
        return -1;
    }
    if (version > schema_version())
        return refuse_newer(version, err);
    if (version < schema_version())
        return error_set(err, ERROR_PERMANENT,
                         "the database has schema %d, this binary needs %d; run cart-api --migrate",
                         version, schema_version());
    return check_durable(pg, err);
}

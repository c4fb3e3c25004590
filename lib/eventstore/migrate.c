/* Numbered migrations, the store's and the services', and whether the server is durable.
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

static const struct pg_statement component_statement = {
    "component_applied",
    "SELECT coalesce(max(number), 0)::integer FROM component_migrations WHERE component = $1",
};

static const struct pg_statement settings_statement = {
    "server_settings",
    "SELECT name, setting FROM pg_settings "
    "WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'",
};

static int newest(const struct migration_set *set)
{
    return set->migrations[set->count - 1].number;
}

int schema_version(void)
{
    return newest(&eventstore_migrations);
}

static bool is_store(const struct migration_set *set)
{
    return set == &eventstore_migrations;
}

/* Who applies the set: the store has no daemon of its own name. */
static const char *program(const struct migration_set *set)
{
    return is_store(set) ? "cart-api" : set->component;
}

static int applied_version(struct pg *pg, const struct migration_set *set, struct error *err,
                           int *ret_version)
{
    struct pg_params params = {0};
    struct pg_result *result;
    if (!is_store(set))
        pg_param_bytes(&params, slice_of(set->component));
    int rc = pg_run(pg, is_store(set) ? &applied_statement : &component_statement, &params,
                    CHECK_TIMEOUT_MS, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return -1;
    *ret_version = pg_get_int32(result, 0, 0);
    pg_result_free(result);
    return 0;
}

static int refuse_newer(const struct migration_set *set, int applied, struct error *err)
{
    return error_set(err, ERROR_PERMANENT,
                     "the database has schema %d of %s, this binary knows %d; run a newer binary",
                     applied, set->component, newest(set));
}

static void write_record(const struct migration_set *set, const struct migration *migration,
                         struct buf *sql)
{
    if (is_store(set))
        buf_printf(sql, "INSERT INTO schema_migrations (number, name) VALUES (%d, '%s');",
                   migration->number, migration->name);
    else
        buf_printf(sql,
                   "INSERT INTO component_migrations (component, number, name) "
                   "VALUES ('%s', %d, '%s');",
                   set->component, migration->number, migration->name);
}

/* One migration and its record in one transaction; the lock serialises those who migrate at once.
 */
static int apply(struct pg *pg, const struct migration_set *set, const struct migration *migration,
                 struct error *err)
{
    struct buf sql = {0};
    buf_printf(&sql,
               "BEGIN; SELECT pg_advisory_xact_lock(" MIGRATION_LOCK ");"
               "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s';\n%s\n",
               migration->sql);
    write_record(set, migration, &sql);
    buf_text(&sql, " COMMIT;");
    int rc = pg_script(pg, buf_cstr(&sql), MIGRATION_TIMEOUT_MS, err);
    buf_free(&sql);
    if (rc != 0 && pg_usable(pg) && pg_script(pg, "ROLLBACK", CHECK_TIMEOUT_MS, NULL) != 0)
        return error_prefix(err, "migration %s (and its rollback)", migration->name);
    return rc != 0 ? error_prefix(err, "migration %s", migration->name) : 0;
}

static int apply_missing(struct pg *pg, const struct migration_set *set, struct error *err,
                         int *ret_applied)
{
    int version, count = 0;
    if (applied_version(pg, set, err, &version) != 0)
        return -1;
    if (version > newest(set))
        return refuse_newer(set, version, err);
    for (int i = 0; i < set->count; i++) {
        const struct migration *migration = &set->migrations[i];
        if (migration->number <= version)
            continue;
        if (apply(pg, set, migration, err) != 0) {
            /* Somebody else may have applied it between our look and our lock. */
            int now;
            if (!pg_usable(pg) || applied_version(pg, set, NULL, &now) != 0 ||
                now < migration->number)
                return -1;
            continue;
        }
        count++;
    }
    *ret_applied = count;
    return 0;
}

int schema_migrate(struct pg *pg, struct error *err, int *ret_applied)
{
    static const char bootstrap[] =
        "BEGIN; SELECT pg_advisory_xact_lock(" MIGRATION_LOCK ");"
        "CREATE TABLE IF NOT EXISTS schema_migrations (number integer PRIMARY KEY,"
        " name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()); COMMIT;";
    if (pg_script(pg, bootstrap, MIGRATION_TIMEOUT_MS, err) != 0)
        return -1;
    return apply_missing(pg, &eventstore_migrations, err, ret_applied);
}

static int refuse_missing(struct pg *pg, const struct migration_set *set, struct error *err)
{
    if (strcmp(pg_sqlstate(pg), "42P01") != 0) /* undefined table */
        return -1;
    return error_set(err, ERROR_PERMANENT, "the database has no schema; run cart-api --migrate%s",
                     is_store(set) ? "" : " first");
}

int component_migrate(struct pg *pg, const struct migration_set *set, struct error *err,
                      int *ret_applied)
{
    int ignored;
    if (applied_version(pg, set, err, &ignored) != 0)
        return refuse_missing(pg, set, err);
    return apply_missing(pg, set, err, ret_applied);
}

int component_check(struct pg *pg, const struct migration_set *set, struct error *err)
{
    int version;
    if (applied_version(pg, set, err, &version) != 0)
        return refuse_missing(pg, set, err);
    if (version > newest(set))
        return refuse_newer(set, version, err);
    if (version < newest(set))
        return error_set(err, ERROR_PERMANENT,
                         "the database has schema %d of %s, this binary needs %d; run %s --migrate",
                         version, set->component, newest(set), program(set));
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
    if (component_check(pg, &eventstore_migrations, err) != 0)
        return -1;
    return check_durable(pg, err);
}

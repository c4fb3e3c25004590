/* Tables of migrations, generated from schema/NNNN_name.sql files: the store's own, and those of
 * services that have tables beside it.
 * Owner: lib/eventstore. Thread: any; const.
 */
#ifndef CARTWRIGHT_EVENTSTORE_MIGRATIONS_H
#define CARTWRIGHT_EVENTSTORE_MIGRATIONS_H

struct migration {
    int number; /* 1, 2, 3 … without gaps */
    const char *name;
    const char *sql;
};

struct migration_set {
    const char *component; /* the daemon's name, or "eventstore" */
    const struct migration *migrations;
    int count;
};

/** The event store's: recorded in schema_migrations, all others in component_migrations. */
extern const struct migration_set eventstore_migrations;

#endif

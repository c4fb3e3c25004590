/* The table of migrations, generated from schema/NNNN_name.sql.
 * Owner: lib/eventstore. Thread: any; const.
 */
#ifndef CARTWRIGHT_EVENTSTORE_MIGRATIONS_H
#define CARTWRIGHT_EVENTSTORE_MIGRATIONS_H

struct migration {
    int number; /* 1, 2, 3 … without gaps */
    const char *name;
    const char *sql;
};

extern const struct migration migrations[];
extern const int migration_count;

#endif

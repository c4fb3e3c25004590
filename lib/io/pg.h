/* PostgreSQL: the one door to libpq. Blocking calls with deadlines, prepared binary statements.
 * Owner: lib/io. Thread: a connection belongs to one thread at a time.
 */
#ifndef CARTWRIGHT_IO_PG_H
#define CARTWRIGHT_IO_PG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/uuid.h"

struct pg;
struct pg_result;

struct pg_options {
    const char *connection_string; /* libpq URI or key=value; never logged */
    const char *application_name;  /* what pg_stat_activity shows */
    int connect_timeout_ms;
    int statement_timeout_ms; /* also the lock time-out, at the server */
    const char *session;      /* more "-c name=value" for this session, or NULL */
};

/** Connects within connect_timeout_ms. 0, or -1 with a retriable error. */
int pg_open(const struct pg_options *options, struct error *err, struct pg **ret_pg) WARN_UNUSED;
void pg_close(struct pg *pg);

/** False once the connection is lost or a statement overran its deadline: close and open anew. */
bool pg_usable(const struct pg *pg);

/** Notices, without waiting, that the server has closed an idle connection: pg_usable then says so.
 */
void pg_check_alive(struct pg *pg);

/** A statement, prepared on each connection at its first use. Must outlive the connections. */
struct pg_statement {
    const char *name;
    const char *sql;
};

/** Parameters in binary format, appended in order. Zero-initialise; pg_params_clear to reuse. */
enum { PG_PARAMS_MAX = 32 };
struct pg_params {
    struct buf bytes;
    struct {
        size_t offset;
        int length; /* -1: NULL */
    } params[PG_PARAMS_MAX];
    int count;
    size_t array_head; /* offset of the open array's header */
    uint32_t array_count;
};

void pg_params_clear(struct pg_params *params);
void pg_params_free(struct pg_params *params);
void pg_param_null(struct pg_params *params);
void pg_param_int16(struct pg_params *params, int16_t value);
void pg_param_int32(struct pg_params *params, int32_t value);
void pg_param_int64(struct pg_params *params, int64_t value);
void pg_param_bytes(struct pg_params *params, struct slice value); /* text and bytea */
void pg_param_uuid(struct pg_params *params, const struct uuid *value);
void pg_param_time(struct pg_params *params, int64_t wall_us); /* timestamptz */

/** One-dimensional arrays: begin with the element's type, add elements, end. */
enum pg_type {
    PG_BYTEA = 17,
    PG_INT8 = 20,
    PG_INT2 = 21,
    PG_INT4 = 23,
    PG_TEXT = 25,
    PG_TIMESTAMPTZ = 1184,
    PG_UUID = 2950,
};
void pg_array_begin(struct pg_params *params, enum pg_type element);
void pg_array_null(struct pg_params *params);
void pg_array_int16(struct pg_params *params, int16_t value);
void pg_array_int32(struct pg_params *params, int32_t value);
void pg_array_int64(struct pg_params *params, int64_t value);
void pg_array_bytes(struct pg_params *params, struct slice value);
void pg_array_uuid(struct pg_params *params, const struct uuid *value);
void pg_array_time(struct pg_params *params, int64_t wall_us);
void pg_array_end(struct pg_params *params);

/** One array parameter from a loop: put is called for each index i below count for which takes
 * holds. */
#define PG_PARAM_ARRAY(params, type, count, takes, put)                                            \
    do {                                                                                           \
        pg_array_begin(params, type);                                                              \
        for (size_t i = 0; i < (count); i++) {                                                     \
            if (takes)                                                                             \
                put;                                                                               \
        }                                                                                          \
        pg_array_end(params);                                                                      \
    } while (0)

/** Runs one statement in its own transaction; params may be NULL. *ret_result is the caller's.
 * Errors: retriable (nothing was done: lock or statement time-out, not connected), unknown (the
 * connection was lost or the deadline passed after the statement was sent), permanent (the rest).
 */
int pg_run(struct pg *pg, const struct pg_statement *statement, const struct pg_params *params,
           int timeout_ms, struct error *err, struct pg_result **ret_result) WARN_UNUSED;

/** Runs SQL text of any number of statements without parameters; results are thrown away. */
int pg_script(struct pg *pg, const char *sql, int timeout_ms, struct error *err) WARN_UNUSED;

/** Runs body between BEGIN and COMMIT, READ COMMITTED. 0: committed. Body's own positive value: it
 * was rolled back. -1 with err: retriable or permanent when nothing was done, unknown when the
 * connection was lost after COMMIT was sent. */
int pg_transaction(struct pg *pg,
                   int (*body)(void *argument, struct pg *pg, int timeout_ms, struct error *err),
                   void *argument, int timeout_ms, struct error *err) WARN_UNUSED;

/** From here on the connection is not usable. */
void pg_abandon(struct pg *pg);

/** The SQLSTATE of the last failed statement, "" without one. */
const char *pg_sqlstate(const struct pg *pg);

/** The socket, to poll together with others: when it is readable, pg_wait_notification with 0 ms.
 */
int pg_socket(const struct pg *pg);

/** Waits for a NOTIFY on any channel that this connection listens to. 1: came (all pending are
 * taken), 0: the deadline passed, -1: connection lost. */
int pg_wait_notification(struct pg *pg, int timeout_ms, struct error *err) WARN_UNUSED;

/** ---- results; row and column from 0; the column's type must be the asked one */
void pg_result_free(struct pg_result *result);
int pg_rows(const struct pg_result *result);
/** Rows that an INSERT, UPDATE or DELETE has written. */
int64_t pg_affected(const struct pg_result *result);
bool pg_is_null(const struct pg_result *result, int row, int column);
int16_t pg_get_int16(const struct pg_result *result, int row, int column);
int32_t pg_get_int32(const struct pg_result *result, int row, int column);
int64_t pg_get_int64(const struct pg_result *result, int row, int column);
bool pg_get_bool(const struct pg_result *result, int row, int column);
int64_t pg_get_time(const struct pg_result *result, int row, int column); /* wall_us */
struct slice pg_get_bytes(const struct pg_result *result, int row, int column);
struct uuid pg_get_uuid(const struct pg_result *result, int row, int column);

/** An array column, element by element. A NULL column reads as empty. */
struct pg_array {
    const char *at;
    int count;
};
struct pg_array pg_get_array(const struct pg_result *result, int row, int column);
/** The next element's bytes; data is NULL for a NULL element. Call count times. */
struct slice pg_array_next(struct pg_array *array);
int64_t pg_array_next_int(struct pg_array *array); /* int2, int4 or int8; must not be NULL */

#endif

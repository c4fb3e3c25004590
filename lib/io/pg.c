/* PostgreSQL: connections and statements with deadlines.
 * Owner: lib/io. Thread: a connection belongs to one thread at a time.
 */
#include "io/pg.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "io/pg_internal.h"

enum { PREPARED_MAX = 64 };

struct pg {
    PGconn *connection;
    bool usable;
    char sqlstate[6];
    const struct pg_statement *prepared[PREPARED_MAX];
    int prepared_count;
};

/* Waits for the socket; 0 when ready, -1 when the deadline passed or poll failed. */
static int wait_socket(PGconn *connection, short events, int64_t deadline_us)
{
    struct pollfd descriptor = {.fd = PQsocket(connection), .events = events};
    for (;;) {
        int ready = poll(&descriptor, 1, clock_left_ms(deadline_us));
        if (ready > 0)
            return 0;
        if (ready == 0)
            return -1;
    }
}

static int finish_connect(PGconn *connection, int64_t deadline_us, struct error *err)
{
    PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;
    while (wanted != PGRES_POLLING_OK) {
        if (wanted == PGRES_POLLING_FAILED)
            return error_set(err, ERROR_RETRIABLE, "%s", PQerrorMessage(connection));
        short events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (wait_socket(connection, events, deadline_us) != 0)
            return error_set(err, ERROR_RETRIABLE, "no answer to the connection in time");
        wanted = PQconnectPoll(connection);
    }
    return 0;
}

static void ignore_notice(void *argument, const PGresult *result)
{
    (void)argument;
    (void)result;
}

static PGconn *start_connect(const struct pg_options *options)
{
    static const char *const names[] = {
        "dbname",           "application_name", "keepalives_idle", "keepalives_interval",
        "keepalives_count", "tcp_user_timeout", "options",         NULL};
    struct buf session = {0};
    buf_printf(&session,
               "-c statement_timeout=%d -c lock_timeout=%d "
               "-c idle_in_transaction_session_timeout=%d -c jit=off -c bytea_output=hex "
               "-c client_min_messages=warning %s",
               options->statement_timeout_ms, options->statement_timeout_ms,
               options->statement_timeout_ms * 2, options->session != NULL ? options->session : "");
    const char *values[] = {options->connection_string,
                            options->application_name,
                            "5",
                            "2",
                            "3",
                            "10000",
                            buf_cstr(&session),
                            NULL};
    PGconn *connection = PQconnectStartParams(names, values, 1);
    buf_free(&session);
    return connection;
}

int pg_open(const struct pg_options *options, struct error *err, struct pg **ret_pg)
{
    int64_t deadline_us = clock_monotonic_us() + (int64_t)options->connect_timeout_ms * 1000;
    PGconn *connection = start_connect(options);
    CHECK(connection != NULL);
    int rc = PQstatus(connection) == CONNECTION_BAD
                 ? error_set(err, ERROR_RETRIABLE, "%s", PQerrorMessage(connection))
                 : finish_connect(connection, deadline_us, err);
    if (rc != 0 || PQsetnonblocking(connection, 1) != 0) {
        PQfinish(connection);
        return error_prefix(err, "PostgreSQL");
    }
    PQsetNoticeReceiver(connection, ignore_notice, NULL);
    struct pg *pg = mem_calloc(1, sizeof(*pg));
    pg->connection = connection;
    pg->usable = true;
    *ret_pg = pg;
    return 0;
}

void pg_close(struct pg *pg)
{
    if (pg == NULL)
        return;
    PQfinish(pg->connection);
    free(pg);
}

bool pg_usable(const struct pg *pg)
{
    return pg != NULL && pg->usable;
}

void pg_abandon(struct pg *pg)
{
    pg->usable = false;
}

void pg_check_alive(struct pg *pg)
{
    struct pollfd descriptor = {.fd = PQsocket(pg->connection), .events = POLLIN};
    if (poll(&descriptor, 1, 0) > 0 &&
        (PQconsumeInput(pg->connection) == 0 || PQstatus(pg->connection) != CONNECTION_OK))
        pg->usable = false;
}

int pg_socket(const struct pg *pg)
{
    return PQsocket(pg->connection);
}

const char *pg_sqlstate(const struct pg *pg)
{
    return pg->sqlstate;
}

/* After this point the statement may run at the server whatever happens here. */
static int lost(struct pg *pg, const char *why, struct error *err)
{
    pg->usable = false;
    return error_set(err, ERROR_UNKNOWN, "PostgreSQL: %s", why);
}

static int send_all(struct pg *pg, int64_t deadline_us, struct error *err)
{
    for (;;) {
        int left = PQflush(pg->connection);
        if (left == 0)
            return 0;
        if (left < 0)
            return lost(pg, PQerrorMessage(pg->connection), err);
        /* Reading too: a server that answers while we send would else never get room to read. */
        if (wait_socket(pg->connection, POLLIN | POLLOUT, deadline_us) != 0)
            return lost(pg, "the statement could not be sent in time", err);
        if (PQconsumeInput(pg->connection) == 0)
            return lost(pg, PQerrorMessage(pg->connection), err);
    }
}

/* The next result, NULL after the last. */
static int next_result(struct pg *pg, int64_t deadline_us, struct error *err, PGresult **ret_result)
{
    while (PQisBusy(pg->connection) != 0) {
        if (wait_socket(pg->connection, POLLIN, deadline_us) != 0)
            return lost(pg, "no answer in time", err);
        if (PQconsumeInput(pg->connection) == 0)
            return lost(pg, PQerrorMessage(pg->connection), err);
    }
    *ret_result = PQgetResult(pg->connection);
    return 0;
}

/* A server that says one of these did nothing and may succeed later. Class 57P ends the connection
 * and can arrive after a commit: that one is unknown. */
static bool retriable(const char *sqlstate)
{
    static const char *const states[] = {"40001", "40P01", "53000", "53100", "53200",
                                         "53300", "55P03", "57014", "25P03", "25006"};
    for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
        if (strcmp(sqlstate, states[i]) == 0)
            return true;
    }
    return false;
}

static int judge_failure(struct pg *pg, const PGresult *result, struct error *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (state == NULL || strncmp(state, "57P", 3) == 0 || strncmp(state, "08", 2) == 0)
        return lost(pg, PQresultErrorMessage(result), err);
    memcpy(pg->sqlstate, state, sizeof(pg->sqlstate) - 1);
    enum error_kind kind = retriable(pg->sqlstate) ? ERROR_RETRIABLE : ERROR_PERMANENT;
    return error_set(err, kind, "PostgreSQL: %s (%s)", text != NULL ? text : "error", state);
}

static bool succeeded(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY;
}

/* Reads until the server is ready for the next statement. Keeps the last good result. */
static int collect(struct pg *pg, int64_t deadline_us, struct error *err, PGresult **ret_result)
{
    PGresult *kept = NULL, *result = NULL;
    int rc = 0;
    for (;;) {
        if (next_result(pg, deadline_us, err, &result) != 0) {
            PQclear(kept);
            return -1;
        }
        if (result == NULL)
            break;
        if (rc == 0 && !succeeded(result))
            rc = judge_failure(pg, result, err);
        PQclear(kept);
        kept = result;
    }
    if (rc != 0 || kept == NULL) {
        PQclear(kept);
        return rc != 0 ? rc : lost(pg, "no result", err);
    }
    *ret_result = kept;
    return 0;
}

static int prepare(struct pg *pg, const struct pg_statement *statement, int64_t deadline_us,
                   struct error *err)
{
    for (int i = 0; i < pg->prepared_count; i++) {
        if (pg->prepared[i] == statement)
            return 0;
    }
    PGresult *result;
    CHECK(pg->prepared_count < PREPARED_MAX);
    if (PQsendPrepare(pg->connection, statement->name, statement->sql, 0, NULL) == 0 ||
        send_all(pg, deadline_us, err) != 0 || collect(pg, deadline_us, err, &result) != 0)
        return error_prefix(err, "%s", statement->name);
    PQclear(result);
    pg->prepared[pg->prepared_count++] = statement;
    return 0;
}

int pg_run(struct pg *pg, const struct pg_statement *statement, const struct pg_params *params,
           int timeout_ms, struct error *err, struct pg_result **ret_result)
{
    static const int all_binary[PG_PARAMS_MAX] = {
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    };
    const char *values[PG_PARAMS_MAX];
    int lengths[PG_PARAMS_MAX];
    int count = params != NULL ? params->count : 0;
    int64_t deadline_us = clock_monotonic_us() + (int64_t)timeout_ms * 1000;
    PGresult *result;
    CHECK(pg->usable);
    pg->sqlstate[0] = '\0';
    for (int i = 0; i < count; i++) {
        lengths[i] = params->params[i].length;
        const char *bytes = params->bytes.data != NULL ? params->bytes.data : "";
        values[i] = lengths[i] < 0 ? NULL : bytes + params->params[i].offset;
    }
    if (prepare(pg, statement, deadline_us, err) != 0) {
        /* Only the statement's text was sent: nothing can have been done. */
        if (err != NULL && err->kind == ERROR_UNKNOWN)
            err->kind = ERROR_RETRIABLE;
        return -1;
    }
    if (PQsendQueryPrepared(pg->connection, statement->name, count, values, lengths, all_binary,
                            1) == 0)
        return lost(pg, PQerrorMessage(pg->connection), err);
    if (send_all(pg, deadline_us, err) != 0 || collect(pg, deadline_us, err, &result) != 0)
        return error_prefix(err, "%s", statement->name);
    *ret_result = pg_result_wrap(result);
    return 0;
}

int pg_script(struct pg *pg, const char *sql, int timeout_ms, struct error *err)
{
    int64_t deadline_us = clock_monotonic_us() + (int64_t)timeout_ms * 1000;
    PGresult *result = NULL;
    CHECK(pg->usable);
    pg->sqlstate[0] = '\0';
    if (PQsendQuery(pg->connection, sql) == 0)
        return lost(pg, PQerrorMessage(pg->connection), err);
    if (send_all(pg, deadline_us, err) != 0 || collect(pg, deadline_us, err, &result) != 0)
        return -1;
    /* A COMMIT of an aborted transaction answers success with this tag. */
    bool undone = strcmp(PQcmdStatus(result), "ROLLBACK") == 0 && strcmp(sql, "ROLLBACK") != 0;
    PQclear(result);
    return undone ? error_set(err, ERROR_PERMANENT, "PostgreSQL: the transaction was rolled back")
                  : 0;
}

static int take_notifications(struct pg *pg)
{
    int taken = 0;
    PGnotify *notify;
    while ((notify = PQnotifies(pg->connection)) != NULL) {
        PQfreemem(notify);
        taken++;
    }
    return taken;
}

int pg_wait_notification(struct pg *pg, int timeout_ms, struct error *err)
{
    int64_t deadline_us = clock_monotonic_us() + (int64_t)timeout_ms * 1000;
    CHECK(pg->usable);
    for (;;) {
        if (take_notifications(pg) > 0)
            return 1;
        if (wait_socket(pg->connection, POLLIN, deadline_us) != 0)
            return 0;
        if (PQconsumeInput(pg->connection) == 0)
            return lost(pg, PQerrorMessage(pg->connection), err);
    }
}

/* How fast one connection inserts batches of events into a bare table like ours: the ceiling of one
 * committer. usage: bare_insert SECONDS BATCH PAYLOAD_BYTES, with libpq's PGHOST etc.
 * Prints a JSON object. Owner: load/bench, which makes the table. Thread: single.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libpq-fe.h>

enum {
    CARTS = 2000,
    PARTITIONS = 16,
    COLUMNS = 12,
    BATCH_MAX = 10000,
    PAYLOAD_MAX = 4096,
    UUID_BYTES = 16,
    BYTEA_OID = 17,
    INT8_OID = 20,
    INT2_OID = 21,
    INT4_OID = 23,
    TEXT_OID = 25,
    TIMESTAMPTZ_OID = 1184,
    UUID_OID = 2950,
    /* from 1970 to PostgreSQL's epoch */
    SECONDS_TO_2000 = 946684800
};

static const char insert_sql[] =
    "INSERT INTO bench_events (version, partition, trace_flags, position, recorded_at, event_id,"
    " correlation_id, causation_id, stream_id, type, actor, payload)"
    " SELECT * FROM unnest($1::integer[], $2::smallint[], $3::smallint[], $4::bigint[],"
    " $5::timestamptz[], $6::uuid[], $7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::text[],"
    " $12::bytea[])";

/* A one-dimensional array in PostgreSQL's binary format. */
struct column {
    uint32_t oid;
    char *bytes;
    size_t length, capacity;
};

struct writer {
    struct column columns[COLUMNS];
    int32_t versions[CARTS];
    int64_t positions[PARTITIONS];
    uint64_t next_event;
    uint64_t random;
    char payload[PAYLOAD_MAX];
    size_t payload_bytes;
};

_Noreturn static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bare_insert: %s: %s\n", what, why);
    exit(1);
}

static int64_t now_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void append(struct column *column, const void *bytes, size_t length)
{
    if (column->length + length > column->capacity) {
        column->capacity = 2 * (column->length + length);
        column->bytes = realloc(column->bytes, column->capacity);
        if (column->bytes == NULL)
            fail("memory", "exhausted");
    }
    memcpy(column->bytes + column->length, bytes, length);
    column->length += length;
}

static void append_u32(struct column *column, uint32_t value)
{
    uint32_t network = __builtin_bswap32(value);
    append(column, &network, sizeof(network));
}

static void begin_array(struct column *column, uint32_t count)
{
    column->length = 0;
    append_u32(column, 1); /* dimensions */
    append_u32(column, 0); /* no nulls */
    append_u32(column, column->oid);
    append_u32(column, count);
    append_u32(column, 1); /* lower bound */
}

static void add_bytes(struct column *column, const void *bytes, size_t length)
{
    append_u32(column, (uint32_t)length);
    append(column, bytes, length);
}

static void add_i16(struct column *column, int value)
{
    uint16_t network = __builtin_bswap16((uint16_t)value);
    add_bytes(column, &network, sizeof(network));
}

static void add_i32(struct column *column, int32_t value)
{
    uint32_t network = __builtin_bswap32((uint32_t)value);
    add_bytes(column, &network, sizeof(network));
}

static void add_i64(struct column *column, int64_t value)
{
    uint64_t network = __builtin_bswap64((uint64_t)value);
    add_bytes(column, &network, sizeof(network));
}

/* xorshift64*: as incompressible as the real ids. */
static uint64_t next_random(struct writer *writer)
{
    writer->random ^= writer->random >> 12;
    writer->random ^= writer->random << 25;
    writer->random ^= writer->random >> 27;
    return writer->random * UINT64_C(2685821657736338717);
}

static void add_uuid(struct writer *writer, struct column *column)
{
    uint64_t halves[UUID_BYTES / sizeof(uint64_t)] = {next_random(writer), next_random(writer)};
    add_bytes(column, halves, sizeof(halves));
}

static void add_event(struct writer *writer, int64_t recorded_at_us)
{
    static const char type[] = "ItemAdded", actor[] = "user-bench-0001";
    struct column *column = writer->columns;
    uint64_t cart = writer->next_event++ % CARTS;
    int partition = (int)(cart % PARTITIONS);
    char stream_id[40];
    int length = snprintf(stream_id, sizeof(stream_id), "bench-0123456789-0-%04" PRIu64, cart);
    add_i32(column++, ++writer->versions[cart]);
    add_i16(column++, partition);
    add_i16(column++, 1);
    add_i64(column++, ++writer->positions[partition]);
    add_i64(column++, recorded_at_us);
    for (int i = 0; i < 3; i++)
        add_uuid(writer, column++);
    add_bytes(column++, stream_id, (size_t)length);
    add_bytes(column++, type, sizeof(type) - 1);
    add_bytes(column++, actor, sizeof(actor) - 1);
    add_bytes(column++, writer->payload, writer->payload_bytes);
}

static void insert_batch(struct writer *writer, PGconn *connection, int batch)
{
    const char *values[COLUMNS];
    int lengths[COLUMNS], formats[COLUMNS];
    int64_t recorded_at_us = now_us(CLOCK_REALTIME) - INT64_C(1000000) * SECONDS_TO_2000;
    for (int i = 0; i < COLUMNS; i++)
        begin_array(&writer->columns[i], (uint32_t)batch);
    for (int i = 0; i < batch; i++)
        add_event(writer, recorded_at_us);
    for (int i = 0; i < COLUMNS; i++) {
        values[i] = writer->columns[i].bytes;
        lengths[i] = (int)writer->columns[i].length;
        formats[i] = 1;
    }
    PGresult *result = PQexecPrepared(connection, "insert", COLUMNS, values, lengths, formats, 1);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail("insert", PQerrorMessage(connection));
    PQclear(result);
}

static PGconn *open_connection(void)
{
    PGconn *connection = PQconnectdb("connect_timeout=10");
    if (PQstatus(connection) != CONNECTION_OK)
        fail("connect", PQerrorMessage(connection));
    PGresult *result = PQprepare(connection, "insert", insert_sql, 0, NULL);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail("prepare", PQerrorMessage(connection));
    PQclear(result);
    return connection;
}

static void prepare_writer(struct writer *writer, size_t payload_bytes)
{
    static const uint32_t oids[COLUMNS] = {INT4_OID,        INT2_OID, INT2_OID, INT8_OID,
                                           TIMESTAMPTZ_OID, UUID_OID, UUID_OID, UUID_OID,
                                           TEXT_OID,        TEXT_OID, TEXT_OID, BYTEA_OID};
    for (int i = 0; i < COLUMNS; i++)
        writer->columns[i].oid = oids[i];
    writer->random = UINT64_C(88172645463325252);
    writer->payload_bytes = payload_bytes;
    for (size_t i = 0; i < payload_bytes; i++)
        writer->payload[i] = (char)next_random(writer);
}

static long argument(char **argv, int index, long most)
{
    char *end;
    long value = strtol(argv[index], &end, 10);
    if (*end != '\0' || value < 1 || value > most)
        fail("not a number in range", argv[index]);
    return value;
}

int main(int argc, char **argv)
{
    static struct writer writer;
    if (argc != 4)
        fail("usage", "bare_insert SECONDS BATCH PAYLOAD_BYTES");
    int64_t duration_us = argument(argv, 1, 3600) * INT64_C(1000000);
    int batch = (int)argument(argv, 2, BATCH_MAX);
    prepare_writer(&writer, (size_t)argument(argv, 3, PAYLOAD_MAX));
    PGconn *connection = open_connection();

    int64_t begin_us = now_us(CLOCK_MONOTONIC), end_us = begin_us;
    while (end_us - begin_us < duration_us) {
        insert_batch(&writer, connection, batch);
        end_us = now_us(CLOCK_MONOTONIC);
    }
    printf("{\"events\":%" PRIu64 ",\"microseconds\":%" PRId64 "}\n", writer.next_event,
           end_us - begin_us);
    PQfinish(connection);
    for (int i = 0; i < COLUMNS; i++)
        free(writer.columns[i].bytes);
    return 0;
}

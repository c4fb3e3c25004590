/* Results of statements in PostgreSQL's binary format.
 * Owner: lib/io. Thread: the connection's.
 */
#include "io/pg.h"

#include <endian.h>
#include <stdlib.h>

#include "io/pg_internal.h"

void pg_result_free(struct pg_result *result)
{
    PQclear(pg_result_unwrap(result));
}

int pg_rows(const struct pg_result *result)
{
    return PQntuples(pg_result_unwrap(result));
}

int64_t pg_affected(const struct pg_result *result)
{
    return strtoll(PQcmdTuples(pg_result_unwrap(result)), NULL, 10);
}

bool pg_is_null(const struct pg_result *result, int row, int column)
{
    return PQgetisnull(pg_result_unwrap(result), row, column) != 0;
}

struct slice pg_get_bytes(const struct pg_result *result, int row, int column)
{
    PGresult *raw = pg_result_unwrap(result);
    return (struct slice){PQgetvalue(raw, row, column), (size_t)PQgetlength(raw, row, column)};
}

/* A column of another width is a query that does not fit the code: a bug. */
static const char *fixed(const struct pg_result *result, int row, int column, size_t width)
{
    struct slice value = pg_get_bytes(result, row, column);
    CHECK(value.len == width);
    return value.data;
}

static int64_t read_be(const char *bytes, size_t width)
{
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value = value << 8 | (uint8_t)bytes[i];
    if (width == 2)
        return (int16_t)value;
    if (width == 4)
        return (int32_t)value;
    return (int64_t)value;
}

int16_t pg_get_int16(const struct pg_result *result, int row, int column)
{
    return (int16_t)read_be(fixed(result, row, column, 2), 2);
}

int32_t pg_get_int32(const struct pg_result *result, int row, int column)
{
    return (int32_t)read_be(fixed(result, row, column, 4), 4);
}

int64_t pg_get_int64(const struct pg_result *result, int row, int column)
{
    return read_be(fixed(result, row, column, 8), 8);
}

bool pg_get_bool(const struct pg_result *result, int row, int column)
{
    return *fixed(result, row, column, 1) != 0;
}

int64_t pg_get_time(const struct pg_result *result, int row, int column)
{
    return pg_get_int64(result, row, column) + PG_EPOCH_US;
}

struct uuid pg_get_uuid(const struct pg_result *result, int row, int column)
{
    struct uuid uuid;
    memcpy(uuid.bytes, fixed(result, row, column, sizeof(uuid.bytes)), sizeof(uuid.bytes));
    return uuid;
}

struct pg_array pg_get_array(const struct pg_result *result, int row, int column)
{
    if (pg_is_null(result, row, column))
        return (struct pg_array){0};
    struct slice value = pg_get_bytes(result, row, column);
    CHECK(value.len >= 12);
    int64_t dimensions = read_be(value.data, 4);
    if (dimensions == 0)
        return (struct pg_array){0};
    CHECK(dimensions == 1 && value.len >= 20);
    return (struct pg_array){value.data + 20, (int)read_be(value.data + 12, 4)};
}

struct slice pg_array_next(struct pg_array *array)
{
    CHECK(array->count > 0);
    array->count--;
    int64_t length = read_be(array->at, 4);
    array->at += 4;
    if (length < 0)
        return (struct slice){0};
    struct slice element = {array->at, (size_t)length};
    array->at += length;
    return element;
}

int64_t pg_array_next_int(struct pg_array *array)
{
    struct slice element = pg_array_next(array);
    CHECK(element.data != NULL && (element.len == 2 || element.len == 4 || element.len == 8));
    return read_be(element.data, element.len);
}

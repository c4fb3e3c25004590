/* Parameters of statements in PostgreSQL's binary format.
 * Owner: lib/io. Thread: the connection's.
 */
#include "io/pg.h"

#include <endian.h>

#include "io/pg_internal.h"

void pg_params_clear(struct pg_params *params)
{
    buf_clear(&params->bytes);
    params->count = 0;
}

void pg_params_free(struct pg_params *params)
{
    buf_free(&params->bytes);
    *params = (struct pg_params){0};
}

static void open_param(struct pg_params *params)
{
    CHECK(params->count < PG_PARAMS_MAX);
    params->params[params->count].offset = params->bytes.len;
}

static void close_param(struct pg_params *params)
{
    size_t length = params->bytes.len - params->params[params->count].offset;
    CHECK(length <= INT32_MAX);
    params->params[params->count].length = (int)length;
    params->count++;
}

void pg_param_null(struct pg_params *params)
{
    open_param(params);
    params->params[params->count++].length = -1;
}

void pg_param_int16(struct pg_params *params, int16_t value)
{
    open_param(params);
    buf_be16(&params->bytes, (uint16_t)value);
    close_param(params);
}

void pg_param_int32(struct pg_params *params, int32_t value)
{
    open_param(params);
    buf_be32(&params->bytes, (uint32_t)value);
    close_param(params);
}

void pg_param_int64(struct pg_params *params, int64_t value)
{
    open_param(params);
    buf_be64(&params->bytes, (uint64_t)value);
    close_param(params);
}

void pg_param_bytes(struct pg_params *params, struct slice value)
{
    open_param(params);
    buf_append(&params->bytes, value.data, value.len);
    close_param(params);
}

void pg_param_uuid(struct pg_params *params, const struct uuid *value)
{
    pg_param_bytes(params, (struct slice){(const char *)value->bytes, sizeof(value->bytes)});
}

void pg_param_time(struct pg_params *params, int64_t wall_us)
{
    pg_param_int64(params, wall_us - PG_EPOCH_US);
}

/* Array header: dimensions, has-null flag, element type, length, lower bound. The length is filled
 * in by pg_array_end; an empty array has no dimension at all. */
enum { ARRAY_HEADER_BYTES = 20 };

void pg_array_begin(struct pg_params *params, enum pg_type element)
{
    open_param(params);
    params->array_head = params->bytes.len;
    params->array_count = 0;
    buf_be32(&params->bytes, 1);
    buf_be32(&params->bytes, 0);
    buf_be32(&params->bytes, (uint32_t)element);
    buf_be32(&params->bytes, 0);
    buf_be32(&params->bytes, 1);
}

static void put_be32_at(struct pg_params *params, size_t offset, uint32_t value)
{
    uint32_t wire = htobe32(value);
    memcpy(params->bytes.data + offset, &wire, sizeof(wire));
}

void pg_array_null(struct pg_params *params)
{
    params->array_count++;
    put_be32_at(params, params->array_head + 4, 1);
    buf_be32(&params->bytes, UINT32_MAX);
}

void pg_array_int16(struct pg_params *params, int16_t value)
{
    params->array_count++;
    buf_be32(&params->bytes, 2);
    buf_be16(&params->bytes, (uint16_t)value);
}

void pg_array_int32(struct pg_params *params, int32_t value)
{
    params->array_count++;
    buf_be32(&params->bytes, 4);
    buf_be32(&params->bytes, (uint32_t)value);
}

void pg_array_int64(struct pg_params *params, int64_t value)
{
    params->array_count++;
    buf_be32(&params->bytes, 8);
    buf_be64(&params->bytes, (uint64_t)value);
}

void pg_array_bytes(struct pg_params *params, struct slice value)
{
    CHECK(value.len <= INT32_MAX);
    params->array_count++;
    buf_be32(&params->bytes, (uint32_t)value.len);
    buf_append(&params->bytes, value.data, value.len);
}

void pg_array_uuid(struct pg_params *params, const struct uuid *value)
{
    pg_array_bytes(params, (struct slice){(const char *)value->bytes, sizeof(value->bytes)});
}

void pg_array_time(struct pg_params *params, int64_t wall_us)
{
    pg_array_int64(params, wall_us - PG_EPOCH_US);
}

void pg_array_end(struct pg_params *params)
{
    if (params->array_count == 0) {
        put_be32_at(params, params->array_head, 0);
        params->bytes.len = params->array_head + ARRAY_HEADER_BYTES - 8;
    } else {
        put_be32_at(params, params->array_head + 12, params->array_count);
    }
    close_param(params);
}

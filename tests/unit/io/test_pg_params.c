/* Parameters in PostgreSQL's binary format, byte for byte as its documentation has them. */
#include "io/pg.h"

#include "tests/unit/test.h"

static void scalars(void **state)
{
    (void)state;
    struct pg_params params = {0};
    pg_param_int16(&params, -2);
    pg_param_int64(&params, 258);
    pg_param_bytes(&params, slice_of("ab"));
    pg_param_null(&params);
    pg_param_bytes(&params, slice_of(""));
    pg_param_time(&params, 946684800000001);
    assert_int_equal(params.count, 6);
    static const int lengths[] = {2, 8, 2, -1, 0, 8};
    for (int i = 0; i < 6; i++)
        assert_int_equal(params.params[i].length, lengths[i]);
    static const char bytes[] = "\xff\xfe"
                                "\0\0\0\0\0\0\1\2"
                                "ab"
                                "\0\0\0\0\0\0\0\1";
    assert_int_equal(params.bytes.len, sizeof(bytes) - 1);
    assert_memory_equal(params.bytes.data, bytes, sizeof(bytes) - 1);
    pg_params_clear(&params);
    assert_int_equal(params.count, 0);
    pg_params_free(&params);
}

static void arrays(void **state)
{
    (void)state;
    struct pg_params params = {0};
    pg_array_begin(&params, PG_INT4);
    pg_array_int32(&params, 7);
    pg_array_null(&params);
    pg_array_end(&params);
    pg_array_begin(&params, PG_TEXT);
    pg_array_end(&params);
    static const char bytes[] = "\0\0\0\1"         /* dimensions */
                                "\0\0\0\1"         /* has nulls */
                                "\0\0\0\x17"       /* int4 */
                                "\0\0\0\2\0\0\0\1" /* length, lower bound */
                                "\0\0\0\4\0\0\0\7"
                                "\xff\xff\xff\xff"
                                "\0\0\0\0\0\0\0\0\0\0\0\x19"; /* empty text[] */
    assert_int_equal(params.count, 2);
    assert_int_equal(params.params[1].length, 12);
    assert_int_equal(params.bytes.len, sizeof(bytes) - 1);
    assert_memory_equal(params.bytes.data, bytes, sizeof(bytes) - 1);
    pg_params_free(&params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars),
        cmocka_unit_test(arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* cmocka with the headers it wants, in the order it wants them.
 * Owner: tests. Thread: single.
 */
#ifndef CARTWRIGHT_TESTS_TEST_H
#define CARTWRIGHT_TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static inline void assert_slice(struct slice actual, const char *expected)
{
    assert_int_equal(actual.len, strlen(expected));
    assert_memory_equal(actual.data, expected, actual.len);
}

static inline void assert_buf(struct buf *actual, const char *expected)
{
    assert_string_equal(buf_cstr(actual), expected);
}

#endif

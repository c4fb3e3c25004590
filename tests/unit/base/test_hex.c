/* Every digit and every other character, both ways. */
#include "base/hex.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/test.h"

static void values_of_all_characters(void **state)
{
    (void)state;
    for (int c = 0; c <= UINT8_MAX; c++) {
        const char text[] = {(char)c, '\0'};
        int expected = isxdigit(c) ? (int)strtol(text, NULL, 16) : -1;
        assert_int_equal(hex_value((char)c), expected);
    }
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    for (unsigned value = 0; value <= UINT8_MAX; value++) {
        uint8_t bytes[] = {(uint8_t)value, (uint8_t)~value}, read[2];
        char text[5] = {0}, expected[5];
        assert_ptr_equal(hex_write(bytes, 2, text), text + 4);
        snprintf(expected, sizeof(expected), "%02x%02x", bytes[0], bytes[1]);
        assert_string_equal(text, expected);
        assert_true(hex_read(text, 2, read));
        assert_memory_equal(read, bytes, 2);
    }
}

static void reads_lower_case_only(void **state)
{
    static const char *const wrong[] = {"0A", "g0", "0g", " 0", "0x", "A0", "-1"};
    uint8_t byte;
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_false(hex_read(wrong[i], 1, &byte));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_all_characters),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(reads_lower_case_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Arrays that grow by one element at a time. */
#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>

#include "tests/unit/test.h"

static void grows_when_it_is_full(void **state)
{
    (void)state;
    uint32_t *numbers = NULL;
    size_t capacity = 0, moved = 0;
    for (uint32_t count = 0; count < 1000; count++) {
        size_t before = capacity;
        numbers = mem_grown(numbers, count, &capacity, sizeof(numbers[0]));
        assert_true(capacity > count);
        moved += capacity != before;
        numbers[count] = count;
    }
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], i);
    assert_true(moved <= 10); /* doubled, so copying stays in proportion */
    free(numbers);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_when_it_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

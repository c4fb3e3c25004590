/* The map against a plain array, over many operations; its order of use. */
#include "base/map.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/test.h"

enum { KEYS = 500, OPERATIONS = 20000 };

struct item {
    struct map_entry map;
    char key[16];
    bool in;
};

static void behaves_as_a_set(void **state)
{
    (void)state;
    static struct item items[KEYS];
    struct map map = {0};
    size_t count = 0;
    srand(7);
    for (int i = 0; i < KEYS; i++) {
        snprintf(items[i].key, sizeof(items[i].key), "key-%d", i);
        items[i].map.key = slice_of(items[i].key);
    }
    for (int i = 0; i < OPERATIONS; i++) {
        struct item *item = &items[rand() % KEYS];
        struct map_entry *found = map_find(&map, slice_of(item->key));
        assert_ptr_equal(found, item->in ? &item->map : NULL);
        if (item->in)
            map_remove(&map, &item->map);
        else
            map_insert(&map, &item->map);
        item->in = !item->in;
        count += item->in ? 1 : (size_t)-1;
        assert_int_equal(map.count, count);
    }
    map_free(&map);
}

static void keeps_the_order_of_use(void **state)
{
    (void)state;
    struct item items[3] = {{.key = "a"}, {.key = "b"}, {.key = "c"}};
    struct map map = {0};
    for (int i = 0; i < 3; i++) {
        items[i].map.key = slice_of(items[i].key);
        map_insert(&map, &items[i].map);
    }
    assert_ptr_equal(map.oldest, &items[0].map);
    map_touch(&map, &items[0].map);
    assert_ptr_equal(map.newest, &items[0].map);
    assert_ptr_equal(map.oldest, &items[1].map);
    map_remove(&map, &items[1].map);
    assert_ptr_equal(map.oldest, &items[2].map);
    map_remove(&map, &items[0].map);
    assert_ptr_equal(map.newest, &items[2].map);
    map_free(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behaves_as_a_set),
        cmocka_unit_test(keeps_the_order_of_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

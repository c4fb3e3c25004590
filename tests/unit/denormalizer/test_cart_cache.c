/* The cache stays below its bound, keeps what was used last, and forgets what is not durable. */
#include "denormalizer/cart_cache.h"

#include <stdio.h>

#include "base/memory.h"
#include "tests/unit/test.h"

static struct cached_cart *get(struct cart_cache *cache, int number)
{
    char id[16];
    snprintf(id, sizeof(id), "cart-%d", number);
    return cart_cache_get(cache, slice_of(id));
}

static bool has(const struct cart_cache *cache, int number)
{
    char id[16];
    snprintf(id, sizeof(id), "cart-%d", number);
    return cart_cache_find(cache, slice_of(id)) != NULL;
}

static void keeps_what_was_used_last(void **state)
{
    (void)state;
    struct cart_cache cache = {.bytes_max = 20 * sizeof(struct cached_cart)};
    for (int i = 0; i < 100; i++) {
        get(&cache, i);
        get(&cache, 0); /* in use all the time */
    }
    cart_cache_trim(&cache);
    assert_true(cache.bytes <= cache.bytes_max);
    assert_true(cache.map.count >= 10);
    assert_true(has(&cache, 0));
    assert_true(has(&cache, 99));
    assert_false(has(&cache, 1));
    cart_cache_free(&cache);
}

static void counts_what_a_cart_grows_to(void **state)
{
    (void)state;
    struct cart_cache cache = {.bytes_max = SIZE_MAX};
    struct cached_cart *cached = get(&cache, 1);
    size_t empty = cache.bytes;
    cached->cart.user_id = mem_strdup("somebody");
    cart_cache_mark(&cache, cached);
    cart_cache_mark(&cache, cached);
    assert_int_equal(cache.dirty_count, 1);
    cart_cache_written(&cache);
    assert_int_equal(cache.dirty_count, 0);
    assert_true(cache.bytes > empty);
    cart_cache_clear(&cache);
    assert_int_equal(cache.bytes, 0);
    cart_cache_free(&cache);
}

static void forgets_what_is_not_durable(void **state)
{
    (void)state;
    struct cart_cache cache = {.bytes_max = SIZE_MAX};
    get(&cache, 1);
    cart_cache_mark(&cache, get(&cache, 2));
    cart_cache_drop_dirty(&cache);
    assert_true(has(&cache, 1));
    assert_false(has(&cache, 2));
    cart_cache_free(&cache);
}

static void keeps_nothing_without_room(void **state)
{
    (void)state;
    struct cart_cache cache = {.bytes_max = 0};
    cart_cache_mark(&cache, get(&cache, 1));
    cart_cache_written(&cache);
    cart_cache_trim(&cache);
    assert_int_equal(cache.map.count, 0);
    cart_cache_free(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_was_used_last),
        cmocka_unit_test(counts_what_a_cart_grows_to),
        cmocka_unit_test(forgets_what_is_not_durable),
        cmocka_unit_test(keeps_nothing_without_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

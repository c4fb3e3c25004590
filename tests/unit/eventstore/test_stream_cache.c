/* The cache's bound in bytes, and that what is forgotten is forgotten. */
#include "eventstore/stream_cache.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "tests/unit/test.h"

static int live_states;

static void *create(void)
{
    live_states++;
    return mem_alloc(1);
}

static void free_state(void *state)
{
    live_states -= state != NULL;
    free(state);
}

static size_t memory(const void *state)
{
    (void)state;
    return 1000;
}

static const struct aggregate aggregate = {.create = create, .free = free_state, .memory = memory};

static struct stream_entry *get(struct stream_cache *cache, int number)
{
    char id[16];
    snprintf(id, sizeof(id), "stream-%d", number);
    return stream_cache_get(cache, slice_of(id));
}

static void keeps_the_newest_within_the_bound(void **state)
{
    (void)state;
    struct stream_cache cache = {.aggregate = &aggregate, .bytes_max = 50000};
    for (int i = 0; i < 1000; i++) {
        struct stream_entry *entry = get(&cache, i);
        assert_null(entry->state);
        entry->state = create();
        stream_cache_recount(&cache, entry);
        assert_non_null(get(&cache, 0)); /* used all the time: stays */
        stream_cache_trim(&cache);
        assert_true(cache.bytes <= cache.bytes_max);
    }
    assert_non_null(get(&cache, 0)->state);
    assert_non_null(get(&cache, 999)->state);
    assert_null(get(&cache, 500)->state);
    assert_true(live_states > 20 && live_states < 50);
    stream_cache_free(&cache);
    assert_int_equal(live_states, 0);
    assert_int_equal(cache.bytes, 0);
}

static void forgets(void **state)
{
    (void)state;
    struct stream_cache cache = {.aggregate = &aggregate, .bytes_max = 50000};
    struct stream_entry *entry = get(&cache, 1);
    entry->state = create();
    entry->position = 9;
    entry->broken = true;
    stream_cache_recount(&cache, entry);
    size_t with_state = cache.bytes;
    stream_cache_forget(&cache, entry);
    assert_ptr_equal(get(&cache, 1), entry);
    assert_null(entry->state);
    assert_int_equal(entry->position, 0);
    assert_false(entry->broken);
    assert_int_equal(cache.bytes, with_state - 1000);
    stream_cache_free(&cache);
    assert_int_equal(live_states, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_newest_within_the_bound),
        cmocka_unit_test(forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

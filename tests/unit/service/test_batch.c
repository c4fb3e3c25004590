/* What the store reads is copied: it outlives the reading. */
#include "service/batch.h"

#include "tests/unit/test.h"

static void owns_stored_events(void **state)
{
    (void)state;
    struct batch batch = {.count = 0};
    struct partition partition = {.number = 3, .epoch = 9};
    char id[] = "cart-1", type[] = "ItemAdded", payload[] = {0, 1, 2};
    struct event_record event = {
        .partition = 3,
        .position = 7,
        .stream_id = {id, 6},
        .type = {type, 9},
        .payload = {payload, 3},
    };
    for (int i = 0; i < 200; i++)
        batch_add_stored(&batch, &partition, &event);
    memset(id, 'x', sizeof(id));
    memset(payload, 'x', sizeof(payload));
    assert_int_equal(batch.count, 200);
    const struct item *item = &batch.items[150];
    assert_true(item->from_store && item->has_event && item->kind == ITEM_EVENT);
    assert_int_equal(item->epoch, 9);
    assert_slice(item->event.stream_id, "cart-1");
    assert_slice(item->event.type, "ItemAdded");
    assert_memory_equal(item->event.payload.data, "\0\1\2", 3);
    assert_int_equal(item->event.actor.len, 0);
    assert_int_equal(batch.bytes, 200 * 18);
    batch_clear(&batch);
    assert_int_equal(batch.count, 0);
    assert_int_equal(batch.bytes, 0);
    batch_free(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(owns_stored_events)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

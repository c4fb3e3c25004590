/* The queue between threads: nothing lost, order per pusher kept, full and closed refuse. */
#include "base/queue.h"

#include <stdlib.h>

#include "base/clock.h"
#include "tests/unit/test.h"

enum { PUSHERS = 4, ITEMS = 20000, CAPACITY = 100 };

struct item {
    struct queue_node node;
    int pusher, number;
};

struct pusher {
    struct queue *queue;
    int index;
    struct item *items;
};

static void *push_all(void *argument)
{
    struct pusher *pusher = argument;
    for (int i = 0; i < ITEMS; i++) {
        pusher->items[i] = (struct item){.pusher = pusher->index, .number = i};
        while (!queue_push(pusher->queue, &pusher->items[i].node))
            sched_yield();
    }
    return NULL;
}

static void loses_nothing(void **state)
{
    (void)state;
    struct queue queue;
    struct pusher pushers[PUSHERS];
    pthread_t threads[PUSHERS];
    int next[PUSHERS] = {0}, taken = 0;
    queue_init(&queue, CAPACITY);
    for (int i = 0; i < PUSHERS; i++) {
        pushers[i] = (struct pusher){&queue, i, calloc(ITEMS, sizeof(struct item))};
        pthread_create(&threads[i], NULL, push_all, &pushers[i]);
    }
    while (taken < PUSHERS * ITEMS) {
        struct queue_node *node = queue_take(&queue, 64, clock_monotonic_us() + 5000000);
        assert_non_null(node);
        int in_list = 0;
        for (; node != NULL; node = node->next) {
            struct item *item = CONTAINER_OF(node, struct item, node);
            assert_int_equal(item->number, next[item->pusher]++);
            taken++;
            in_list++;
        }
        assert_in_range(in_list, 1, 64);
    }
    for (int i = 0; i < PUSHERS; i++) {
        pthread_join(threads[i], NULL);
        free(pushers[i].items);
    }
    assert_int_equal(queue_length(&queue), 0);
    queue_destroy(&queue);
}

static void refuses_when_full_or_closed(void **state)
{
    (void)state;
    struct queue queue;
    struct item items[3] = {0};
    queue_init(&queue, 2);
    assert_true(queue_push(&queue, &items[0].node));
    assert_true(queue_push(&queue, &items[1].node));
    assert_false(queue_push(&queue, &items[2].node));
    assert_ptr_equal(queue_take(&queue, 1, 0), &items[0].node);
    queue_close(&queue);
    assert_false(queue_push(&queue, &items[2].node));
    assert_ptr_equal(queue_take(&queue, 10, INT64_MAX), &items[1].node);
    assert_null(queue_take(&queue, 10, INT64_MAX));
    queue_destroy(&queue);
}

static void wakes_without_items(void **state)
{
    (void)state;
    struct queue queue;
    queue_init(&queue, 1);
    assert_null(queue_take(&queue, 1, clock_monotonic_us() + 1000));
    queue_kick(&queue);
    assert_null(queue_take(&queue, 1, INT64_MAX));
    queue_destroy(&queue);
}

static void waits_for_a_number(void **state)
{
    (void)state;
    struct queue queue;
    struct pusher pusher = {&queue, 0, calloc(ITEMS, sizeof(struct item))};
    pthread_t thread;
    queue_init(&queue, ITEMS);
    assert_int_equal(queue_await(&queue, 5, clock_monotonic_us() + 1000), 0); /* nobody comes */
    pthread_create(&thread, NULL, push_all, &pusher);
    assert_in_range(queue_await(&queue, 100, clock_monotonic_us() + 5000000), 100, ITEMS);
    assert_int_equal(queue_await(&queue, ITEMS, clock_monotonic_us() + 5000000), ITEMS);
    pthread_join(thread, NULL);
    assert_int_equal(queue_length(&queue), ITEMS); /* none is taken */
    queue_kick(&queue);
    assert_int_equal(queue_await(&queue, ITEMS + 1, clock_monotonic_us() + 60000000), ITEMS);
    queue_close(&queue);
    assert_int_equal(queue_await(&queue, ITEMS + 1, clock_monotonic_us() + 60000000), ITEMS);
    assert_non_null(queue_take(&queue, ITEMS, 0));
    queue_destroy(&queue);
    free(pusher.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loses_nothing),
        cmocka_unit_test(waits_for_a_number),
        cmocka_unit_test(refuses_when_full_or_closed),
        cmocka_unit_test(wakes_without_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A bounded queue between threads: many push, one takes all that is there.
 * Owner: lib/base. Thread: any may push, one takes.
 */
#ifndef CARTWRIGHT_BASE_QUEUE_H
#define CARTWRIGHT_BASE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

/** Embedded in what is queued; whoever pushed gives up the item until it is taken. */
struct queue_node {
    struct queue_node *next;
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct queue_node *first, **last;
    size_t length, capacity;
    size_t wanted; /* the taker sleeps until so many are there; 0: it does not sleep */
    bool closed, kicked;
};

void queue_init(struct queue *queue, size_t capacity);
void queue_destroy(struct queue *queue);

/** Appends; false when the queue is full or closed (the caller keeps the item). */
bool queue_push(struct queue *queue, struct queue_node *node) WARN_UNUSED;

/** Takes up to max items in order as a list; waits until there is one, the queue is kicked or
 * closed, or the monotonic deadline_us passes (INT64_MAX: no deadline). NULL when nothing came. */
struct queue_node *queue_take(struct queue *queue, size_t max, int64_t deadline_us);

/** Waits until count items are there, the queue is kicked or closed, or the monotonic deadline_us
 * passes; how many there are. Takes none. */
size_t queue_await(struct queue *queue, size_t count, int64_t deadline_us);

/** Wakes the taker without an item. */
void queue_kick(struct queue *queue);

/** No more pushes; what is in the queue can still be taken. */
void queue_close(struct queue *queue);

bool queue_closed(struct queue *queue);
size_t queue_length(struct queue *queue);

#endif

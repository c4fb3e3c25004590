/* A bounded queue between threads.
 * Owner: lib/base. Thread: any may push, one takes.
 */
#include "base/queue.h"

#include <errno.h>
#include <time.h>

void queue_init(struct queue *queue, size_t capacity)
{
    pthread_condattr_t attributes;
    *queue = (struct queue){.capacity = capacity};
    queue->last = &queue->first;
    CHECK(pthread_mutex_init(&queue->lock, NULL) == 0);
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&queue->filled, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
}

void queue_destroy(struct queue *queue)
{
    CHECK(queue->first == NULL);
    pthread_cond_destroy(&queue->filled);
    pthread_mutex_destroy(&queue->lock);
}

static void wake(struct queue *queue)
{
    /* A taker that is busy looks at the queue before it sleeps: no system call for it. */
    if (queue->wanted > 0)
        pthread_cond_signal(&queue->filled);
}

bool queue_push(struct queue *queue, struct queue_node *node)
{
    pthread_mutex_lock(&queue->lock);
    bool accepted = !queue->closed && queue->length < queue->capacity;
    if (accepted) {
        node->next = NULL;
        *queue->last = node;
        queue->last = &node->next;
        queue->length++;
        if (queue->length >= queue->wanted)
            wake(queue);
    }
    pthread_mutex_unlock(&queue->lock);
    return accepted;
}

static void wait_filled(struct queue *queue, size_t count, int64_t deadline_us)
{
    struct timespec until = {.tv_sec = deadline_us / 1000000,
                             .tv_nsec = deadline_us % 1000000 * 1000};
    queue->wanted = count;
    while (queue->length < count && !queue->closed && !queue->kicked) {
        int rc = deadline_us == INT64_MAX
                     ? pthread_cond_wait(&queue->filled, &queue->lock)
                     : pthread_cond_timedwait(&queue->filled, &queue->lock, &until);
        if (rc == ETIMEDOUT)
            break;
    }
    queue->wanted = 0;
    queue->kicked = false;
}

size_t queue_await(struct queue *queue, size_t count, int64_t deadline_us)
{
    pthread_mutex_lock(&queue->lock);
    wait_filled(queue, count, deadline_us);
    size_t length = queue->length;
    pthread_mutex_unlock(&queue->lock);
    return length;
}

struct queue_node *queue_take(struct queue *queue, size_t max, int64_t deadline_us)
{
    pthread_mutex_lock(&queue->lock);
    wait_filled(queue, 1, deadline_us);
    struct queue_node *taken = queue->first;
    struct queue_node **end = &taken;
    size_t count = 0;
    while (*end != NULL && count < max) {
        end = &(*end)->next;
        count++;
    }
    queue->first = *end;
    *end = NULL;
    if (queue->first == NULL)
        queue->last = &queue->first;
    queue->length -= count;
    pthread_mutex_unlock(&queue->lock);
    return taken;
}

void queue_kick(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->kicked = true;
    wake(queue);
    pthread_mutex_unlock(&queue->lock);
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    wake(queue);
    pthread_mutex_unlock(&queue->lock);
}

bool queue_closed(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    bool closed = queue->closed;
    pthread_mutex_unlock(&queue->lock);
    return closed;
}

size_t queue_length(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    size_t length = queue->length;
    pthread_mutex_unlock(&queue->lock);
    return length;
}

/* Where Redis is, as its clients see it.
 * Owner: lib/io; private to it. Thread: any.
 */
#ifndef CARTWRIGHT_IO_REDIS_ENDPOINT_H
#define CARTWRIGHT_IO_REDIS_ENDPOINT_H

#include <pthread.h>
#include <stdbool.h>

#include "io/redis.h"

enum { REDIS_ADDRESS_SIZE = 64 };

struct redis_endpoint {
    struct redis_address name;
    pthread_mutex_t lock;
    char address[REDIS_ADDRESS_SIZE]; /* under lock; "" until it was looked up */
};

/** The address found last; false when there is none yet. */
bool redis_endpoint_address(struct redis_endpoint *endpoint, char address[REDIS_ADDRESS_SIZE]);

#endif

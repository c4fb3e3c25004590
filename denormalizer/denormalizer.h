/* The denormalizer as a service: its settings and callbacks.
 * Owner: denormalizer. Thread: the service's.
 */
#ifndef CARTWRIGHT_DENORMALIZER_DENORMALIZER_H
#define CARTWRIGHT_DENORMALIZER_DENORMALIZER_H

#include "service/service.h"

struct denormalizer_settings {
    struct service_settings common;
    char *redis_connection_string;
    int64_t cache_bytes;
};

extern const struct service denormalizer_service;

#endif

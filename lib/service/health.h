/* Readiness: named conditions that the service's thread sets and /readyz shows.
 * Owner: lib/service. Thread: any.
 */
#ifndef CARTWRIGHT_SERVICE_HEALTH_H
#define CARTWRIGHT_SERVICE_HEALTH_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/ops.h"

enum { HEALTH_CONDITIONS_MAX = 8, HEALTH_WHY_SIZE = 256 };

struct health;

struct health_condition {
    struct health *health;
    bool ok;
    char why[HEALTH_WHY_SIZE];
};

struct health {
    pthread_mutex_t lock;
    struct health_condition conditions[HEALTH_CONDITIONS_MAX];
    struct ops_check checks[HEALTH_CONDITIONS_MAX]; /* for struct ops */
    size_t count;
};

void health_init(struct health *health);
void health_destroy(struct health *health);

/** Adds a condition that does not hold yet; its index. name is kept by pointer. */
size_t health_add(struct health *health, const char *name);

/** Adds a check that judges by itself. */
void health_add_check(struct health *health, struct ops_check check);

/** True when that changed what the condition says. */
bool health_set(struct health *health, size_t index, bool ok, const char *why);

/** Whether all conditions hold. */
bool health_good(struct health *health);

#endif

/* Readiness: named conditions that the service's thread sets and /readyz shows.
 * Owner: lib/service. Thread: any.
 */
#include "service/health.h"

#include <stdio.h>
#include <string.h>

void health_init(struct health *health)
{
    *health = (struct health){0};
    CHECK(pthread_mutex_init(&health->lock, NULL) == 0);
}

void health_destroy(struct health *health)
{
    pthread_mutex_destroy(&health->lock);
}

static bool ready(void *arg, char *why, size_t size)
{
    struct health_condition *condition = arg;
    pthread_mutex_lock(&condition->health->lock);
    bool ok = condition->ok;
    if (!ok)
        snprintf(why, size, "%s", condition->why);
    pthread_mutex_unlock(&condition->health->lock);
    return ok;
}

size_t health_add(struct health *health, const char *name)
{
    CHECK(health->count < HEALTH_CONDITIONS_MAX);
    size_t index = health->count++;
    struct health_condition *condition = &health->conditions[index];
    condition->health = health;
    snprintf(condition->why, sizeof(condition->why), "starting");
    health->checks[index] = (struct ops_check){name, ready, condition};
    return index;
}

void health_add_check(struct health *health, struct ops_check check)
{
    CHECK(health->count < HEALTH_CONDITIONS_MAX);
    health->checks[health->count++] = check;
}

bool health_set(struct health *health, size_t index, bool ok, const char *why)
{
    CHECK(index < health->count);
    struct health_condition *condition = &health->conditions[index];
    pthread_mutex_lock(&health->lock);
    bool changed = condition->ok != ok;
    condition->ok = ok;
    snprintf(condition->why, sizeof(condition->why), "%s", ok || why == NULL ? "" : why);
    pthread_mutex_unlock(&health->lock);
    return changed;
}

bool health_good(struct health *health)
{
    bool good = true;
    pthread_mutex_lock(&health->lock);
    for (size_t i = 0; i < health->count; i++)
        good = good && (health->checks[i].ready != ready || health->conditions[i].ok);
    pthread_mutex_unlock(&health->lock);
    return good;
}

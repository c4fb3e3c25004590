/* The relay's leases: which partitions are ours, and until when.
 * Owner: lib/eventstore. Thread: the relay's.
 *
 * A lease is believed for its time-to-live counted from before the claim was sent, by the monotonic
 * clock: the server, which counts from later, gives it to somebody else no earlier. Two leaders at
 * once do not break the order in the topic, they only repeat: each publishes without gaps from a
 * position that was in the topic.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "eventstore/relay_internal.h"

enum { RENEWALS_PER_TTL = 3, CURSOR_MS = 1000 };

static void follow(struct relay *relay, int partition)
{
    struct relay_partition *p = &relay->partitions[partition];
    p->state = RELAY_FOLLOWING;
    atomic_store(&p->led, false);
    /* Whoever leads it now sees the same and says so. */
    atomic_store(&p->alarm, RELAY_NO_ALARM);
}

static void lose(struct relay *relay, const char *why)
{
    relay_start_over(relay, why);
    for (int i = 0; i < relay->category->partitions; i++)
        follow(relay, i);
    relay->leading = false;
}

static void gain(struct relay *relay, const struct lease *lease)
{
    struct relay_partition *p = &relay->partitions[lease->partition];
    p->state = RELAY_RESUMING;
    p->epoch = lease->epoch;
    p->cursor = lease->position;
    p->sent = p->delivered = lease->position; /* until the tail is known, for the lag */
    p->in_tail = false;
    atomic_store(&p->led, true);
}

static const struct lease *find_lease(const struct lease *leases, size_t count, int partition)
{
    for (size_t i = 0; i < count; i++) {
        if (leases[i].partition == partition)
            return &leases[i];
    }
    return NULL;
}

/* Whether a partition that was ours is not any more, or was somebody else's in between. */
static bool lost_any(const struct relay *relay, const struct lease *leases, size_t count)
{
    for (int i = 0; i < relay->category->partitions; i++) {
        const struct relay_partition *p = &relay->partitions[i];
        const struct lease *lease = find_lease(leases, count, i);
        if (p->state != RELAY_FOLLOWING && (lease == NULL || lease->epoch != p->epoch))
            return true;
    }
    return false;
}

static void take(struct relay *relay, const struct lease *leases, size_t count)
{
    int gained = 0;
    if (lost_any(relay, leases, count))
        lose(relay, "a lease was lost");
    for (size_t i = 0; i < count; i++) {
        CHECK(leases[i].partition >= 0 && leases[i].partition < relay->category->partitions);
        if (relay->partitions[leases[i].partition].state != RELAY_FOLLOWING)
            continue;
        gain(relay, &leases[i]);
        gained++;
    }
    relay->leading = count > 0;
    if (gained > 0)
        log_info("relay leads partitions", LOG_TEXT("category", relay->category->name),
                 LOG_INT("gained", gained), LOG_INT("leads", (int64_t)count));
}

static void claim(struct relay *relay)
{
    struct lease *leases = mem_calloc((size_t)relay->category->partitions, sizeof(*leases));
    size_t count;
    struct error err;
    int64_t before_us = clock_monotonic_us();
    if (lease_claim(relay->pg, relay->category, &relay->owner, relay->lease_ttl_ms,
                    relay->statement_ms, &err, leases, &count) == 0) {
        take(relay, leases, count);
        relay->lease_until_us = before_us + (int64_t)relay->lease_ttl_ms * 1000;
        relay->lease_due_us = before_us + (int64_t)relay->lease_ttl_ms * 1000 / RENEWALS_PER_TTL;
        relay->pg_failures = 0;
        if (relay->store_trouble)
            log_info("relay reached the store again", LOG_TEXT("category", relay->category->name));
        relay->store_trouble = false;
    } else {
        relay_store_failed(relay, &err);
    }
    free(leases);
}

static void connect_store(struct relay *relay)
{
    struct error err;
    if (clock_monotonic_us() < relay->pg_retry_us)
        return;
    if (pg_open(&relay->pg_options, &err, &relay->pg) == 0) {
        relay->lease_due_us = 0;
        return;
    }
    relay->pg = NULL;
    relay_store_failed(relay, &err);
}

void relay_lead(struct relay *relay)
{
    if (relay->pg == NULL)
        connect_store(relay);
    if (relay->pg != NULL && clock_monotonic_us() >= relay->lease_due_us &&
        clock_monotonic_us() >= relay->pg_retry_us)
        claim(relay);
    if (relay->leading && clock_monotonic_us() >= relay->lease_until_us)
        lose(relay, "the leases could not be renewed in time");
}

void relay_store_cursor(struct relay *relay)
{
    struct lease *leases = mem_calloc((size_t)relay->category->partitions, sizeof(*leases));
    size_t count = 0;
    struct error err;
    for (int i = 0; i < relay->category->partitions; i++) {
        const struct relay_partition *p = &relay->partitions[i];
        if (p->state == RELAY_PUBLISHING && p->delivered != p->cursor)
            leases[count++] = (struct lease){i, p->epoch, p->delivered};
    }
    if (count > 0 && relay->pg != NULL) {
        if (lease_advance(relay->pg, relay->category, &relay->owner, leases, count,
                          relay->statement_ms, &err) != 0)
            relay_store_failed(relay, &err);
        for (size_t i = 0; i < count && relay->pg != NULL; i++)
            relay->partitions[leases[i].partition].cursor = leases[i].position;
    }
    relay->cursor_due_us = clock_monotonic_us() + (int64_t)CURSOR_MS * 1000;
    free(leases);
}

/* Facts of a service: events of its own category, appended in the transaction of what they tell.
 * Owner: lib/service. Thread: one at a time; each thread that appends has its own.
 *
 * facts_add as often as needed -> inside of a transaction: facts_append -> after the commit:
 * facts_offer, else facts_clear.
 */
#ifndef CARTWRIGHT_SERVICE_FACTS_H
#define CARTWRIGHT_SERVICE_FACTS_H

#include "base/error.h"
#include "base/map.h"
#include "eventstore/append.h"
#include "eventstore/relay.h"

struct fact {
    struct slice stream_id;
    int32_t version; /* the event's; its stream must be at version - 1 when it is appended */
    struct uuid event_id;
    const char *type; /* static */
    struct slice payload, actor;
    struct uuid correlation_id, causation_id;
    uint8_t trace_flags;
    int64_t recorded_at_us; /* not before the stream's last event */
};

/** Zero-initialise but for category. */
struct facts {
    const struct category *category;
    struct append_batch batch;
    struct map streams;            /* of this batch, by id */
    struct append_session session; /* of no connection: a refusal would end the transaction */
};

enum { FACTS_STALE = 1 };

/** All texts are copied. Several facts of one stream come in the order of their versions. */
void facts_add(struct facts *facts, const struct fact *fact);

/** Inside of a transaction, as its last statement: from here to the commit the partitions are
 * locked. 0, also when there is nothing to append; FACTS_STALE when a stream has another version,
 * or has this very event (the caller rolls back and looks again); -1 as pg_run. */
int facts_append(struct facts *facts, struct pg *pg, int timeout_ms, struct error *err) WARN_UNUSED;

/** After the commit: tells the relay (NULL: it looks by itself), and forgets them. */
void facts_offer(struct facts *facts, struct relay *relay);

/** Forgets what was added. */
void facts_clear(struct facts *facts);
void facts_free(struct facts *facts);

#endif

/* Verdicts: waiting checkouts that are complete are judged, and the facts appended, in one
 * transaction. Any process may judge any checkout; each gets one verdict.
 * Owner: fraud. Thread: the service's.
 */
#ifndef CARTWRIGHT_FRAUD_COURT_H
#define CARTWRIGHT_FRAUD_COURT_H

#include "fraud/evidence.h"
#include "proto/cart_codec.h"
#include "service/facts.h"

enum { COURT_DOCKET_MAX = 50 };

/** What became of a checkout, for the log. */
struct court_case {
    char cart_id[CART_ID_MAX + 1];
    enum fraud_event_type verdict;
    int32_t score;
    char rule[FRAUD_RULE_MAX + 1]; /* the first that spoke; "" for none */
    bool incomplete;               /* judged by what was there, because it had waited too long */
};

/** Zero-initialise but for facts.category. */
struct court {
    const struct rules *rules; /* the caller's */
    struct facts facts;
    struct uuid_source ids;
    struct judge judge;
    struct cart_decoded decoded;
    struct sightings sightings;
    struct evidence evidence;
    struct buf payload;
    struct pg_params params;
    struct court_case cases[COURT_DOCKET_MAX];
    size_t case_count; /* of the last session */
    bool full;         /* there may be more */
};

/** Which checkouts can be judged. */
struct court_call {
    int64_t complete_us; /* of the watermark: those noted before, */
    int64_t lateness_us; /* and checked out so much before it; */
    int64_t patience_ms; /* and those that have waited longer than that */
};

/** Judges them. 0, and cases tells what was decided; FACTS_STALE: somebody else did at the same
 * time; -1 with err. */
int court_sit(struct court *court, struct pg *pg, const struct court_call *call, int timeout_ms,
              struct error *err) WARN_UNUSED;

void court_free(struct court *court);

#endif

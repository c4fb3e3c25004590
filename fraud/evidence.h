/* What is known about the keys of one checkout: bundles, and the events of its own cart.
 *
 * A rule whose key names the cart, and whose events are the cart's, needs no bundles: its window is
 * made of the cart's stream when the verdict is given, as a backtest makes it.
 * Owner: fraud. Thread: the service's.
 */
#ifndef CARTWRIGHT_FRAUD_EVIDENCE_H
#define CARTWRIGHT_FRAUD_EVIDENCE_H

#include "fraud/replay.h"
#include "io/pg.h"
#include "proto/cart_codec.h"

/** Zero-initialise. */
struct evidence {
    struct window window;
    struct replay own; /* the cart's events up to the checkout */
    struct cart_decoded decoded;
    struct sightings sightings;
    struct pg_params params;
};

/** Answers all that the judge asks. 0, or -1 as pg_run. */
int evidence_weigh(struct evidence *evidence, struct pg *pg, struct judge *judge, int timeout_ms,
                   struct error *err) WARN_UNUSED;

void evidence_free(struct evidence *evidence);

#endif

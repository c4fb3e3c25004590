/* The state of the service, as its callbacks and its calls see it.
 * Owner: fraud. Thread: the service's; calls (other threads) use runtime and effect only.
 */
#ifndef CARTWRIGHT_FRAUD_STATE_H
#define CARTWRIGHT_FRAUD_STATE_H

#include "fraud/checkouts.h"
#include "fraud/court.h"
#include "fraud/fraud.h"
#include "fraud/marks.h"
#include "fraud/observer.h"
#include "fraud/watermark.h"
#include "proto/payment_codec.h"

#define FRAUD_MAGIC 0x66726175u

enum fraud_counter {
    FRAUD_VERDICTS,
    FRAUD_INCOMPLETE,
    FRAUD_WAITING,
    FRAUD_OBSERVATIONS,
    FRAUD_SWEPT,
    FRAUD_RULES,
    FRAUD_COUNTERS,
};

struct fraud {
    uint32_t magic;
    struct service_runtime *runtime;
    struct effect *effect;
    struct rules rules;
    int64_t lateness_us, patience_ms;
    struct cart_decoded decoded;
    struct payment_decoded payment;
    struct sightings sightings;
    struct observer observer;
    struct checkouts checkouts;
    struct marks marks;
    const struct service_position *positions; /* of the flush under way */
    size_t position_count;
    struct watermark watermark;
    struct court court;
    int64_t look_us, sweep_us; /* monotonic: when the store is asked anew */
    bool waiting;              /* there may be checkouts to judge */
    struct metric *metrics[FRAUD_COUNTERS];
};

struct fraud *fraud_of_state(void *state);

/** What is to be done between batches: verdicts, and the sweep. */
enum service_outcome fraud_tick(void *state, int *ret_again_ms);

/** The calls of service/call.h, with the state as their context. */
enum { FRAUD_ROUTES = 4 };
extern const struct http_route fraud_routes[FRAUD_ROUTES];

/** fraud --backtest FILE [--since TIME] [--until TIME]; its exit code. */
int backtest_run(const void *settings, int argc, char **argv);

#endif

/* What cart-api counts.
 * Owner: cart-api. Thread: any.
 */
#ifndef CARTWRIGHT_CART_API_COUNTERS_H
#define CARTWRIGHT_CART_API_COUNTERS_H

#include "base/metrics.h"

enum command_result {
    RESULT_APPENDED,
    RESULT_UNCHANGED,
    RESULT_REFUSED,
    RESULT_REPLAYED,
    RESULT_KEY_REUSED,
    RESULT_OVERLOADED,
    RESULT_UNAVAILABLE,
    RESULT_UNKNOWN,
    RESULT_CONTENDED,
    RESULT_BROKEN,
    RESULT_COUNT
};

enum view_offered { OFFERED_WRITTEN, OFFERED_KNOWN, OFFERED_FAILED, OFFERED_COUNT };

enum view_source { SOURCE_REDIS, SOURCE_POSTGRESQL, SOURCE_COUNT };

struct api_counters {
    struct metric *idle_carts;       /* by enum idle_kind: carts told to be idle */
    struct metric *commands;         /* by enum command_result */
    struct metric *command_duration; /* from the parsed request to its answer */
    struct metric *view_reads;       /* by enum view_source */
    struct metric *view_offers;      /* by enum view_offered: folded views for Redis */
    struct metric *view_waits;       /* re-reads of a view that was behind minVersion */
    struct metric *folds_refused;    /* reads refused because the readers' queue was full */
    struct metric *answers_swept;
    struct metric *live_listeners; /* gauge */
    struct metric *live_connected; /* gauge: 1 while subscribed to Redis */
    struct metric *live_messages;  /* from Redis */
    struct metric *live_pushed;    /* views sent to listeners */
    struct metric *live_refused;
    struct metric *live_ended; /* by enum http_stream_end */
};

void api_counters_add(struct metrics *metrics, struct api_counters *counters);

#endif

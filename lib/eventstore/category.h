/* A category of streams: one table family, one topic, its statements.
 * Owner: lib/eventstore. Thread: any; const.
 */
#ifndef CARTWRIGHT_EVENTSTORE_CATEGORY_H
#define CARTWRIGHT_EVENTSTORE_CATEGORY_H

#include "io/pg.h"

struct category_statements {
    struct pg_statement append, append_direct, append_direct_keyed, server_start;
    struct pg_statement heads, stream_forwards, stream_backwards, stream_version, partition;
    struct pg_statement stream_ids, snapshot, snapshots, fold_events, snapshot_save;
    struct pg_statement answers_sweep;
    struct pg_statement lease_claim, lease_advance, lease_release;
};

struct category {
    const char *name;  /* "cart": tables cart_events, cart_answers, … */
    const char *topic; /* "cart.events" */
    const char *dead_letter_topic;
    const char *package; /* "cartwright.cart.v1": ce_type is package.type */
    const char *source;  /* ce_source, "/cartwright/cart" */
    int partitions;      /* fixed when the store is created */
    const struct category_statements *statements;
};

extern const struct category category_cart;
extern const struct category category_payment; /* stream id: payment id; written by billing */
extern const struct category category_fraud;   /* stream id: cart id; written by fraud */

enum { CATEGORY_COUNT = 3 };
/** All of them, for whoever makes topics. */
extern const struct category *const categories_all[CATEGORY_COUNT];

#endif

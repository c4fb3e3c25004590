/* News between processes: NOTIFY for who commits what another one publishes, LISTEN for who
 * publishes. Owner: lib/eventstore; private to the relay. Thread: any may ask; runs one of its own.
 *
 * Never inside an append (it would serialise all commits), and never more than once per interval.
 */
#ifndef CARTWRIGHT_EVENTSTORE_RELAY_WAKE_H
#define CARTWRIGHT_EVENTSTORE_RELAY_WAKE_H

#include "base/error.h"
#include "eventstore/category.h"

struct relay_wake;

struct wake_options {
    const struct category *category;
    struct pg_options pg; /* its texts must outlive the wake */
    /* Another process has news. On the wake's thread. */
    void (*heard)(void *context);
    void *context;
};

int wake_start(const struct wake_options *options, struct error *err,
               struct relay_wake **ret_wake) WARN_UNUSED;

/** Tells the other processes that there are events, soon. Never blocks. */
void wake_others(struct relay_wake *wake);

/** Sends what was asked for, joins, frees. */
void wake_stop(struct relay_wake *wake);

#endif

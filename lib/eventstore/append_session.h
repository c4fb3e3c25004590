/* What a connection has seen of the store: what may be built on without asking.
 * docs/decisions/0022. Owner: lib/eventstore; a lane, or a service's facts. Thread: the
 * connection's.
 */
#ifndef CARTWRIGHT_EVENTSTORE_APPEND_SESSION_H
#define CARTWRIGHT_EVENTSTORE_APPEND_SESSION_H

#include "eventstore/category.h"

/** What a connection has seen of the store. A batch that builds on nothing else needs not be
 * verified before it is inserted. */
struct append_session {
    int64_t *known_positions; /* per partition: one that it has reached, 0: none known; append_run
                               * raises them */
    uint64_t number; /* 1, 2, 3 ...: what was seen in an earlier one is not known any more; 0: none
                        yet */
    int64_t server_us; /* when the server was started; 0: everything is verified */
    int verify_left;   /* so many batches are verified: somebody else appends too */
};

void append_session_init(struct append_session *session, const struct category *category);
void append_session_free(struct append_session *session);
/** With each new connection: forgets what was seen. -1 as pg_run; then everything is verified. */
int append_session_begin(struct append_session *session, struct pg *pg,
                         const struct category *category, int timeout_ms,
                         struct error *err) WARN_UNUSED;

#endif

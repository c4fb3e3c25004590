/* What a connection has seen of the store.
 * Owner: lib/eventstore. Thread: the connection's.
 */
#include "eventstore/append_session.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void append_session_init(struct append_session *session, const struct category *category)
{
    *session = (struct append_session){
        .known_positions = mem_calloc((size_t)category->partitions, sizeof(int64_t)),
    };
}

void append_session_free(struct append_session *session)
{
    free(session->known_positions);
    *session = (struct append_session){0};
}

int append_session_begin(struct append_session *session, struct pg *pg,
                         const struct category *category, int timeout_ms, struct error *err)
{
    struct pg_result *result;
    session->number++;
    session->server_us = 0;
    memset(session->known_positions, 0,
           (size_t)category->partitions * sizeof(session->known_positions[0]));
    if (pg_run(pg, &category->statements->server_start, NULL, timeout_ms, err, &result) != 0)
        return -1;
    session->server_us = pg_get_time(result, 0, 0);
    pg_result_free(result);
    return 0;
}

/* What the files of the server share: worker, connection, request. Not for other folders.
 * Owner: lib/http. Thread: all of it belongs to one worker's thread but what is marked.
 */
#ifndef CARTWRIGHT_HTTP_INTERNAL_H
#define CARTWRIGHT_HTTP_INTERNAL_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include <h2o.h>

#include "base/uuid.h"
#include "http/auth.h"
#include "http/framing.h"
#include "http/http.h"
#include "http/problem.h"
#include "http/route.h"

enum { HTTP_TIMER_CLASSES = 12 };

/** A doubly linked list in order of insertion. */
struct http_link {
    struct http_link *newer, *older;
};
struct http_list {
    struct http_link anchor; /* newer: the oldest; older: the newest */
};

static inline void http_list_init(struct http_list *list)
{
    list->anchor.newer = list->anchor.older = &list->anchor;
}

static inline void http_list_append(struct http_list *list, struct http_link *link)
{
    link->older = list->anchor.older;
    link->newer = &list->anchor;
    link->older->newer = link;
    list->anchor.older = link;
}

static inline void http_list_remove(struct http_link *link)
{
    /* The analyzer does not follow that removing the oldest makes another one the oldest.
     * NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    link->older->newer = link->newer;
    link->newer->older = link->older;
    link->newer = link->older = NULL;
}

/** The oldest, or NULL. */
static inline struct http_link *http_list_oldest(const struct http_list *list)
{
    /* The analyzer does not follow that removing an entry changes the anchor.
     * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    return list->anchor.newer != &list->anchor ? list->anchor.newer : NULL;
}

/* ---- server: read-only after start but for the atomics */

struct http_metrics; /* counters.c */
struct http_limits;  /* limits.c */

struct http_server {
    struct http_options options;
    char address[64];
    int port;
    struct route_table *routes;
    struct http_metrics *counters;
    struct http_limits *limits; /* NULL: none */
    h2o_globalconf_t config;
    atomic_int connections; /* all workers' */
    atomic_bool stopping;
    sem_t started; /* posted by each worker */
    struct http_worker **workers;
};

/* ---- worker */

struct http_worker {
    struct http_server *server;
    pthread_t thread;
    int index;
    int listen_fd; /* until the thread took it over */

    h2o_loop_t *loop;
    h2o_context_t context;
    h2o_accept_ctx_t accept;
    h2o_socket_t *listener; /* NULL once draining */
    h2o_socket_t *wake_socket;
    int64_t now_us; /* monotonic, when this turn's events were done; older inside of callbacks */

    struct http_list idle;     /* connections without request, longest without progress first */
    struct http_list busy;     /* connections with a request at a handler */
    struct http_list answered; /* connections to be given back their head limit */
    h2o_socket_cb parse;       /* libh2o's read callback of a connection */
    struct http_list open;     /* requests that were not answered at once, oldest first */
    struct http_list lingers;  /* closed connections that are still read from */
    struct http_list streams;  /* connections that an answer has taken over */
    struct http_list touched;  /* streams that have something to do at the turn's end */
    struct http_list timers[HTTP_TIMER_CLASSES];

    int connections;
    bool listener_paused, draining;
    int64_t drain_deadline_us, idle_deadline_us;

    void (*after_turn)(void *);
    void *after_turn_arg;
    void *local;
    struct uuid_source random;
    struct buf scratch;

    /* any thread, under lock */
    pthread_mutex_t lock;
    struct queue_node *inbox, **inbox_last;
    int wake_fd;
    bool closed; /* the thread is gone: deferreds complete where they are posted */

    atomic_int references; /* any thread: the server's and one per open deferred */
};

void *http_worker_main(void *worker); /* worker.c */
void http_worker_unreference(struct http_worker *worker, int count);

/* ---- connection: from accept to close, also while only its linger is left */

struct http_connection {
    struct http_link link; /* in worker->idle or ->busy */
    struct http_worker *worker;
    struct http_link answered; /* in worker->answered, when newer is not NULL */
    h2o_socket_t *socket;
    bool parked;  /* see http_connection_park */
    struct ip ip; /* the peer's */
    int64_t idle_since_us;
    int linger_fd; /* a duplicate that outlives the socket, or -1 */
};

struct http_connection *http_connection_of(h2o_req_t *req);
/** Accepts what is waiting, at most so many (connection.c). */
void http_accept_pending(struct http_worker *worker, int limit);
void http_on_listener(h2o_socket_t *listener, const char *err);
void http_connection_busy(struct http_connection *connection);
void http_connection_idle(struct http_connection *connection, int64_t now_us);
/** While a request waits for its answer: stays registered for reading without reading, which saves
 * two system calls per request. */
void http_connection_park(struct http_connection *connection);
void http_connection_unpark(struct http_connection *connection);
/** Keeps the socket's duplicate so that closing does not reset what the client has not read yet. */
void http_connection_linger(struct http_connection *connection);
void http_connections_expire(struct http_worker *worker);
/** Makes all connections without pending input see end of file. */
void http_connections_end_idle(struct http_worker *worker);
void http_connections_abort(struct http_worker *worker);
void http_lingers_end(struct http_worker *worker);

/* head_limit.c: for a new connection, for one that was answered, at the end of a turn */
void http_head_limit_first(struct http_connection *connection);
void http_head_limit_next(struct http_connection *connection);
void http_head_limit_run(struct http_worker *worker);

/* ---- request */

enum { HTTP_REQUEST_MAGIC = 0x68747471 };

struct http_request {
    unsigned magic;
    h2o_req_t *req; /* NULL once answered */
    struct http_worker *worker;
    struct http_connection *connection;
    struct http_link link; /* in worker->open, when newer is not NULL */
    int64_t started_us, deadline_us;
    struct framing_head head;
    struct route_match match;
    struct http_deferred *deferred;
    const struct auth_identity *identity; /* NULL until admitted */
    bool traced;
    struct http_trace trace;
};

int http_on_request(h2o_handler_t *self, h2o_req_t *req); /* dispatch.c */
/** Who asks, and whether the route is for them; false: answered (auth.c). */
bool http_admit(struct http_request *request);
void http_requests_expire(struct http_worker *worker);
void http_requests_abort(struct http_worker *worker);
/** Replaces the bodies of libh2o's own refusals by problems (refusal.c). */
void http_register_refusals(h2o_hostconf_t *host);

/** The request is answered with this status by somebody who takes its connection over (answer.c).
 */
void http_answer_taken_over(struct http_request *request, int status);

/* stream.c: at the end of a turn, and when the drain begins */
void http_streams_run(struct http_worker *worker);
void http_streams_stop(struct http_worker *worker);

/* ---- limits.c */

struct http_limits *http_limits_new(const struct http_options *options);
void http_limits_free(struct http_limits *limits);
/** One request more of its address, of its caller; false: answered with 429. */
bool http_limit_address(struct http_request *request);
bool http_limit_principal(struct http_request *request);
/** One connection more from there, where there is a limit; false: too many, and not counted. */
bool http_limit_connect(struct http_server *server, const struct ip *ip);
void http_limit_disconnect(struct http_server *server, const struct ip *ip);

/* ---- deferred.c, timer.c, counters.c */

void http_inbox_init(struct http_worker *worker);
void http_inbox_run(struct http_worker *worker);
void http_inbox_close(struct http_worker *worker);
void http_inbox_wake(struct http_worker *worker);
void http_deferred_detach(struct http_request *request);

void http_timers_init(struct http_worker *worker);
void http_timers_run(struct http_worker *worker);
/** When the earliest timer is due, INT64_MAX when none is set. */
int64_t http_timers_due_us(const struct http_worker *worker);
void http_timers_free(struct http_worker *worker);

struct http_metrics *http_metrics_new(struct metrics *metrics, const struct route_table *routes);
void http_metrics_free(struct http_metrics *counters);
void http_metrics_connection(struct http_metrics *counters, int delta);
/** route: its number, or route_count() for what fits none. */
void http_metrics_request(struct http_metrics *counters, unsigned route, int status,
                          int64_t duration_us);

#endif

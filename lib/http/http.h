/* The HTTP server's skeleton over libh2o: routes, requests, answers. HTTP/1.1 only.
 * Owner: lib/http. Thread: each worker is one thread with one event loop; a struct http_request
 * belongs to its worker's thread, all other threads answer through http_post().
 */
#ifndef CARTWRIGHT_HTTP_HTTP_H
#define CARTWRIGHT_HTTP_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/ip.h"
#include "base/metrics.h"
#include "base/queue.h"

struct http_server;
struct http_worker;
struct http_request;
struct ops;
struct auth;
struct limit_settings;

/** Who may call a route; judged before its handler is called (http/auth.h). Without keys
 * configured everybody who reaches the daemon may do everything. */
enum http_access {
    HTTP_PRIVATE,  /* a user or a guest; whose the thing is, is for the handler to say */
    HTTP_OPTIONAL, /* also without a credential; a bad one is refused */
    HTTP_PUBLIC,   /* everybody; a credential is not looked at */
    HTTP_PROBE,    /* as public, and without limits: for the supervisor's questions */
    HTTP_SUPPORT,  /* a user with the role support */
    HTTP_ADMIN,    /* a user with the role admin */
};

/** A route: method and a pattern of fixed segments and {parameters}, e.g.
 * "/api/cart/{cartId}/items". Tables of these are const and also hold the metric label. Where two
 * patterns fit a path, the one with the earlier fixed segment wins. OPTIONS and 405 are answered by
 * the skeleton. */
struct http_route {
    const char *method; /* GET, POST, PUT, DELETE; HEAD is answered by GET without the body */
    const char *pattern;
    const char *name; /* metric label, e.g. "add_items" */
    void (*handle)(struct http_request *request, void *context);
    enum http_access access;
};

struct http_options {
    const char *address; /* IPv4 or IPv6 literal */
    int port;            /* 0: a free one, see http_server_port */
    bool share_port;     /* several processes may listen there at once: for a rolling restart */
    int workers;
    int max_connections;    /* of the server; beyond it accept waits */
    int request_timeout_ms; /* a request without answer by then gets 503 deadline_exceeded */
    int idle_timeout_ms; /* of a keep-alive connection, and of a head, body or answer that trickles
                          */
    size_t max_body_bytes; /* 413 beyond */
    int drain_timeout_ms;  /* http_server_stop waits that long for requests under way */
    const struct http_route *routes;
    size_t route_count;
    void *context;           /* handed to each handler; outlives the server */
    struct metrics *metrics; /* or NULL; request counters and durations by route are added; must not
                              * be rendered after http_server_stop */
    const struct limit_settings *limits; /* or NULL: none; http/limits.h */
    struct auth *auth;                   /* or NULL: no keys are configured; outlives the server */
    const struct ip_ranges *trusted_proxies; /* whose X-Forwarded-For is believed; NULL: nobody's */
    const struct ops *ops; /* or NULL; adds /healthz, /readyz, /metrics (http/ops.h) */
    /* Both or none may be NULL. On the worker's thread: before its first request (http_server_start
     * returns after all of them), and at stop after its last request. */
    void (*on_worker_start)(struct http_worker *worker, void *context);
    void (*on_worker_stop)(struct http_worker *worker, void *context);
};

/** Binds, starts the workers' threads. The server owns its threads and sockets. Each worker's
 * listener has SO_REUSEPORT; unless share_port is set, a port that anybody else listens on is
 * refused all the same. 0, or -1 with err (e.g. address in use: says which). */
int http_server_start(const struct http_options *options, struct error *err,
                      struct http_server **ret_server) WARN_UNUSED;

/** Graceful: stops accepting (takes what is in the accept backlog first), answers what is under way
 * with Connection: close, waits at most drain_timeout_ms, joins the threads, frees. NULL is fine.
 */
void http_server_stop(struct http_server *server);

int http_server_port(const struct http_server *server);
int http_server_worker_count(const struct http_server *server);
struct http_worker *http_server_worker(struct http_server *server, int index);

/* ---- request: valid from handle() until it is answered; never after */

struct http_worker *http_request_worker(struct http_request *request);
/** The value of the pattern's {name}, percent-decoded, valid UTF-8; the name must be in the
 * pattern. */
struct slice http_param(const struct http_request *request, const char *name);
/** The value of a query parameter, decoded; false when absent. A parameter given twice counts as
 * malformed: ask http_query_valid first, which wants every name to be in names. */
bool http_query(struct http_request *request, const char *name, struct slice *ret_value);
/** False when the query has a name not in names (NULL-terminated), a name twice or bad escapes;
 * *ret_bad is then that name. */
bool http_query_valid(struct http_request *request, const char *const *names,
                      struct slice *ret_bad);
/** A header by lower-case name; false when absent. Several with one name: the first. host and
 * upgrade can be asked, content-length, transfer-encoding and expect cannot. */
bool http_header(const struct http_request *request, const char *name, struct slice *ret_value);
/** How many headers have this lower-case name. */
int http_header_count(const struct http_request *request, const char *name);
/** Whether there is one content-type and it is application/json, without parameters or with
 * charset=utf-8. If not, the answer to a body is problem_unsupported_media_type. */
bool http_content_is_json(const struct http_request *request);
/** The client's address: the connection's, or the one before the trusted proxies; false when there
 * is none. */
bool http_client_address(const struct http_request *request, struct ip *ret_ip);
struct slice http_body(const struct http_request *request);
struct slice http_path(const struct http_request *request); /* without query, as sent: `instance` */
struct slice http_method(const struct http_request *request);

/** W3C trace context of this request: taken from a valid traceparent header or made. trace_id and
 * span_id (ours, new) are raw bytes. Source: https://www.w3.org/TR/trace-context/ */
struct http_trace {
    uint8_t trace_id[16];
    uint8_t span_id[8];
    uint8_t flags;
};
const struct http_trace *http_trace_of(struct http_request *request);

/** Memory that lives until the request is answered. */
void *http_alloc(struct http_request *request, size_t size);

/* ---- answering on the worker's thread, at once or later; exactly once */

/** Adds a header to the coming answer; name must be a lower-case literal, value is copied. */
void http_add_header(struct http_request *request, const char *name, struct slice value);
/** Sends status and body (copied); content_type is a literal, NULL for no body (204, 304). */
void http_answer(struct http_request *request, int status, const char *content_type,
                 struct slice body);

/* ---- answering from another thread */

/** A handle on a request that may be gone (client closed, deadline passed) when the answer comes.
 * Created on the worker's thread, posted by any thread, its callback runs on the worker's thread.
 */
struct http_deferred {
    struct queue_node node; /* in the worker's inbox */
    struct http_worker *worker;
    struct http_request *request; /* NULL once the request is gone */
    void (*complete)(
        struct http_deferred
            *deferred); /* on the worker's thread; must free the memory
                         * around; answers when deferred->request is not NULL. After the drain
                         * time is over: on the posting thread, with request NULL */
};

/** Ties deferred (embedded in the caller's struct) to request. At most one open per request;
 * complete may defer the request again. */
void http_defer(struct http_request *request, struct http_deferred *deferred,
                void (*complete)(struct http_deferred *));
/** The same for a call that belongs to no request: request is NULL when complete is called. Any
 * thread that knows that the worker's on_worker_stop has not returned yet. */
void http_task_init(struct http_worker *worker, struct http_deferred *task,
                    void (*complete)(struct http_deferred *));
/** Any thread: hands a list of deferreds (linked by node.next, all of the same worker) back to
 * their worker; one wake-up for the list. Every deferred must be posted exactly once, also after
 * http_server_stop, which does not wait for it beyond the drain time. */
void http_post(struct http_deferred *list);

/* ---- extension points of a worker's event loop, for async clients (lib/io); its thread only */

/** Calls ready(arg, readable, writable) when fd is ready. The loop duplicates fd; NULL when there
 * is no descriptor left for that. */
struct http_watch;
struct http_watch *http_watch_new(struct http_worker *worker, int fd,
                                  void (*ready)(void *arg, bool readable, bool writable),
                                  void *arg);
void http_watch_read(struct http_watch *watch, bool on);
void http_watch_write_once(struct http_watch *watch); /* one-shot, harmless when armed */
void http_watch_free(struct http_watch *watch);       /* fine inside its own callback */

/** A one-shot timer by the monotonic clock; the delay is rounded up to a few classes, at most one
 * minute. Freed when it fired or was stopped; those left when the worker stops never fire. */
struct http_timer;
struct http_timer *http_timer_start(struct http_worker *worker, int delay_ms, void (*fire)(void *),
                                    void *arg);
void http_timer_stop(struct http_timer *timer); /* not after it fired */

int http_worker_index(const struct http_worker *worker);
void http_worker_set_local(struct http_worker *worker, void *local);
void *http_worker_local(struct http_worker *worker);

/** Called on the worker's thread after each turn of its loop, so that what the turn collected (e.g.
 * pipelined commands) is sent at once. */
void http_worker_set_after_turn(struct http_worker *worker, void (*hook)(void *arg), void *arg);

#endif

/* The server: sockets, threads, configuration of libh2o; start and stop.
 * Owner: lib/http. Thread: start and stop from one thread, the daemon's main.
 */
#include "http/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "http/ops.h"

enum {
    BACKLOG = 4096,
    ONE_DAY_MS = 86400000,
    /* The kernel doubles it. It bounds what one client can make libh2o buffer in one turn. */
    RECEIVE_BUFFER_BYTES = 65536
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int parse_address(const struct http_options *options, union address *ret_address,
                         socklen_t *ret_length, struct error *err)
{
    union address address = {0};
    uint16_t port = htons((uint16_t)options->port);
    if (options->port < 0 || options->port > 65535)
        return error_set(err, ERROR_PERMANENT, "HTTP port %d is not a port", options->port);
    if (inet_pton(AF_INET, options->address, &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = port;
        *ret_length = sizeof(address.v4);
    } else if (inet_pton(AF_INET6, options->address, &address.v6.sin6_addr) == 1) {
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = port;
        *ret_length = sizeof(address.v6);
    } else {
        return error_set(err, ERROR_PERMANENT, "HTTP address %s is neither IPv4 nor IPv6",
                         options->address);
    }
    *ret_address = address;
    return 0;
}

static bool set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

/** A listening socket; what is set on it, accepted ones inherit. The first one of a server that
 * does not share its port is opened without SO_REUSEPORT, which the kernel refuses while anybody
 * listens there; the option afterwards lets the other workers' listeners in. A port whose last
 * owner was killed is free at once (SO_REUSEADDR). */
static int open_listener(const struct http_options *options, int port, bool first,
                         struct error *err, int *ret_fd)
{
    bool exclusive = first && !options->share_port;
    union address address = {0};
    socklen_t length = 0;
    if (parse_address(options, &address, &length, err) != 0)
        return -1;
    if (address.any.sa_family == AF_INET)
        address.v4.sin_port = htons((uint16_t)port);
    else
        address.v6.sin6_port = htons((uint16_t)port);
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
        (exclusive || set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1)) &&
        set_option(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES) &&
        set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) &&
        set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, options->idle_timeout_ms) &&
        bind(fd, &address.any, length) == 0 && listen(fd, BACKLOG) == 0 &&
        (!exclusive || set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1))) {
        *ret_fd = fd;
        return 0;
    }
    if (errno == EADDRINUSE)
        error_set(
            err, ERROR_PERMANENT,
            "cannot listen on %s port %d: another process does; stop it, choose another port, "
            "or set http_share_port on both",
            options->address, port);
    else
        error_set(err, ERROR_PERMANENT, "cannot listen on %s port %d: %m", options->address, port);
    if (fd >= 0)
        close(fd);
    return -1;
}

static int port_of(int fd)
{
    union address address = {0};
    socklen_t length = sizeof(address);
    CHECK(getsockname(fd, &address.any, &length) == 0);
    return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

static int worker_open(struct http_server *server, int index, struct error *err)
{
    struct http_worker *worker = mem_calloc(1, sizeof(*worker));
    worker->server = server;
    worker->index = index;
    if (open_listener(&server->options, server->port, index == 0, err, &worker->listen_fd) != 0) {
        free(worker);
        return -1;
    }
    worker->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (worker->wake_fd < 0) {
        error_set(err, ERROR_RETRIABLE, "eventfd: %m");
        close(worker->listen_fd);
        free(worker);
        return -1;
    }
    server->port = port_of(worker->listen_fd);
    http_list_init(&worker->idle);
    http_list_init(&worker->busy);
    http_list_init(&worker->answered);
    http_list_init(&worker->open);
    http_list_init(&worker->lingers);
    http_list_init(&worker->streams);
    http_list_init(&worker->touched);
    http_timers_init(worker);
    worker->inbox_last = &worker->inbox;
    atomic_init(&worker->references, 1);
    CHECK(pthread_mutex_init(&worker->lock, NULL) == 0);
    server->workers[index] = worker;
    return 0;
}

static void configure(struct http_server *server)
{
    h2o_config_init(&server->config);
    server->config.server_name = h2o_iovec_init(NULL, 0); /* no Server header */
    server->config.http1.upgrade_to_http2 = 0;
    /* Idle and slow connections are ended by http_connections_expire, which uses the monotonic
     * clock; this one follows the wall clock. */
    server->config.http1.req_timeout = ONE_DAY_MS;
    /* One more than the limit: chunked bodies are refused when they reach it, others beyond. */
    server->config.max_request_entity_size = server->options.max_body_bytes + 1;
    h2o_hostconf_t *host =
        h2o_config_register_host(&server->config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_pathconf_t *path = h2o_config_register_path(host, "/", 0);
    h2o_handler_t *handler = h2o_create_handler(path, sizeof(*handler));
    handler->on_req = http_on_request;
    http_register_refusals(host);
}

static struct http_server *server_new(const struct http_options *options)
{
    struct http_server *server = mem_calloc(1, sizeof(*server));
    CHECK(options->workers > 0 && options->max_connections > 0 && options->request_timeout_ms > 0 &&
          options->idle_timeout_ms > 0 && options->drain_timeout_ms >= 0);
    server->options = *options;
    snprintf(server->address, sizeof(server->address), "%s", options->address);
    server->options.address = server->address;
    server->port = options->port;
    server->routes = route_table_new();
    route_table_add(server->routes, options->routes, options->route_count, options->context);
    if (options->ops != NULL)
        route_table_add(server->routes, ops_routes, OPS_ROUTE_COUNT, (void *)options->ops);
    CHECK(sem_init(&server->started, 0, 0) == 0);
    server->limits = http_limits_new(options);
    server->workers = mem_calloc((size_t)options->workers, sizeof(void *));
    return server;
}

static void server_free(struct http_server *server)
{
    for (int i = 0; i < server->options.workers; i++) {
        if (server->workers[i] != NULL)
            http_worker_unreference(server->workers[i], 1);
    }
    route_table_free(server->routes);
    http_metrics_free(server->counters);
    http_limits_free(server->limits);
    sem_destroy(&server->started);
    free(server->workers);
    free(server);
}

/** Threads inherit the mask, and so see no signal. */
static void start_threads(struct http_server *server)
{
    sigset_t all, before;
    sigfillset(&all);
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    for (int i = 0; i < server->options.workers; i++) {
        struct http_worker *worker = server->workers[i];
        char name[24];
        CHECK(pthread_create(&worker->thread, NULL, http_worker_main, worker) == 0);
        snprintf(name, sizeof(name), "http-%d", i);
        pthread_setname_np(worker->thread, name);
    }
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    for (int i = 0; i < server->options.workers; i++) {
        while (sem_wait(&server->started) != 0)
            CHECK(errno == EINTR);
    }
}

int http_server_start(const struct http_options *options, struct error *err,
                      struct http_server **ret_server)
{
    struct http_server *server = server_new(options);
    for (int i = 0; i < options->workers; i++) {
        if (worker_open(server, i, err) != 0) {
            for (int k = 0; k < i; k++) {
                close(server->workers[k]->listen_fd);
                close(server->workers[k]->wake_fd);
            }
            server_free(server);
            return -1;
        }
    }
    server->counters = http_metrics_new(options->metrics, server->routes);
    configure(server);
    start_threads(server);
    *ret_server = server;
    return 0;
}

void http_server_stop(struct http_server *server)
{
    if (server == NULL)
        return;
    atomic_store(&server->stopping, true);
    for (int i = 0; i < server->options.workers; i++) {
        struct http_worker *worker = server->workers[i];
        pthread_mutex_lock(&worker->lock);
        if (!worker->closed) /* it may have seen stopping by itself */
            http_inbox_wake(worker);
        pthread_mutex_unlock(&worker->lock);
    }
    for (int i = 0; i < server->options.workers; i++)
        CHECK(pthread_join(server->workers[i]->thread, NULL) == 0);
    h2o_config_dispose(&server->config);
    server_free(server);
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

int http_server_worker_count(const struct http_server *server)
{
    return server->options.workers;
}

struct http_worker *http_server_worker(struct http_server *server, int index)
{
    CHECK(index >= 0 && index < server->options.workers);
    return server->workers[index];
}

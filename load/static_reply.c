/* libh2o answering one small JSON body and nothing else: the ceiling of every answer of ours.
 * usage: static_reply PORT THREADS. Ends with its parent. Owner: load/bench.
 * Thread: one event loop each, as cart-api has them; nothing is shared.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <h2o.h>

enum { BACKLOG = 4096, THREADS_MAX = 64, TURN_MAX_MS = 1000 };

struct loop {
    pthread_t thread;
    int fd;
    h2o_globalconf_t config;
    h2o_context_t context;
    h2o_accept_ctx_t accept;
};

_Noreturn static void fail(const char *what, const char *why)
{
    fprintf(stderr, "static_reply: %s: %s\n", what, why);
    exit(1);
}

static int on_request(h2o_handler_t *self, h2o_req_t *req)
{
    static h2o_generator_t generator;
    static const char body[] =
        "{\"cartId\":\"c1\",\"version\":1,\"position\":7,\"total\":25000000}";
    (void)self;
    h2o_iovec_t answer = h2o_iovec_init(body, sizeof(body) - 1);
    req->res.status = 200;
    req->res.reason = "OK";
    req->res.content_length = answer.len;
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL,
                   H2O_STRLIT("application/json"));
    h2o_start_response(req, &generator);
    h2o_send(req, &answer, 1, 1);
    return 0;
}

static void on_accept(h2o_socket_t *listener, const char *err)
{
    struct loop *loop = listener->data;
    h2o_socket_t *socket;
    if (err != NULL)
        return;
    while ((socket = h2o_evloop_socket_accept(listener)) != NULL)
        h2o_accept(&loop->accept, socket);
}

static int open_listener(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, BACKLOG) != 0)
        fail("listen", strerror(errno));
    return fd;
}

static void *run_loop(void *arg)
{
    struct loop *loop = arg;
    h2o_config_init(&loop->config);
    loop->config.http1.upgrade_to_http2 = 0;
    h2o_hostconf_t *host =
        h2o_config_register_host(&loop->config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_handler_t *handler =
        h2o_create_handler(h2o_config_register_path(host, "/", 0), sizeof(*handler));
    handler->on_req = on_request;
    h2o_context_init(&loop->context, h2o_evloop_create(), &loop->config);
    loop->accept = (h2o_accept_ctx_t){.ctx = &loop->context, .hosts = loop->config.hosts};
    h2o_socket_t *listener =
        h2o_evloop_socket_create(loop->context.loop, loop->fd, H2O_SOCKET_FLAG_DONT_READ);
    listener->data = loop;
    h2o_socket_read_start(listener, on_accept);
    for (;;) {
        if (h2o_evloop_run(loop->context.loop, TURN_MAX_MS) != 0 && errno != EINTR)
            fail("event loop", strerror(errno));
    }
    return NULL;
}

static int argument(const char *text, long most)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*end != '\0' || value < 1 || value > most)
        fail("not a number in range", text);
    return (int)value;
}

int main(int argc, char **argv)
{
    static struct loop loops[THREADS_MAX];
    if (argc != 3)
        fail("usage", "static_reply PORT THREADS");
    int port = argument(argv[1], 65535), threads = argument(argv[2], THREADS_MAX);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < threads; i++)
        loops[i].fd = open_listener((uint16_t)port);
    for (int i = 0; i < threads; i++) {
        if (pthread_create(&loops[i].thread, NULL, run_loop, &loops[i]) != 0)
            fail("thread", "cannot be started");
    }
    pthread_join(loops[0].thread, NULL);
    return 0;
}

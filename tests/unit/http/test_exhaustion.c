/* A server without a free descriptor: it waits instead of spinning, and goes on afterwards.
 * Owner: lib/http. Thread: the test's and the server's.
 */
#include "http/http.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "raw_client.h"

enum { DESCRIPTORS = 64 };

static void hello(struct http_request *request, void *context)
{
    (void)context;
    http_answer(request, 200, "text/plain", slice_of("hello"));
}

static void on_turn(void *arg)
{
    atomic_int *turns = arg;
    (*turns)++;
}

static void on_worker_start(struct http_worker *worker, void *context)
{
    http_worker_set_after_turn(worker, on_turn, context);
}

static const struct http_route routes[] = {{"GET", "/hello", "hello", hello, HTTP_PUBLIC}};

static void test_no_descriptor_left(void **state)
{
    (void)state;
    atomic_int turns = 0;
    struct http_options options = {
        .address = "127.0.0.1",
        .workers = 1,
        .max_connections = 1000,
        .request_timeout_ms = 5000,
        .idle_timeout_ms = 5000,
        .max_body_bytes = 1000,
        .drain_timeout_ms = 1000,
        .routes = routes,
        .route_count = ARRAY_SIZE(routes),
        .context = &turns,
        .on_worker_start = on_worker_start,
    };
    struct http_server *server = NULL;
    struct error err;
    struct rlimit before, limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = DESCRIPTORS;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(http_server_start(&options, &err, &server), 0);

    int fillers[DESCRIPTORS], count = 0;
    struct client client = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_port = htons((uint16_t)http_server_port(server));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    while (count < DESCRIPTORS && (fillers[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        count++;
    assert_int_equal(errno, EMFILE);
    assert_int_equal(connect(client.fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_true(client_send(&client, GET("/hello")));
    int turns_before = turns;
    usleep(450000);
    assert_true(turns - turns_before < 30); /* a try each 100 ms */
    while (count > 0)
        close(fillers[--count]);
    struct answer answer;
    client_receive(&client, &answer);
    assert_int_equal(answer.status, 200);
    client_close(&client);
    http_server_stop(server);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_descriptor_left)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

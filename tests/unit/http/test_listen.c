/* Who may listen where: one process per port unless it is to be shared, all workers of one server
 * together, and a successor at once. */
#include "http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "raw_client.h"

enum { WORKERS = 3, TRIES = 2000 };

struct place {
    const char *address;
    bool share;
};

static void count(struct http_request *request, void *context)
{
    atomic_int *served = context;
    served[http_worker_index(http_request_worker(request))]++;
    http_answer(request, 200, "text/plain", slice_of("hello"));
}

static const struct http_route routes[] = {{"GET", "/hello", "hello", count, HTTP_PUBLIC}};

static int start(struct place place, int port, atomic_int *served, struct error *err,
                 struct http_server **ret_server)
{
    struct http_options options = {
        .address = place.address,
        .port = port,
        .share_port = place.share,
        .workers = WORKERS,
        .max_connections = 1000,
        .request_timeout_ms = 20000,
        .idle_timeout_ms = 20000,
        .max_body_bytes = 1000,
        .drain_timeout_ms = 5000,
        .routes = routes,
        .route_count = ARRAY_SIZE(routes),
        .context = served,
    };
    return http_server_start(&options, err, ret_server);
}

static void get(int port)
{
    struct answer answer;
    client_ask(port, GET("/hello"), &answer);
    assert_int_equal(answer.status, 200);
}

/** Asks until each of the counters has moved. */
static void reach_all(int port, atomic_int *served, size_t counters)
{
    size_t reached = 0;
    for (int i = 0; i < TRIES && reached < counters; i++) {
        get(port);
        reached = 0;
        for (size_t k = 0; k < counters; k++)
            reached += served[k] > 0;
    }
    assert_int_equal(reached, counters);
}

static void a_second_server_is_refused(void **state)
{
    static const struct {
        struct place first, second;
    } pairs[] = {
        {{"127.0.0.1", false}, {"127.0.0.1", false}},
        {{"127.0.0.1", true}, {"127.0.0.1", false}},
        {{"127.0.0.1", false}, {"0.0.0.0", false}},
        {{"0.0.0.0", false}, {"127.0.0.1", false}},
        {{"::1", false}, {"::1", false}},
        {{"::1", false}, {"::", false}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        atomic_int served[WORKERS] = {0};
        struct http_server *first, *second = NULL;
        struct error err;
        if (start(pairs[i].first, 0, served, &err, &first) != 0) {
            assert_non_null(strchr(pairs[i].first.address, ':'));
            print_message("%s is not on this machine: %s\n", pairs[i].first.address, err.message);
            continue;
        }
        int port = http_server_port(first);
        assert_int_equal(start(pairs[i].second, port, served, &err, &second), -1);
        assert_null(second);
        assert_int_equal(err.kind, ERROR_PERMANENT);
        assert_non_null(strstr(err.message, "http_share_port"));
        assert_null(strchr(err.message, '\n'));
        http_server_stop(first);
        assert_int_equal(start(pairs[i].second, port, served, &err, &second), 0);
        http_server_stop(second);
    }
}

static void all_workers_of_one_server_are_reached(void **state)
{
    atomic_int served[WORKERS] = {0};
    struct http_server *server;
    struct error err;
    (void)state;
    assert_int_equal(start((struct place){"127.0.0.1", false}, 0, served, &err, &server), 0);
    reach_all(http_server_port(server), served, WORKERS);
    http_server_stop(server);
}

static void two_that_share_are_both_reached(void **state)
{
    static const struct place place = {"127.0.0.1", true};
    atomic_int served[2 * WORKERS] = {0};
    struct http_server *old, *new;
    struct error err;
    (void)state;
    assert_int_equal(start(place, 0, served, &err, &old), 0);
    int port = http_server_port(old);
    assert_int_equal(start(place, port, served + WORKERS, &err, &new), 0);
    reach_all(port, served, ARRAY_SIZE(served));
    http_server_stop(old);
    get(port);
    http_server_stop(new);
}

/* The side that closes first keeps the port in TIME_WAIT. */
static void a_successor_need_not_wait(void **state)
{
    static const struct place place = {"127.0.0.1", false};
    atomic_int served[WORKERS] = {0};
    int port = 0;
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct http_server *server;
        struct client client;
        struct error err;
        assert_int_equal(start(place, port, served, &err, &server), 0);
        port = http_server_port(server);
        get(port);
        client_open(&client, port);
        http_server_stop(server);
        client_close(&client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_server_is_refused),
        cmocka_unit_test(all_workers_of_one_server_are_reached),
        cmocka_unit_test(two_that_share_are_both_reached),
        cmocka_unit_test(a_successor_need_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* /healthz, /readyz and /metrics.
 * Owner: lib/http. Thread: the test's and the server's.
 */
#include "http/ops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

#include "raw_client.h"

static bool ready_when(void *arg, char *why, size_t size)
{
    atomic_bool *ready = arg;
    if (!*ready)
        snprintf(why, size, "cannot reach \"it\"");
    return *ready;
}

static void test_ops(void **state)
{
    (void)state;
    atomic_bool store = true, cache = true;
    const struct ops_check checks[] = {{"store", ready_when, &store},
                                       {"cache", ready_when, &cache}};
    struct metrics *metrics = metrics_new();
    struct ops ops = {.metrics = metrics, .checks = checks, .check_count = ARRAY_SIZE(checks)};
    struct http_options options = {
        .address = "127.0.0.1",
        .workers = 1,
        .max_connections = 10,
        .request_timeout_ms = 1000,
        .idle_timeout_ms = 1000,
        .max_body_bytes = 1000,
        .drain_timeout_ms = 1000,
        .metrics = metrics,
        .ops = &ops,
    };
    struct http_server *server = NULL;
    struct error err;
    struct answer answer;
    assert_int_equal(http_server_start(&options, &err, &server), 0);
    int port = http_server_port(server);

    client_ask(port, GET("/healthz"), &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "{\"status\":\"ok\"}");
    client_ask(port, GET("/readyz"), &answer);
    assert_int_equal(answer.status, 200);
    cache = false;
    client_ask(port, GET("/readyz"), &answer);
    assert_int_equal(answer.status, 503);
    assert_string_equal(answer_header(&answer, "retry-after"), "1");
    assert_string_equal(answer_header(&answer, "content-type"), "application/problem+json");
    assert_non_null(strstr(answer.body, "\"errors\":[{\"pointer\":\"\",\"code\":\"cache\","
                                        "\"message\":\"cannot reach \\\"it\\\"\"}]"));
    cache = true;
    client_ask(port, GET("/readyz"), &answer);
    assert_int_equal(answer.status, 200);
    client_ask(port, GET("/metrics"), &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer_header(&answer, "content-type"),
                        "text/plain; version=0.0.4; charset=utf-8");
    assert_non_null(strstr(answer.body,
                           "\ncartwright_http_requests_total{route=\"readyz\",class=\"5xx\"} 1\n"));
    assert_non_null(strstr(answer.body, "\ncartwright_http_connections 1\n"));
    http_server_stop(server);
    metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ops)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

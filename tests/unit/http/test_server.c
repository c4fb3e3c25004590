/* A real server asked over raw sockets: routes, requests, answers.
 * Owner: lib/http. Thread: the test's and the server's.
 */
#include "http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/problem.h"
#include "raw_client.h"

struct fixture {
    struct metrics *metrics;
    struct http_server *server;
    int port;
};

static void hello(struct http_request *request, void *context)
{
    (void)context;
    http_add_header(request, "etag", slice_of("\"7\""));
    http_answer(request, 200, "application/json", slice_of("{\"hello\":1}"));
}

static void echo(struct http_request *request, void *context)
{
    (void)context;
    http_answer(request, 200, "application/octet-stream", http_body(request));
}

static void show_param(struct http_request *request, void *context)
{
    (void)context;
    http_answer(request, 200, "text/plain", http_param(request, "id"));
}

static void not_modified(struct http_request *request, void *context)
{
    (void)context;
    http_answer(request, 304, NULL, (struct slice){NULL, 0});
}

static void query(struct http_request *request, void *context)
{
    static const char *const names[] = {"after", "limit", NULL};
    struct slice bad, value = {"-", 1};
    (void)context;
    if (!http_query_valid(request, names, &bad)) {
        http_answer(request, 400, "text/plain", bad);
        return;
    }
    http_query(request, "after", &value);
    http_answer(request, 200, "text/plain", value);
}

static void is_json(struct http_request *request, void *context)
{
    (void)context;
    http_answer(request, 200, "text/plain", slice_of(http_content_is_json(request) ? "yes" : "no"));
}

static void headers(struct http_request *request, void *context)
{
    struct slice value = {"-", 1};
    struct buf text = {0};
    (void)context;
    buf_int(&text, http_header_count(request, "x-test"));
    buf_char(&text, ' ');
    http_header(request, "x-test", &value);
    buf_append(&text, value.data, value.len);
    buf_char(&text, ' ');
    http_header(request, "host", &value);
    buf_append(&text, value.data, value.len);
    http_add_header(request, "x-copy", slice_of("a\r\nset-cookie: b"));
    http_answer(request, 200, "text/plain", buf_slice(&text));
    buf_free(&text);
}

static const struct http_route routes[] = {
    {"GET", "/hello", "hello", hello, HTTP_PUBLIC},
    {"POST", "/echo", "echo", echo, HTTP_PUBLIC},
    {"GET", "/carts/{id}", "param", show_param, HTTP_PUBLIC},
    {"GET", "/unchanged", "unchanged", not_modified, HTTP_PUBLIC},
    {"GET", "/query", "query", query, HTTP_PUBLIC},
    {"POST", "/json", "json", is_json, HTTP_PUBLIC},
    {"GET", "/headers", "headers", headers, HTTP_PUBLIC},
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct error err;
    fixture->metrics = metrics_new();
    struct http_options options = {
        .address = "127.0.0.1",
        .workers = 2,
        .max_connections = 100,
        .request_timeout_ms = 5000,
        .idle_timeout_ms = 5000,
        .max_body_bytes = 1000,
        .drain_timeout_ms = 1000,
        .routes = routes,
        .route_count = ARRAY_SIZE(routes),
        .metrics = fixture->metrics,
    };
    CHECK(http_server_start(&options, &err, &fixture->server) == 0);
    fixture->port = http_server_port(fixture->server);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    http_server_stop(fixture->server);
    metrics_free(fixture->metrics);
    free(fixture);
    return 0;
}

static int port_of(void **state)
{
    return ((struct fixture *)*state)->port;
}

static void test_keep_alive(void **state)
{
    struct client client;
    struct answer answer;
    client_open(&client, port_of(state));
    for (int i = 0; i < 3; i++) {
        client_send(&client, GET("/hello"));
        client_receive(&client, &answer);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer.body, "{\"hello\":1}");
        assert_string_equal(answer_header(&answer, "content-type"), "application/json");
        assert_string_equal(answer_header(&answer, "etag"), "\"7\"");
        assert_string_equal(answer_header(&answer, "connection"), "keep-alive");
        assert_null(answer_header(&answer, "server"));
    }
    client_close(&client);
}

static void test_connection_close_and_http_1_0(void **state)
{
    static const char *const requests[] = {
        "GET /hello HTTP/1.1\r\n" HOST_LINE "Connection: close\r\n\r\n",
        "GET /hello HTTP/1.0\r\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
        struct client client;
        struct answer answer;
        client_open(&client, port_of(state));
        client_send(&client, requests[i]);
        client_receive(&client, &answer);
        assert_int_equal(answer.status, 200);
        assert_true(client_at_end(&client));
        client_close(&client);
    }
}

static void test_pipelining(void **state)
{
    struct client client;
    struct answer answer;
    client_open(&client, port_of(state));
    client_send(&client, GET("/carts/1") GET("/carts/2") "POST /echo HTTP/1.1\r\n" HOST_LINE
                                                         "Content-Length: 1\r\n\r\n3" GET("/nope")
                                                             GET("/carts/5"));
    static const char *const bodies[] = {"1", "2", "3", NULL, "5"};
    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
        client_receive(&client, &answer);
        assert_int_equal(answer.status, bodies[i] != NULL ? 200 : 404);
        if (bodies[i] != NULL)
            assert_string_equal(answer.body, bodies[i]);
    }
    client_close(&client);
}

static void test_byte_by_byte(void **state)
{
    static const char text[] =
        "POST /echo HTTP/1.1\r\n" HOST_LINE "Content-Length: 5\r\n\r\nhello" GET("/hello");
    struct client client;
    struct answer answer;
    client_open(&client, port_of(state));
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        client_send_bytes(&client, text + i, 1);
    client_receive(&client, &answer);
    assert_string_equal(answer.body, "hello");
    client_receive(&client, &answer);
    assert_int_equal(answer.status, 200);
    client_close(&client);
}

static void test_head(void **state)
{
    struct client client;
    struct answer answer;
    client_open(&client, port_of(state));
    client_send(&client, "HEAD /hello HTTP/1.1\r\n" HOST_LINE "\r\n" GET("/hello"));
    client_receive_head(&client, &answer, true);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer_header(&answer, "content-length"), "11");
    client_receive(&client, &answer); /* the next answer starts right after the head */
    assert_string_equal(answer.body, "{\"hello\":1}");
    client_send(&client, "HEAD /nope HTTP/1.1\r\n" HOST_LINE "\r\n");
    client_receive_head(&client, &answer, true);
    assert_int_equal(answer.status, 404);
    client_close(&client);
}

static void test_not_found_and_not_allowed(void **state)
{
    struct answer answer;
    client_ask(port_of(state), GET("/nope?x=%zz"), &answer);
    assert_true(answer_is_problem(&answer, 404, "not_found"));
    assert_non_null(strstr(answer.body, "\"instance\":\"/nope\""));
    client_ask(port_of(state), GET("//hello"), &answer);
    assert_true(answer_is_problem(&answer, 404, "not_found"));
    client_ask(port_of(state), GET("/carts/%2e%2e"), &answer);
    assert_true(answer_is_problem(&answer, 404, "not_found"));
    client_ask(port_of(state), "DELETE /hello HTTP/1.1\r\n" HOST_LINE "\r\n", &answer);
    assert_true(answer_is_problem(&answer, 405, "method_not_allowed"));
    assert_string_equal(answer_header(&answer, "allow"), "GET, HEAD, OPTIONS");
    client_ask(port_of(state), "OPTIONS /echo HTTP/1.1\r\n" HOST_LINE "\r\n", &answer);
    assert_int_equal(answer.status, 204);
    assert_string_equal(answer_header(&answer, "allow"), "POST, OPTIONS");
    assert_null(answer_header(&answer, "content-length"));
    client_ask(port_of(state), "OPTIONS * HTTP/1.1\r\n" HOST_LINE "\r\n", &answer);
    assert_int_equal(answer.status, 204);
    client_ask(port_of(state), GET("/unchanged"), &answer);
    assert_int_equal(answer.status, 304);
    assert_null(answer_header(&answer, "content-type"));
}

static void test_paths(void **state)
{
    struct answer answer;
    client_ask(port_of(state), GET("/carts/a%20b"), &answer);
    assert_string_equal(answer.body, "a b");
    client_ask(port_of(state), GET("http://localhost/carts/x?y"), &answer);
    assert_string_equal(answer.body, "x");
    static const char *const bad[] = {GET("/carts/%00"), GET("/carts/a%2fb"), GET("/carts/%5c"),
                                      GET("/carts/%4"), GET("/carts/%ff")};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        client_ask(port_of(state), bad[i], &answer);
        assert_true(answer_is_problem(&answer, 400, "bad_request"));
    }
}

static void test_query(void **state)
{
    static const struct {
        const char *request;
        int status;
        const char *body;
    } rows[] = {
        {GET("/query"), 200, "-"},
        {GET("/query?"), 200, "-"},
        {GET("/query?limit=5"), 200, "-"},
        {GET("/query?after=a%20b+c&limit="), 200, "a b c"},
        {GET("/query?%61fter=x"), 200, "x"},
        {GET("/query?after"), 200, ""},
        {GET("/query?after=1&after=1"), 400, "after"},
        {GET("/query?other=1"), 400, "other"},
        {GET("/query?after=%zz"), 400, "after"},
        {GET("/query?after=%00"), 400, "after"},
        {GET("/query?=x"), 400, ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct answer answer;
        client_ask(port_of(state), rows[i].request, &answer);
        assert_int_equal(answer.status, rows[i].status);
        assert_string_equal(answer.body, rows[i].body);
    }
}

static void test_content_type(void **state)
{
    static const struct {
        const char *lines, *expected;
    } rows[] = {
        {"Content-Type: application/json\r\n", "yes"},
        {"content-type: Application/JSON \r\n", "yes"},
        {"Content-Type: application/json; charset=utf-8\r\n", "yes"},
        {"Content-Type: application/json;charset=\"UTF-8\"\r\n", "yes"},
        {"Content-Type: application/json; profile=x\r\n", "yes"},
        {"Content-Type: application/json; charset=iso-8859-1\r\n", "no"},
        {"Content-Type: application/jsonx\r\n", "no"},
        {"Content-Type: text/plain\r\n", "no"},
        {"Content-Type:\r\n", "no"},
        {"", "no"},
        {"Content-Type: application/json\r\nContent-Type: application/json\r\n", "no"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char request[256];
        struct answer answer;
        snprintf(request, sizeof(request),
                 "POST /json HTTP/1.1\r\n" HOST_LINE "%sContent-Length: 2\r\n\r\n{}",
                 rows[i].lines);
        client_ask(port_of(state), request, &answer);
        if (strcmp(answer.body, rows[i].expected) != 0)
            fail_msg("%s", rows[i].lines);
    }
}

static void test_headers(void **state)
{
    struct answer answer;
    client_ask(port_of(state),
               "GET /headers HTTP/1.1\r\nHost: h:1\r\nX-Test: a \r\nx-TEST: b\r\n\r\n", &answer);
    assert_string_equal(answer.body, "2 a h:1");
    assert_null(answer_header(&answer, "set-cookie")); /* no header by way of a value */
    assert_string_equal(answer_header(&answer, "x-copy"), "a??set-cookie: b");
}

static void test_trace_id_of_problems(void **state)
{
    struct answer answer;
    client_ask(port_of(state),
               "GET /nope HTTP/1.1\r\n" HOST_LINE
               "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n",
               &answer);
    assert_non_null(strstr(answer.body, "\"traceId\":\"4bf92f3577b34da6a3ce929d0e0e4736\""));
    client_ask(port_of(state),
               "GET /nope HTTP/1.1\r\n" HOST_LINE
               "traceparent: 00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01\r\n\r\n",
               &answer);
    assert_null(strcasestr(answer.body, "4bf92f3577b34da6a3ce929d0e0e4736"));
}

static void test_metrics(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer;
    struct buf text = {0};
    client_ask(fixture->port, GET("/unchanged"), &answer);
    metrics_render(fixture->metrics, &text);
    const char *shown = buf_cstr(&text);
    assert_non_null(
        strstr(shown, "\ncartwright_http_requests_total{route=\"hello\",class=\"2xx\"} "));
    assert_null(
        strstr(shown, "\ncartwright_http_requests_total{route=\"unchanged\",class=\"3xx\"} 0"));
    assert_null(strstr(shown, "\ncartwright_http_requests_total{route=\"none\",class=\"4xx\"} 0"));
    assert_non_null(
        strstr(shown, "\ncartwright_http_request_duration_seconds_count{route=\"unchanged\"} "));
    buf_free(&text);
}

static void test_bad_options(void **state)
{
    struct http_options options = {
        .address = "localhost",
        .workers = 1,
        .max_connections = 1,
        .request_timeout_ms = 1,
        .idle_timeout_ms = 1,
        .routes = routes,
        .route_count = ARRAY_SIZE(routes),
    };
    struct http_server *server = NULL;
    struct error err = {0};
    (void)state;
    assert_int_equal(http_server_start(&options, &err, &server), -1);
    assert_non_null(strstr(err.message, "localhost"));

    struct sockaddr_in taken = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(taken);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&taken, length), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&taken, &length), 0);
    options.address = "127.0.0.1";
    options.port = ntohs(taken.sin_port);
    assert_int_equal(http_server_start(&options, &err, &server), -1);
    char port[16];
    snprintf(port, sizeof(port), "port %d", options.port);
    assert_non_null(strstr(err.message, port));
    assert_null(server);
    close(fd);
    http_server_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_connection_close_and_http_1_0),
        cmocka_unit_test(test_pipelining),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_not_found_and_not_allowed),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_content_type),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_trace_id_of_problems),
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_bad_options),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

/* What a real server refuses before any handler: bad framing, too much, what it cannot expect.
 * Owner: lib/http. Thread: the test's and the server's.
 */
#include "http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "raw_client.h"

#define POST_ECHO "POST /echo HTTP/1.1\r\n" HOST_LINE

static int port; /* of the server that main started */

static void hello(struct http_request *request, void *context)
{
    (void)context;
    http_answer(request, 200, "text/plain", slice_of("hello"));
}

static void echo(struct http_request *request, void *context)
{
    (void)context;
    http_answer(request, 200, "application/octet-stream", http_body(request));
}

static const struct http_route routes[] = {
    {"GET", "/hello", "hello", hello, HTTP_PUBLIC},
    {"GET", "/carts/{id}", "cart", hello, HTTP_PUBLIC},
    {"POST", "/echo", "echo", echo, HTTP_PUBLIC},
};

static void test_bad_framing_ends_the_connection(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "POST /echo HTTP/1.1\r\n" HOST_LINE
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET("/hello"),
        "POST /echo HTTP/1.1\r\n" HOST_LINE
        "Content-Length: 0\r\nContent-Length: 30\r\n\r\n" GET("/hello"),
        "GET /hello HTTP/1.1\r\n\r\n" GET("/hello"),
        "GET /hello HTTP/1.1\nHost: a\n\n" GET("/hello"),
        "GET /hello HTTP/1.1\r\n" HOST_LINE "X: a\r\n b\r\n\r\n" GET("/hello"),
        "GET /hello HTTP/1.1\r\n" HOST_LINE "Host: other\r\n\r\n" GET("/hello"),
        "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET("/hello"),
    };
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
        struct client client;
        struct answer answer;
        client_open(&client, port);
        client_send(&client, requests[i]);
        client_receive(&client, &answer);
        assert_true(answer_is_problem(&answer, 400, "bad_request"));
        assert_string_equal(answer_header(&answer, "connection"), "close");
        assert_true(client_at_end(&client));
        client_close(&client);
    }
}

static void test_unreadable_head(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "GET /hello HTTP/1.1\r\n" HOST_LINE ": no name\r\n\r\n",
        "GET /hello HTTP/1.1\r\n" HOST_LINE "A B: x\r\n\r\n",
        "\1\2\3\r\n\r\n",
        "GET /hello HTTP/2.0\r\n" HOST_LINE "\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
        struct client client;
        struct answer answer;
        client_open(&client, port);
        client_send(&client, requests[i]);
        client_receive(&client, &answer);
        assert_int_equal(answer.status, 400); /* libh2o's own */
        assert_true(client_at_end(&client));
        client_close(&client);
    }
}

static void send_filler(struct client *client, size_t length)
{
    struct buf filler = {0};
    for (size_t i = 0; i < length; i++)
        buf_char(&filler, 'a');
    client_send_bytes(client, filler.data, filler.len); /* may fail: the server has answered */
    buf_free(&filler);
}

static void ask_with_filler(const char *before, size_t length, const char *after,
                            struct answer *answer)
{
    struct client client;
    client_open(&client, port);
    client_send(&client, before);
    send_filler(&client, length);
    client_send(&client, after);
    client_receive(&client, answer);
    client_close(&client);
}

static void test_body_limit(void **state)
{
    (void)state;
    struct answer answer;
    ask_with_filler(POST_ECHO "Content-Length: 1000\r\n\r\n", 1000, "", &answer);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body_length, 1000);
    ask_with_filler(POST_ECHO "Content-Length: 1001\r\n\r\n", 1001, "", &answer);
    assert_true(answer_is_problem(&answer, 413, "body_too_large"));
    ask_with_filler(POST_ECHO "Content-Length: 1002\r\n\r\n", 1002, "", &answer);
    assert_true(answer_is_problem(&answer, 413, "body_too_large"));
    ask_with_filler(POST_ECHO "Transfer-Encoding: chunked\r\n\r\n3e8\r\n", 1000, "\r\n0\r\n\r\n",
                    &answer);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body_length, 1000);
    ask_with_filler(POST_ECHO "Transfer-Encoding: chunked\r\n\r\n3e9\r\n", 1001, "\r\n0\r\n\r\n",
                    &answer);
    assert_true(answer_is_problem(&answer, 413, "body_too_large"));
    ask_with_filler(POST_ECHO "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 1, "", &answer);
    assert_true(answer_is_problem(&answer, 400, "bad_request"));
    /* the answer is not lost when far more follows */
    ask_with_filler(POST_ECHO "Content-Length: 9999999\r\n\r\n", 900000, "", &answer);
    assert_true(answer_is_problem(&answer, 413, "body_too_large"));
    assert_non_null(strstr(answer.body, "\"instance\":\"/echo\""));
}

static void test_head_limits(void **state)
{
    (void)state;
    struct answer answer;
    ask_with_filler("GET /carts/", 2000, " HTTP/1.1\r\n" HOST_LINE "\r\n", &answer);
    assert_int_equal(answer.status, 200);
    ask_with_filler("GET /carts/", 2100, " HTTP/1.1\r\n" HOST_LINE "\r\n", &answer);
    assert_true(answer_is_problem(&answer, 414, "uri_too_long"));
    ask_with_filler("GET /hello HTTP/1.1\r\n" HOST_LINE "X: ", 16000, "\r\n\r\n", &answer);
    assert_int_equal(answer.status, 200);
    ask_with_filler("GET /hello HTTP/1.1\r\n" HOST_LINE "X: ", 17000, "\r\n\r\n", &answer);
    assert_true(answer_is_problem(&answer, 431, "headers_too_large"));
    /* without an end it is not buffered for long, neither first nor later on a connection */
    ask_with_filler("GET /hello HTTP/1.1\r\nX: ", 300000, "", &answer);
    assert_true(answer_is_problem(&answer, 431, "headers_too_large"));
    struct client client;
    client_open(&client, port);
    client_send(&client, GET("/hello"));
    client_receive(&client, &answer);
    client_send(&client, "GET /hello HTTP/1.1\r\nX: ");
    send_filler(&client, 20000);
    client_receive(&client, &answer);
    assert_true(answer_is_problem(&answer, 431, "headers_too_large"));
    assert_true(client_at_end(&client));
    client_close(&client);
}

static void test_chunked_body_ends_the_connection(void **state)
{
    (void)state;
    struct client client;
    struct answer answer;
    client_open(&client, port);
    client_send(&client, POST_ECHO "Transfer-Encoding: chunked\r\n\r\n"
                                   "3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nT: x\r\n\r\n" GET("/hello"));
    client_receive(&client, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "abcde");
    assert_string_equal(answer_header(&answer, "connection"), "close");
    assert_true(client_at_end(&client));
    client_close(&client);
}

static void test_expect(void **state)
{
    (void)state;
    struct client client;
    struct answer answer;
    client_open(&client, port);
    client_send(&client, POST_ECHO "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    client_receive(&client, &answer);
    assert_int_equal(answer.status, 100);
    client_send(&client, "abc");
    client_receive(&client, &answer);
    assert_string_equal(answer.body, "abc");
    client_send(&client, POST_ECHO "Content-Length: 3\r\nExpect: 200-ok\r\n\r\nabc");
    client_receive(&client, &answer);
    assert_true(answer_is_problem(&answer, 417, "expectation_failed"));
    client_close(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_framing_ends_the_connection),
        cmocka_unit_test(test_unreadable_head),
        cmocka_unit_test(test_body_limit),
        cmocka_unit_test(test_head_limits),
        cmocka_unit_test(test_chunked_body_ends_the_connection),
        cmocka_unit_test(test_expect),
    };
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
    };
    struct http_server *server = NULL;
    struct error err;
    CHECK(http_server_start(&options, &err, &server) == 0);
    port = http_server_port(server);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    http_server_stop(server);
    return failed;
}

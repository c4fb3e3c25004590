/* Calls to HTTP services: what was asked, what came back, and whether a failed call can be made
 * again. */
#include "io/http_client.h"

#include "tests/unit/io/script_server.h"

#define END_OF_HEAD "\r\n\r\n"

static int call(const struct script_step *steps, struct http_client_call request, struct error *err,
                struct script_server *server, struct http_client_answer *answer)
{
    char url[64];
    script_server_start(server, steps);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/v1/things?x=1", server->port);
    request.url = url;
    request.connect_timeout_ms = 5000;
    if (request.timeout_ms == 0)
        request.timeout_ms = 5000;
    if (request.answer_bytes_max == 0)
        request.answer_bytes_max = 1000;
    int rc = http_client_run(&request, err, answer);
    script_server_end(server);
    return rc;
}

static void a_form_goes_out_whole(void **state)
{
    (void)state;
    static const struct script_step steps[] = {
        {"a=1&b=2", "HTTP/1.1 201 Created\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"},
        {0}};
    struct http_client_call request = {
        .method = "POST",
        .headers = {"Content-Type: application/x-www-form-urlencoded", "Idempotency-Key: k1"},
        .username = "user",
        .password = "pass",
        .body = slice_of("a=1&b=2"),
    };
    struct error err;
    struct script_server server;
    struct http_client_answer answer;
    assert_int_equal(call(steps, request, &err, &server, &answer), 0);
    assert_int_equal(answer.status, 201);
    assert_int_equal(answer.retry_after_s, -1);
    assert_buf(&answer.body, "{}");
    http_client_answer_free(&answer);
    static const char *const wanted[] = {
        "POST /v1/things?x=1 HTTP/1.1\r\n", "\r\nAuthorization: Basic dXNlcjpwYXNz\r\n",
        "\r\nIdempotency-Key: k1\r\n", "\r\nContent-Length: 7\r\n", "\r\n\r\na=1&b=2"};
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
        assert_non_null(strstr(server.received, wanted[i]));
    assert_null(strstr(server.received, "Expect:"));
}

static void answers_are_told_as_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        int status;
        int64_t retry_after_s;
    } rows[] = {
        {"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\n", 503, 7},
        {"HTTP/1.1 429 Slow\r\nretry-after:  120 \r\n", 429, 120},
        {"HTTP/1.1 503 Busy\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", 503, -1},
        {"HTTP/1.1 503 Busy\r\nRetry-After: 99999999999999999999999\r\n", 503, 1000000},
        {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n", 302, -1},
        {"HTTP/1.1 500 Broken\r\n", 500, -1},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char text[256];
        struct error err;
        struct script_server server;
        struct http_client_answer answer;
        snprintf(text, sizeof(text), "%sContent-Length: 0\r\n\r\n", rows[i].head);
        const struct script_step steps[] = {{END_OF_HEAD, text}, {0}};
        struct http_client_call request = {.method = "GET"};
        assert_int_equal(call(steps, request, &err, &server, &answer), 0);
        assert_int_equal(answer.status, rows[i].status);
        assert_in_range(answer.retry_after_s + 1, rows[i].retry_after_s + 1,
                        rows[i].retry_after_s >= 1000000 ? 100000000 : rows[i].retry_after_s + 1);
        http_client_answer_free(&answer);
    }
}

static void failures_say_whether_the_request_left(void **state)
{
    (void)state;
    static const struct {
        struct script_step steps[2];
        int timeout_ms;
    } rows[] = {
        {{{END_OF_HEAD, NULL}}, 5000},
        {{{0}}, 300},
        {{{END_OF_HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}, {0}}, 300},
        {{{END_OF_HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n"
                        "longer than is good for anybody"},
          {0}},
         5000},
    };
    struct error err;
    struct script_server server;
    struct http_client_answer answer;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct http_client_call request = {
            .method = "GET", .timeout_ms = rows[i].timeout_ms, .answer_bytes_max = 20};
        assert_int_equal(call(rows[i].steps, request, &err, &server, &answer), -1);
        assert_int_equal(err.kind, ERROR_UNKNOWN);
    }
    static const struct {
        const char *url;
        enum error_kind kind;
    } places[] = {
        {"http://127.0.0.1:1/", ERROR_RETRIABLE},
        {"ftp://127.0.0.1/", ERROR_PERMANENT},
        {"file:///etc/passwd", ERROR_PERMANENT},
        {"http://", ERROR_PERMANENT},
    };
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        struct http_client_call request = {
            .method = "GET", .url = places[i].url, .connect_timeout_ms = 2000, .timeout_ms = 2000};
        assert_int_equal(http_client_run(&request, &err, &answer), -1);
        assert_int_equal(err.kind, places[i].kind);
    }
}

static void headers_cannot_smuggle_lines(void **state)
{
    (void)state;
    struct error err;
    struct http_client_answer answer;
    struct http_client_call request = {
        .method = "GET", .url = "http://127.0.0.1:1/", .headers = {"A: b\r\nC: d"}};
    assert_int_equal(http_client_run(&request, &err, &answer), -1);
    assert_int_equal(err.kind, ERROR_PERMANENT);
}

static void forms_are_escaped(void **state)
{
    (void)state;
    struct buf out = {0};
    http_client_escape(&out, slice_of("+49 30 & \xc3\xa4=~a-Z_0."));
    assert_buf(&out, "%2B49%2030%20%26%20%C3%A4%3D~a-Z_0.");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_goes_out_whole),
        cmocka_unit_test(answers_are_told_as_they_are),
        cmocka_unit_test(failures_say_whether_the_request_left),
        cmocka_unit_test(headers_cannot_smuggle_lines),
        cmocka_unit_test(forms_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

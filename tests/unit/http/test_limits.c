/* Limits on a running server: per address, per guest, per connection; and what they tell the
 * caller. Owner: lib/http. Thread: the test's and the server's.
 */
#include "http/limits.h"

#include "http/auth.h"
#include "raw_client.h"
#include "tests/unit/test.h"

static void hello(struct http_request *request, void *context)
{
    (void)context;
    http_answer(request, 200, "text/plain", slice_of("hello"));
}

static const struct http_route routes[] = {
    {"GET", "/private", "private", hello, HTTP_PRIVATE},
    {"GET", "/public", "public", hello, HTTP_PUBLIC},
    {"GET", "/probe", "probe", hello, HTTP_PROBE},
};

static struct http_server *serve(const struct limit_settings *limits,
                                 const struct ip_ranges *trusted)
{
    struct http_options options = {
        .address = "127.0.0.1",
        .workers = 2,
        .max_connections = 100,
        .request_timeout_ms = 1000,
        .idle_timeout_ms = 5000,
        .max_body_bytes = 1000,
        .drain_timeout_ms = 1000,
        .routes = routes,
        .route_count = ARRAY_SIZE(routes),
        .limits = limits,
        .trusted_proxies = trusted,
    };
    struct http_server *server = NULL;
    struct error err;
    assert_int_equal(http_server_start(&options, &err, &server), 0);
    return server;
}

static int ask(struct http_server *server, const char *path, const char *headers,
               struct answer *answer)
{
    char request[1024];
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", path,
             headers);
    client_ask(http_server_port(server), request, answer);
    return answer->status;
}

static void per_address(void **state)
{
    (void)state;
    const struct limit_settings limits = {
        .address_per_minute = 1, .address_burst = 2, .principal_burst = 1};
    struct ip_ranges trusted;
    struct error err;
    struct answer answer;
    assert_int_equal(ip_ranges_parse("127.0.0.1", &err, &trusted), 0);
    struct http_server *server = serve(&limits, &trusted);
    assert_int_equal(ask(server, "/private", "", &answer), 200);
    assert_string_equal(answer_header(&answer, "ratelimit-policy"), "\"address\";q=2;w=120");
    assert_string_equal(answer_header(&answer, "ratelimit"), "\"address\";r=1;t=60");
    assert_int_equal(ask(server, "/private", "", &answer), 200);
    assert_int_equal(ask(server, "/private", "", &answer), 429);
    assert_true(answer_is_problem(&answer, 429, "too_many_requests"));
    assert_in_range(atoi(answer_header(&answer, "retry-after")), 58, 61);
    assert_non_null(answer_header(&answer, "ratelimit"));
    assert_int_equal(ask(server, "/public", "", &answer), 429);
    assert_int_equal(ask(server, "/probe", "", &answer), 200); /* is not limited */
    assert_null(answer_header(&answer, "ratelimit"));
    /* Behind a proxy that is trusted each client has its own; all of an IPv6 site have one. */
    assert_int_equal(ask(server, "/private", "X-Forwarded-For: 192.0.2.1\r\n", &answer), 200);
    for (int i = 0; i < 3; i++) {
        char header[64];
        snprintf(header, sizeof(header), "X-Forwarded-For: 2001:db8:1:1::%d\r\n", i);
        assert_int_equal(ask(server, "/private", header, &answer), i < 2 ? 200 : 429);
    }
    assert_int_equal(ask(server, "/private", "X-Forwarded-For: 2001:db8:1:2::1\r\n", &answer), 200);
    http_server_stop(server);
}

static void per_principal(void **state)
{
    (void)state;
    const struct limit_settings limits = {
        .principal_per_minute = 1, .principal_burst = 1, .address_burst = 1};
    struct answer answer;
    char one[100], other[100], token[GUEST_TOKEN_LENGTH + 1];
    struct http_server *server = serve(&limits, NULL);
    guest_token_make(token);
    snprintf(one, sizeof(one), "Authorization: Bearer %s\r\n", token);
    guest_token_make(token);
    snprintf(other, sizeof(other), "Authorization: Bearer %s\r\n", token);
    assert_int_equal(ask(server, "/private", one, &answer), 200);
    assert_string_equal(answer_header(&answer, "ratelimit-policy"), "\"principal\";q=1;w=60");
    assert_int_equal(ask(server, "/private", one, &answer), 429);
    assert_int_equal(ask(server, "/private", other, &answer), 200);
    assert_int_equal(ask(server, "/private", "", &answer), 200); /* nobody in particular */
    http_server_stop(server);
}

static void per_connection(void **state)
{
    (void)state;
    const struct limit_settings limits = {
        .connections_per_address = 3, .principal_burst = 1, .address_burst = 1};
    struct client clients[4];
    struct answer answer;
    struct http_server *server = serve(&limits, NULL);
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < 3; i++) {
            client_open(&clients[i], http_server_port(server));
            assert_true(client_send(&clients[i], GET("/public")));
            client_receive(&clients[i], &answer);
            assert_int_equal(answer.status, 200);
        }
        client_open(&clients[3], http_server_port(server));
        assert_true(client_at_end(&clients[3]));
        client_close(&clients[3]);
        /* The server sees each end before the next round: it answers Connection: close with it. */
        for (size_t i = 0; i < 3; i++) {
            assert_true(client_send(&clients[i], "GET /public HTTP/1.1\r\nHost: localhost\r\n"
                                                 "Connection: close\r\n\r\n"));
            client_receive(&clients[i], &answer);
            assert_true(client_at_end(&clients[i]));
            client_close(&clients[i]);
        }
    }
    http_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(per_address),
        cmocka_unit_test(per_principal),
        cmocka_unit_test(per_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

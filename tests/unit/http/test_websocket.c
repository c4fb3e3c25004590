/* Streams that take a connection over: server-sent events and WebSockets, over raw sockets.
 * Owner: lib/http. Thread: the test's and the server's.
 */
#include "http/websocket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/memory.h"
#include "http/problem.h"
#include "http/sse.h"
#include "raw_client.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define UPGRADE                                                                                    \
    "GET /ws HTTP/1.1\r\n" HOST_LINE "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"   \
    "Sec-WebSocket-Key: " KEY "\r\n"
#define HANDSHAKE UPGRADE "Sec-WebSocket-Version: 13\r\n\r\n"

struct fixture {
    struct http_server *server;
    int port;
    atomic_int ended[HTTP_STREAM_ENDS];
};

struct user {
    struct fixture *fixture;
    struct websocket *socket;
    struct sse *sse;
    int flood; /* messages that ready() still wants to send */
};

static void on_closed(void *arg, enum http_stream_end how)
{
    struct user *user = arg;
    atomic_fetch_add(&user->fixture->ended[how], 1);
    free(user);
}

/* ---- the server's side */

static void socket_ready(void *arg)
{
    struct user *user = arg;
    struct buf text = {0};
    for (int i = 0; i < 8000; i++)
        buf_char(&text, 'x');
    if (user->flood > 0) {
        user->flood--;
        websocket_send(user->socket, buf_slice(&text));
    }
    buf_free(&text);
}

static void socket_message(void *arg, struct slice text)
{
    struct user *user = arg;
    if (slice_equal(text, slice_of("flood"))) {
        user->flood = 1000000;
        socket_ready(user);
    } else if (slice_equal(text, slice_of("bye"))) {
        websocket_send(user->socket, slice_of("last word"));
        websocket_close(user->socket, WEBSOCKET_POLICY, "as you like");
    } else {
        websocket_send(user->socket, text);
    }
}

static void open_socket(struct http_request *request, void *context)
{
    static const struct websocket_events events = {socket_ready, socket_message, on_closed};
    static const struct websocket_options options = {
        .limits = {.beat_ms = 100, .stall_ms = 300, .silence_ms = 1500, .output_max = 65536},
        .message_max = 1000,
        .events = &events,
    };
    struct slice protocol;
    size_t at = 0;
    bool offered = false;
    while (websocket_offer(request, &at, &protocol))
        offered = offered || slice_equal(protocol, slice_of("cart.v1"));
    if (websocket_handshake(request) != WEBSOCKET_HANDSHAKE_GOOD) {
        char why[2] = {(char)('0' + websocket_handshake(request)), '\0'};
        problem_answer(request, &problem_bad_request, why, NULL, 0);
        return;
    }
    struct user *user = mem_calloc(1, sizeof(*user));
    user->fixture = context;
    user->socket = websocket_open(request, offered ? "cart.v1" : NULL, &options, user);
}

static void sse_ready(void *arg)
{
    struct user *user = arg;
    if (user->flood-- > 0)
        sse_send(user->sse, "view", user->flood, slice_of("{\"a\":1}"));
}

static void open_sse(struct http_request *request, void *context)
{
    static const struct sse_events events = {sse_ready, on_closed};
    static const struct http_stream_limits limits = {
        .beat_ms = 100, .stall_ms = 300, .output_max = 65536};
    struct user *user = mem_calloc(1, sizeof(*user));
    user->fixture = context;
    user->flood = 2;
    user->sse = sse_open(request, 1000, &limits, &events, user);
}

static const struct http_route routes[] = {
    {"GET", "/ws", "ws", open_socket, HTTP_PUBLIC},
    {"GET", "/sse", "sse", open_sse, HTTP_PUBLIC},
};

static int setup(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    struct error err;
    struct http_options options = {
        .address = "127.0.0.1",
        .workers = 1,
        .max_connections = 100,
        .request_timeout_ms = 5000,
        .idle_timeout_ms = 300,
        .max_body_bytes = 1000,
        .drain_timeout_ms = 5000,
        .routes = routes,
        .route_count = ARRAY_SIZE(routes),
        .context = f,
    };
    assert_int_equal(http_server_start(&options, &err, &f->server), 0);
    f->port = http_server_port(f->server);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    http_server_stop(f->server);
    free(f);
    return 0;
}

static void expect_ended(struct fixture *f, enum http_stream_end how)
{
    for (int i = 0; i < 5000 && atomic_load(&f->ended[how]) == 0; i++)
        usleep(1000);
    assert_int_equal(atomic_load(&f->ended[how]), 1);
}

/* ---- the client's side */

static void open_client(struct fixture *f, struct client *client, struct answer *answer)
{
    client_open(client, f->port);
    assert_true(client_send(client, HANDSHAKE));
    client_receive(client, answer);
    assert_int_equal(answer->status, 101);
}

/* A masked frame with FIN; the mask is 0, so the payload stands as it is. */
static void send_frame(struct client *client, uint8_t opcode, const char *text, size_t length)
{
    struct buf frame = {0};
    buf_char(&frame, (char)(0x80 | opcode));
    if (length < 126) {
        buf_char(&frame, (char)(0x80 | length));
    } else {
        buf_char(&frame, (char)(0x80 | 126));
        buf_be16(&frame, (uint16_t)length);
    }
    buf_be32(&frame, 0);
    buf_append(&frame, text, length);
    assert_true(client_send_bytes(client, frame.data, frame.len));
    buf_free(&frame);
}

/* The next frame but pings; its opcode, 0 at the end. Payloads are short here. */
static int receive_frame(struct client *client, char text[200])
{
    for (;;) {
        while (client->in.len < 2 || client->in.len < 2 + ((size_t)client->in.data[1] & 0x7F)) {
            if (!client_fill(client))
                return 0;
        }
        size_t length = (size_t)client->in.data[1] & 0x7F;
        int opcode = client->in.data[0] & 0x0F;
        assert_in_range(length, 0, 125);
        memcpy(text, client->in.data + 2, length);
        text[length] = '\0';
        client->in.len -= 2 + length;
        memmove(client->in.data, client->in.data + 2 + length, client->in.len);
        if (opcode != 9)
            return opcode;
    }
}

static int close_code(const char *text)
{
    return (uint8_t)text[0] << 8 | (uint8_t)text[1];
}

/* ---- the tests */

static void the_handshake(void **state)
{
    struct fixture *f = *state;
    struct client client;
    struct answer answer;
    char accept[WEBSOCKET_ACCEPT_SIZE];
    websocket_accept(slice_of(KEY), accept); /* the example of RFC 6455, 1.3 */
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    open_client(f, &client, &answer);
    assert_string_equal(answer_header(&answer, "sec-websocket-accept"), accept);
    assert_string_equal(answer_header(&answer, "connection"), "upgrade");
    assert_null(answer_header(&answer, "sec-websocket-protocol"));
    client_close(&client);

    client_open(&client, f->port);
    assert_true(client_send(&client, UPGRADE "Sec-WebSocket-Version: 13\r\n"
                                             "Sec-WebSocket-Protocol: a,, bearer.x\r\n"
                                             "Sec-WebSocket-Protocol:  cart.v1 \r\n\r\n"));
    client_receive(&client, &answer);
    assert_int_equal(answer.status, 101);
    assert_string_equal(answer_header(&answer, "sec-websocket-protocol"), "cart.v1");
    client_close(&client);
}

static void handshakes_that_are_none(void **state)
{
    static const struct {
        const char *request;
        enum websocket_handshake verdict;
    } cases[] = {
        {GET("/ws"), WEBSOCKET_HANDSHAKE_NOT},
        {UPGRADE "\r\n", WEBSOCKET_HANDSHAKE_VERSION},
        {UPGRADE "Sec-WebSocket-Version: 8\r\n\r\n", WEBSOCKET_HANDSHAKE_VERSION},
        {UPGRADE "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n\r\n",
         WEBSOCKET_HANDSHAKE_VERSION},
        {UPGRADE "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " KEY "\r\n\r\n",
         WEBSOCKET_HANDSHAKE_BAD},
        {"GET /ws HTTP/1.1\r\n" HOST_LINE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n\r\n",
         WEBSOCKET_HANDSHAKE_BAD},
        {"GET /ws HTTP/1.1\r\n" HOST_LINE "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
         WEBSOCKET_HANDSHAKE_NOT},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct answer answer;
        char detail[32];
        snprintf(detail, sizeof(detail), "\"detail\":\"%d\"", cases[i].verdict);
        client_ask(f->port, cases[i].request, &answer);
        assert_int_equal(answer.status, 400);
        assert_non_null(strstr(answer.body, detail));
    }
}

static void messages_and_the_closing_handshake(void **state)
{
    struct fixture *f = *state;
    struct client client;
    struct answer answer;
    char text[200];
    client_open(&client, f->port);
    /* The first message comes with the request, before the answer. */
    struct buf early = {0};
    buf_text(&early, HANDSHAKE);
    buf_append(&early, "\x81\x82\0\0\0\0hi", 8);
    assert_true(client_send_bytes(&client, early.data, early.len));
    buf_free(&early);
    client_receive(&client, &answer);
    assert_int_equal(receive_frame(&client, text), 1);
    assert_string_equal(text, "hi");
    send_frame(&client, 9, "p", 1);
    assert_int_equal(receive_frame(&client, text), 10);
    assert_string_equal(text, "p");
    send_frame(&client, 1, "again", 5);
    assert_int_equal(receive_frame(&client, text), 1);
    send_frame(&client, 8, "\x03\xe8", 2);
    assert_int_equal(receive_frame(&client, text), 8);
    assert_int_equal(close_code(text), WEBSOCKET_NORMAL);
    assert_int_equal(receive_frame(&client, text), 0);
    client_close(&client);
    expect_ended(f, HTTP_STREAM_LEFT);
}

static void what_breaks_the_protocol_is_told_its_code(void **state)
{
    static char long_text[1001];
    static const struct {
        uint8_t opcode;
        const char *text;
        size_t length;
        int code;
    } cases[] = {
        {1, "bye", 3, WEBSOCKET_POLICY}, {2, "binary", 6, WEBSOCKET_UNSUPPORTED},
        {1, "\xff\xfe", 2, 1007},        {1, long_text, sizeof(long_text), 1009},
        {3, "reserved", 8, 1002},        {0, "no start", 8, 1002},
    };
    struct fixture *f = *state;
    memset(long_text, 'a', sizeof(long_text));
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct client client;
        struct answer answer;
        char text[200];
        open_client(f, &client, &answer);
        send_frame(&client, cases[i].opcode, cases[i].text, cases[i].length);
        send_frame(&client, 1, "ignored", 7);
        if (cases[i].code == WEBSOCKET_POLICY) {
            assert_int_equal(receive_frame(&client, text), 1);
            assert_string_equal(text, "last word");
        }
        assert_int_equal(receive_frame(&client, text), 8);
        assert_int_equal(close_code(text), cases[i].code);
        assert_int_equal(receive_frame(&client, text), 0);
        client_close(&client);
    }
}

static void a_frame_without_mask_is_refused(void **state)
{
    struct fixture *f = *state;
    struct client client;
    struct answer answer;
    char text[200];
    open_client(f, &client, &answer);
    assert_true(client_send_bytes(&client, "\x81\x02hi", 4));
    assert_int_equal(receive_frame(&client, text), 8);
    assert_int_equal(close_code(text), 1002);
    client_close(&client);
}

static void a_slow_reader_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct client client;
    struct answer answer;
    open_client(f, &client, &answer);
    send_frame(&client, 1, "flood", 5);
    expect_ended(f, HTTP_STREAM_SLOW);
    client_close(&client);
}

static void who_never_answers_a_ping_is_dropped(void **state)
{
    struct fixture *f = *state;
    struct client client;
    struct answer answer;
    open_client(f, &client, &answer);
    expect_ended(f, HTTP_STREAM_SILENT);
    client_close(&client);
}

/* Longer than idle_timeout_ms: that is for connections between requests. */
static void who_answers_pings_stays(void **state)
{
    struct fixture *f = *state;
    struct client client;
    struct answer answer;
    open_client(f, &client, &answer);
    for (int pings = 0; pings < 20;) {
        while (client.in.len < 2)
            assert_true(client_fill(&client));
        assert_memory_equal(client.in.data, "\x89\x00", 2);
        client.in.len -= 2;
        memmove(client.in.data, client.in.data + 2, client.in.len);
        send_frame(&client, 10, "", 0);
        pings++;
    }
    client_close(&client);
    expect_ended(f, HTTP_STREAM_LEFT);
}

static void a_flood_of_pings_without_reading_ends(void **state)
{
    struct fixture *f = *state;
    struct client client;
    struct answer answer;
    struct buf pings = {0};
    open_client(f, &client, &answer);
    for (int i = 0; i < 1000; i++)
        buf_append(&pings,
                   "\x89\xfd\0\0\0\0"
                   "0123456789012345678901234567890123456789012345678901234567890123456789"
                   "0123456789012345678901234567890123456789012345678901234",
                   131);
    struct timeval brief = {.tv_usec = 500000};
    setsockopt(client.fd, SOL_SOCKET, SO_SNDTIMEO, &brief, sizeof(brief));
    for (int i = 0; i < 200 && client_send_bytes(&client, pings.data, pings.len); i++)
        ;
    expect_ended(f, HTTP_STREAM_SLOW);
    buf_free(&pings);
    client_close(&client);
}

static void server_sent_events(void **state)
{
    static const char expected[] = "retry: 1000\n\n"
                                   "event: view\nid: 1\ndata: {\"a\":1}\n\n"
                                   "event: view\nid: 0\ndata: {\"a\":1}\n\n"
                                   ":\n\n";
    struct fixture *f = *state;
    struct client client;
    struct answer answer;
    client_open(&client, f->port);
    assert_true(client_send(&client, GET("/sse")));
    client_receive(&client, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer_header(&answer, "content-type"), "text/event-stream");
    assert_non_null(strstr(answer.head, "\r\nconnection: close\r\n"));
    assert_true(client_send(&client, GET("/sse"))); /* not heard: the answer never ends */
    while (client.in.len < sizeof(expected) - 1)
        assert_true(client_fill(&client));
    assert_memory_equal(client.in.data, expected, sizeof(expected) - 1);
    client_close(&client);
    expect_ended(f, HTTP_STREAM_LEFT);
}

static void a_stop_says_good_bye(void **state)
{
    struct fixture *f = *state;
    struct client socket, events;
    struct answer answer;
    char text[200];
    open_client(f, &socket, &answer);
    client_open(&events, f->port);
    assert_true(client_send(&events, GET("/sse")));
    client_receive(&events, &answer);
    http_server_stop(f->server);
    f->server = NULL;
    assert_int_equal(receive_frame(&socket, text), 8);
    assert_int_equal(close_code(text), WEBSOCKET_GOING_AWAY);
    while (client_fill(&events))
        ;
    assert_int_equal(atomic_load(&f->ended[HTTP_STREAM_ENDED]), 2);
    client_close(&socket);
    client_close(&events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_handshake, setup, teardown),
        cmocka_unit_test_setup_teardown(handshakes_that_are_none, setup, teardown),
        cmocka_unit_test_setup_teardown(messages_and_the_closing_handshake, setup, teardown),
        cmocka_unit_test_setup_teardown(what_breaks_the_protocol_is_told_its_code, setup, teardown),
        cmocka_unit_test_setup_teardown(a_frame_without_mask_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slow_reader_is_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(who_never_answers_a_ping_is_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(who_answers_pings_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(a_flood_of_pings_without_reading_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(server_sent_events, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stop_says_good_bye, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

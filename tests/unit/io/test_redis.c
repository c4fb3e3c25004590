/* The blocking Redis connection against a server that answers as the test wants. */
#include "io/redis.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/unit/test.h"

/* Takes one connection, reads until wanted bytes came, writes answer, and closes or waits. */
struct server {
    int listener;
    struct redis_address address;
    const char *answer;
    size_t wanted;
    bool close_after;
    char received[4096];
    size_t received_length;
    pthread_t thread;
};

static void *serve(void *argument)
{
    struct server *server = argument;
    int fd = accept(server->listener, NULL, NULL);
    while (server->received_length < server->wanted) {
        ssize_t count = read(fd, server->received + server->received_length,
                             sizeof(server->received) - server->received_length);
        if (count <= 0)
            break;
        server->received_length += (size_t)count;
    }
    ssize_t written = write(fd, server->answer, strlen(server->answer));
    (void)written;
    char byte;
    if (!server->close_after && read(fd, &byte, 1) > 0)
        server->received_length++;
    close(fd);
    return NULL;
}

static void start(struct server *server)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(here);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&here, size), 0);
    assert_int_equal(listen(server->listener, 1), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&here, &size), 0);
    server->address = (struct redis_address){.host = "127.0.0.1", .port = ntohs(here.sin_port)};
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop(struct server *server)
{
    pthread_join(server->thread, NULL);
    close(server->listener);
}

static void command(struct redis *redis, const char *name, struct slice argument)
{
    redis_command(redis, 2);
    redis_argument(redis, slice_of(name));
    redis_argument(redis, argument);
}

static void pipelines(void **state)
{
    (void)state;
    static const char expected[] =
        "*2\r\n$3\r\nGET\r\n$3\r\na\0b\r\n*2\r\n$4\r\nINCR\r\n$0\r\n\r\n";
    struct server server = {.answer =
                                "$5\r\nhello\r\n:42\r\n-ERR no\r\n*3\r\n$-1\r\n$2\r\n17\r\n+OK\r\n",
                            .wanted = sizeof(expected) - 1};
    struct redis *redis;
    struct redis_reply *reply;
    struct error err;
    int64_t number;
    start(&server);
    assert_int_equal(redis_open(&server.address, 1000, &err, &redis), 0);
    command(redis, "GET", (struct slice){"a\0b", 3});
    command(redis, "INCR", slice_of(""));
    assert_int_equal(redis_receive(redis, 1000, &err, &reply), 0);
    assert_int_equal(redis_type(reply), REDIS_TEXT);
    assert_slice(redis_text(reply), "hello");
    assert_false(redis_text_int(reply, &number));
    redis_reply_free(reply);
    assert_int_equal(redis_receive(redis, 1000, &err, &reply), 0);
    assert_int_equal(redis_integer(reply), 42);
    redis_reply_free(reply);
    assert_int_equal(redis_receive(redis, 1000, &err, &reply), 0);
    assert_int_equal(redis_type(reply), REDIS_ERROR);
    assert_slice(redis_text(reply), "ERR no");
    redis_reply_free(reply);
    assert_int_equal(redis_receive(redis, 1000, &err, &reply), 0);
    assert_int_equal(redis_count(reply), 3);
    assert_int_equal(redis_type(redis_element(reply, 0)), REDIS_NIL);
    assert_true(redis_text_int(redis_element(reply, 1), &number));
    assert_int_equal(number, 17);
    assert_slice(redis_text(redis_element(reply, 2)), "OK");
    redis_reply_free(reply);
    assert_true(redis_usable(redis));
    redis_close(redis);
    stop(&server);
    assert_memory_equal(server.received, expected, sizeof(expected) - 1);
}

static void does_not_wait_for_ever(void **state)
{
    (void)state;
    struct server server = {.answer = "$5\r\nhel", .wanted = 1};
    struct redis *redis;
    struct redis_reply *reply;
    struct error err;
    start(&server);
    assert_int_equal(redis_open(&server.address, 1000, &err, &redis), 0);
    command(redis, "GET", slice_of("a"));
    int64_t begin_us = clock_monotonic_us();
    assert_int_equal(redis_receive(redis, 100, &err, &reply), -1);
    int64_t took_us = clock_monotonic_us() - begin_us;
    assert_true(took_us >= 90000 && took_us < 5000000);
    assert_int_equal(err.kind, ERROR_UNKNOWN);
    assert_false(redis_usable(redis));
    /* Nothing more can be asked: replies could not be told apart. */
    assert_int_equal(redis_receive(redis, 100, &err, &reply), -1);
    assert_int_equal(err.kind, ERROR_RETRIABLE);
    redis_close(redis);
    stop(&server);
}

static void notices_the_end(void **state)
{
    (void)state;
    struct server server = {.answer = "", .wanted = 1, .close_after = true};
    struct redis *redis;
    struct redis_reply *reply;
    struct error err;
    start(&server);
    assert_int_equal(redis_open(&server.address, 1000, &err, &redis), 0);
    command(redis, "GET", slice_of("a"));
    assert_int_equal(redis_receive(redis, 2000, &err, &reply), -1);
    assert_int_equal(err.kind, ERROR_UNKNOWN);
    redis_close(redis);
    stop(&server);
    /* The port is closed now. */
    assert_int_equal(redis_open(&server.address, 500, &err, &redis), -1);
    assert_int_equal(err.kind, ERROR_RETRIABLE);
}

static void parses_addresses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",     "localhost", ":6379",       "a:",       "a:0",   "a:65536", "a:6379x",
        "a:-1", "a:b:6379",  "redis://a:1", "a/b:6379", "a: 63", "[]:6379", "a:99999999999"};
    struct redis_address address;
    struct error err;
    assert_int_equal(redis_address_parse("127.0.0.1:6379", &err, &address), 0);
    assert_string_equal(address.host, "127.0.0.1");
    assert_int_equal(address.port, 6379);
    assert_int_equal(redis_address_parse("[::1]:65535", &err, &address), 0);
    assert_string_equal(address.host, "::1");
    assert_int_equal(address.port, 65535);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        if (redis_address_parse(bad[i], &err, &address) == 0)
            fail_msg("took `%s`", bad[i]);
        assert_non_null(strstr(err.message, "host:port"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipelines),
        cmocka_unit_test(does_not_wait_for_ever),
        cmocka_unit_test(notices_the_end),
        cmocka_unit_test(parses_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

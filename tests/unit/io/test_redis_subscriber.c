/* The subscriber against a stand-in that the test plays: confirmations in and out of order of the
 * callers' changes of mind, a connection that is lost, one that is silent. Owner: tests. Thread:
 * the test's plays Redis; the callbacks are on the subscriber's.
 */
#include "../test.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "io/redis_subscriber.h"

struct fixture {
    int listener, peer;
    struct redis_endpoint *endpoint;
    struct redis_subscriber *subscriber;
    pthread_mutex_t lock;
    struct buf heard; /* under the lock: what the callbacks were told */
};

static void note(struct fixture *f, const char *what, struct slice channel, struct slice text)
{
    pthread_mutex_lock(&f->lock);
    buf_printf(&f->heard, "%s %.*s %.*s;", what, (int)channel.len, channel.data, (int)text.len,
               text.len > 0 ? text.data : "");
    pthread_mutex_unlock(&f->lock);
}

static void on_subscribed(void *context, struct slice channel)
{
    note(context, "subscribed", channel, slice_of(""));
}

static void on_message(void *context, struct slice channel, struct slice text)
{
    note(context, "message", channel, text);
}

static void on_connection(void *context, bool up)
{
    note(context, up ? "up" : "down", slice_of(""), slice_of(""));
}

static void expect_heard(struct fixture *f, const char *expected)
{
    int64_t give_up_us = clock_monotonic_us() + 5000000;
    bool same = false;
    while (!same) {
        pthread_mutex_lock(&f->lock);
        same = strcmp(buf_cstr(&f->heard), expected) == 0;
        if (!same && clock_monotonic_us() > give_up_us)
            assert_string_equal(buf_cstr(&f->heard), expected);
        if (same)
            buf_clear(&f->heard);
        pthread_mutex_unlock(&f->lock);
        usleep(1000);
    }
}

static void accept_peer(struct fixture *f)
{
    struct pollfd ready = {.fd = f->listener, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, 5000), 1);
    f->peer = accept(f->listener, NULL, NULL);
    assert_true(f->peer >= 0);
}

/* Reads exactly these bytes. */
static void expect_sent(struct fixture *f, const char *expected)
{
    char text[512];
    size_t length = 0, wanted = strlen(expected);
    while (length < wanted) {
        struct pollfd ready = {.fd = f->peer, .events = POLLIN};
        assert_int_equal(poll(&ready, 1, 5000), 1);
        ssize_t n = read(f->peer, text + length, wanted - length);
        assert_true(n > 0);
        length += (size_t)n;
    }
    assert_memory_equal(text, expected, wanted);
}

static void say(struct fixture *f, const char *text)
{
    assert_int_equal(write(f->peer, text, strlen(text)), strlen(text));
}

static int setup(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    struct error err;
    char text[32];
    signal(SIGPIPE, SIG_IGN);
    pthread_mutex_init(&f->lock, NULL);
    f->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(f->listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(f->listener, 8), 0);
    getsockname(f->listener, (struct sockaddr *)&address, &length);
    snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(address.sin_port));
    assert_int_equal(redis_endpoint_new(text, &err, &f->endpoint), 0);
    assert_int_equal(redis_endpoint_resolve(f->endpoint, &err), 0);
    struct redis_subscriber_options options = {
        .endpoint = f->endpoint,
        .connect_timeout_ms = 500,
        .silence_ms = 400,
        .subscribed = on_subscribed,
        .message = on_message,
        .connection = on_connection,
        .context = f,
    };
    f->subscriber = redis_subscriber_start(&options);
    accept_peer(f);
    expect_heard(f, "up  ;");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    redis_subscriber_stop(f->subscriber);
    redis_endpoint_free(f->endpoint);
    close(f->peer);
    close(f->listener);
    buf_free(&f->heard);
    pthread_mutex_destroy(&f->lock);
    free(f);
    return 0;
}

#define SUBSCRIBE_A "*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n"
#define UNSUBSCRIBE_A "*2\r\n$11\r\nUNSUBSCRIBE\r\n$1\r\na\r\n"
#define SUBSCRIBED_A "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
#define UNSUBSCRIBED_A "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n"

static void subscribes_and_hears(void **state)
{
    struct fixture *f = *state;
    redis_subscriber_subscribe(f->subscriber, slice_of("a"));
    expect_sent(f, SUBSCRIBE_A);
    say(f, SUBSCRIBED_A "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$4\r\n7 {}\r\n");
    expect_heard(f, "subscribed a ;message a 7 {};");
    redis_subscriber_subscribe(f->subscriber, slice_of("a")); /* again: told, not asked */
    expect_heard(f, "subscribed a ;");
    redis_subscriber_unsubscribe(f->subscriber, slice_of("a"));
    expect_sent(f, UNSUBSCRIBE_A);
    say(f, UNSUBSCRIBED_A);
}

/* The first confirmation is of a subscription that has been undone since: between it and the
 * last one messages are lost. */
static void an_old_confirmation_confirms_nothing(void **state)
{
    struct fixture *f = *state;
    redis_subscriber_subscribe(f->subscriber, slice_of("a"));
    expect_sent(f, SUBSCRIBE_A);
    redis_subscriber_unsubscribe(f->subscriber, slice_of("a"));
    expect_sent(f, UNSUBSCRIBE_A);
    redis_subscriber_subscribe(f->subscriber, slice_of("a"));
    expect_sent(f, SUBSCRIBE_A);
    say(f, SUBSCRIBED_A UNSUBSCRIBED_A "*3\r\n$7\r\nmessage\r\n$1\r\nb\r\n$1\r\n0\r\n");
    expect_heard(f, "message b 0;");
    say(f, SUBSCRIBED_A);
    expect_heard(f, "subscribed a ;");
}

static void a_new_connection_asks_again(void **state)
{
    struct fixture *f = *state;
    redis_subscriber_subscribe(f->subscriber, slice_of("a"));
    expect_sent(f, SUBSCRIBE_A);
    say(f, SUBSCRIBED_A);
    expect_heard(f, "subscribed a ;");
    close(f->peer);
    accept_peer(f);
    expect_sent(f, SUBSCRIBE_A);
    say(f, SUBSCRIBED_A);
    expect_heard(f, "down  ;up  ;subscribed a ;");
}

static void silence_is_asked_about_and_ends_the_connection(void **state)
{
    struct fixture *f = *state;
    expect_sent(f, "*1\r\n$4\r\nPING\r\n");
    say(f, "+PONG\r\n"); /* without channels */
    expect_sent(f, "*1\r\n$4\r\nPING\r\n");
    say(f, "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    expect_sent(f, "*1\r\n$4\r\nPING\r\n");
    expect_heard(f, "down  ;up  ;"); /* the listener's backlog takes the next connection */
    close(f->peer);
    accept_peer(f);
}

static void what_no_subscriber_is_told_ends_the_connection(void **state)
{
    struct fixture *f = *state;
    say(f, "-NOAUTH Authentication required.\r\n");
    expect_heard(f, "down  ;up  ;");
    close(f->peer);
    accept_peer(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(subscribes_and_hears, setup, teardown),
        cmocka_unit_test_setup_teardown(an_old_confirmation_confirms_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_connection_asks_again, setup, teardown),
        cmocka_unit_test_setup_teardown(silence_is_asked_about_and_ends_the_connection, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_no_subscriber_is_told_ends_the_connection, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

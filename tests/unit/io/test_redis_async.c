/* The asynchronous Redis client against a stand-in that answers late, in pieces, with errors or not
 * at all, on a loop of poll(). Owner: tests. Thread: the loop's; the stand-in is played by the test
 * itself.
 */
#include "../test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "io/redis_async.h"

/* ---- a loop: at most one watch and one timer, as this client uses */

struct loop {
    int fd; /* -1: no watch */
    bool read, write;
    void (*ready)(void *, bool, bool);
    void *ready_arg;
    int64_t due_us; /* 0: no timer */
    void (*fire)(void *);
    void *fire_arg;
};

static void *watch_new(void *arg, int fd, void (*ready)(void *, bool, bool), void *ready_arg)
{
    struct loop *loop = arg;
    assert_int_equal(loop->fd, -1);
    *loop = (struct loop){.fd = dup(fd),
                          .ready = ready,
                          .ready_arg = ready_arg,
                          .due_us = loop->due_us,
                          .fire = loop->fire,
                          .fire_arg = loop->fire_arg};
    return loop;
}

static void watch_read(void *watch, bool on)
{
    ((struct loop *)watch)->read = on;
}

static void watch_write_once(void *watch)
{
    ((struct loop *)watch)->write = true;
}

static void watch_free(void *watch)
{
    struct loop *loop = watch;
    close(loop->fd);
    loop->fd = -1;
}

static void *timer_start(void *arg, int delay_ms, void (*fire)(void *), void *fire_arg)
{
    struct loop *loop = arg;
    assert_int_equal(loop->due_us, 0);
    loop->due_us = clock_monotonic_us() + delay_ms * 1000;
    loop->fire = fire;
    loop->fire_arg = fire_arg;
    return loop;
}

static void timer_stop(void *timer)
{
    ((struct loop *)timer)->due_us = 0;
}

static const struct redis_loop functions = {
    watch_new, watch_read, watch_write_once, watch_free, timer_start, timer_stop,
};

/* ---- the fixture */

struct fixture {
    struct loop loop;
    int listener, peer;
    struct redis_endpoint *endpoint;
    struct redis_async *redis;
    int called, answered; /* callbacks, and those with a reply */
    int connected;        /* connections announced */
    char version[32], view[32];
};

static void turn(struct fixture *f)
{
    struct loop *loop = &f->loop;
    short events = (short)((loop->read ? POLLIN : 0) | (loop->write ? POLLOUT : 0));
    struct pollfd poller = {.fd = loop->fd, .events = events};
    if (loop->fd >= 0 && poll(&poller, 1, 1) == 1) {
        bool readable = (poller.revents & (POLLIN | POLLHUP | POLLERR)) != 0 && loop->read;
        bool writable = (poller.revents & (POLLOUT | POLLHUP | POLLERR)) != 0 && loop->write;
        if (writable)
            loop->write = false;
        loop->ready(loop->ready_arg, readable, writable);
    }
    if (loop->due_us != 0 && clock_monotonic_us() >= loop->due_us) {
        loop->due_us = 0;
        loop->fire(loop->fire_arg);
    }
    redis_async_flush(f->redis);
}

#define TURN_UNTIL(f, condition)                                                                   \
    do {                                                                                           \
        int64_t give_up_us = clock_monotonic_us() + 5000000;                                       \
        while (!(condition)) {                                                                     \
            turn(f);                                                                               \
            assert_true(clock_monotonic_us() < give_up_us);                                        \
        }                                                                                          \
    } while (0)

static bool accepted(struct fixture *f)
{
    if (f->peer < 0)
        f->peer = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK);
    return f->peer >= 0;
}

static void on_connected(void *arg)
{
    ((struct fixture *)arg)->connected++;
}

static int setup(void **state)
{
    struct fixture *f = mem_calloc(1, sizeof(*f));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    struct error err;
    char text[32];
    signal(SIGPIPE, SIG_IGN);
    f->loop.fd = f->peer = -1;
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(f->listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(f->listener, 8), 0);
    getsockname(f->listener, (struct sockaddr *)&address, &length);
    snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(address.sin_port));
    assert_int_equal(redis_endpoint_new(text, &err, &f->endpoint), 0);
    assert_int_equal(redis_endpoint_resolve(f->endpoint, &err), 0);
    struct redis_async_options options = {
        .loop = &functions,
        .loop_context = &f->loop,
        .endpoint = f->endpoint,
        .connected = on_connected,
        .connected_arg = f,
        .connect_timeout_ms = 500,
        .command_timeout_ms = 30,
        .pending_max = 4,
    };
    f->redis = redis_async_new(&options);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    redis_async_free(f->redis);
    redis_endpoint_free(f->endpoint);
    if (f->peer >= 0)
        close(f->peer);
    if (f->listener >= 0)
        close(f->listener);
    free(f);
    return 0;
}

static void on_fields(void *arg, const struct redis_reply_fields *reply)
{
    struct fixture *f = arg;
    f->called++;
    if (reply == NULL)
        return;
    f->answered++;
    snprintf(f->version, sizeof(f->version), "%.*s", (int)reply->values[0].len,
             reply->values[0].data != NULL ? reply->values[0].data : "");
    snprintf(f->view, sizeof(f->view), "%.*s", (int)reply->values[1].len,
             reply->values[1].data != NULL ? reply->values[1].data : "");
}

static bool ask(struct fixture *f)
{
    static const char *const fields[] = {"version", "view"};
    return redis_async_hmget(f->redis, slice_of("cart:1"), fields, 2, on_fields, f);
}

/* Connected when the first question is accepted. */
static void connect_and_ask(struct fixture *f)
{
    bool asked = false;
    TURN_UNTIL(f, accepted(f) && (asked = ask(f)));
    assert_true(asked);
}

static void say(struct fixture *f, const char *bytes)
{
    assert_int_equal(write(f->peer, bytes, strlen(bytes)), strlen(bytes));
}

/* ---- the tests */

static const char question[] =
    "*4\r\n$5\r\nHMGET\r\n$6\r\ncart:1\r\n$7\r\nversion\r\n$4\r\nview\r\n";

static void questions_of_a_turn_go_together(void **state)
{
    struct fixture *f = *state;
    char received[512];
    connect_and_ask(f);
    assert_true(ask(f));
    turn(f); /* flushes */
    ssize_t length = 0;
    TURN_UNTIL(f, (length = read(f->peer, received, sizeof(received))) > 0);
    assert_int_equal(length, 2 * (sizeof(question) - 1));
    assert_memory_equal(received, question, sizeof(question) - 1);
    say(f, "*2\r\n$1\r\n7\r\n$2\r\n{}\r\n*2\r\n$-1\r\n$-1");
    TURN_UNTIL(f, f->called == 1);
    assert_string_equal(f->version, "7");
    assert_string_equal(f->view, "{}");
    say(f, "\r\n");
    TURN_UNTIL(f, f->called == 2);
    assert_int_equal(f->answered, 2);
    assert_string_equal(f->view, ""); /* missing */
}

static void errors_and_odd_replies_are_no_reply(void **state)
{
    struct fixture *f = *state;
    connect_and_ask(f);
    assert_true(ask(f) && ask(f));
    say(f, "-LOADING wait\r\n*1\r\n$1\r\n7\r\n$1\r\n7\r\n");
    TURN_UNTIL(f, f->called == 3);
    assert_int_equal(f->answered, 0);
}

static void late_replies_are_dropped_and_nobody_waits_behind_them(void **state)
{
    struct fixture *f = *state;
    connect_and_ask(f);
    TURN_UNTIL(f, f->called == 1);
    assert_int_equal(f->answered, 0);
    assert_false(ask(f));
    say(f, "*2\r\n$1\r\n7\r\n$2\r\n{}\r\n");
    TURN_UNTIL(f, ask(f));
    say(f, "*2\r\n$1\r\n8\r\n$2\r\n[]\r\n");
    TURN_UNTIL(f, f->called == 2);
    assert_string_equal(f->version, "8"); /* not the late one */
}

static void a_stuck_connection_is_replaced(void **state)
{
    struct fixture *f = *state;
    connect_and_ask(f);
    TURN_UNTIL(f, f->called == 1);
    int first = f->peer;
    f->peer = -1;
    TURN_UNTIL(f, accepted(f) && ask(f));
    say(f, "*2\r\n$1\r\n9\r\n$2\r\n{}\r\n");
    TURN_UNTIL(f, f->answered == 1);
    close(first);
}

static void a_lost_connection_calls_back_and_is_replaced(void **state)
{
    struct fixture *f = *state;
    connect_and_ask(f);
    close(f->peer);
    f->peer = -1;
    TURN_UNTIL(f, f->called == 1);
    assert_int_equal(f->answered, 0);
    assert_false(ask(f));
    assert_int_equal(f->connected, 1);
    TURN_UNTIL(f, accepted(f) && ask(f));
    assert_int_equal(f->connected, 2); /* said before anything could be asked */
    say(f, "*2\r\n$1\r\n9\r\n$2\r\n{}\r\n");
    TURN_UNTIL(f, f->answered == 1);
}

static void garbage_ends_the_connection(void **state)
{
    struct fixture *f = *state;
    connect_and_ask(f);
    say(f, "HTTP/1.1 400 Bad Request\r\n\r\n");
    TURN_UNTIL(f, f->called == 1);
    assert_int_equal(f->answered, 0);
}

static void nobody_there_is_a_quick_no(void **state)
{
    struct fixture *f = *state;
    close(f->listener);
    f->listener = -1;
    for (int i = 0; i < 100; i++) {
        turn(f);
        if (f->loop.fd < 0)
            assert_false(ask(f));
    }
    TURN_UNTIL(f, f->loop.fd < 0);
    assert_false(ask(f));
}

static void too_many_are_refused_and_freeing_calls_back(void **state)
{
    struct fixture *f = *state;
    connect_and_ask(f);
    assert_true(ask(f) && ask(f) && ask(f));
    assert_false(ask(f)); /* pending_max */
    redis_async_free(f->redis);
    f->redis = NULL;
    assert_int_equal(f->called, 4);
    assert_int_equal(f->answered, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(questions_of_a_turn_go_together, setup, teardown),
        cmocka_unit_test_setup_teardown(errors_and_odd_replies_are_no_reply, setup, teardown),
        cmocka_unit_test_setup_teardown(late_replies_are_dropped_and_nobody_waits_behind_them,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_stuck_connection_is_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lost_connection_calls_back_and_is_replaced, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(garbage_ends_the_connection, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_there_is_a_quick_no, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_are_refused_and_freeing_calls_back, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

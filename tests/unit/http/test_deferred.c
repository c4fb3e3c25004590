/* Answers from other threads, deadlines, and what a worker's loop offers to async clients.
 * Owner: lib/http. Thread: the test's and the server's.
 */
#include "http/http.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "http/problem.h"
#include "raw_client.h"

enum { DEADLINE_MS = 300 };

/* A deferred request in the hands of another thread: of the answering one, or of the test. */
struct job {
    struct queue_node node;
    struct http_deferred deferred;
    struct fixture *fixture;
    int rounds; /* deferred again so many times */
};

struct fixture {
    struct http_server *server;
    int port;
    pthread_t thread;
    struct queue jobs; /* answered by the thread */
    struct queue held; /* answered when a test says so */
    atomic_int answered, gone, fired, turns;
    int pipe[2];
    struct http_watch *watch;
    struct http_timer *stopped;
};

static void complete(struct http_deferred *deferred)
{
    struct job *job = CONTAINER_OF(deferred, struct job, deferred);
    struct fixture *fixture = job->fixture;
    if (deferred->request == NULL) {
        fixture->gone++;
    } else if (job->rounds-- > 0) {
        http_defer(deferred->request, deferred, complete);
        CHECK(queue_push(&fixture->jobs, &job->node));
        return;
    } else {
        fixture->answered++;
        http_answer(deferred->request, 200, "text/plain", http_path(deferred->request));
    }
    free(job);
}

static struct job *defer(struct http_request *request, struct fixture *fixture)
{
    struct job *job = calloc(1, sizeof(*job));
    job->fixture = fixture;
    http_defer(request, &job->deferred, complete);
    return job;
}

static void later(struct http_request *request, void *context)
{
    struct fixture *fixture = context;
    CHECK(queue_push(&fixture->jobs, &defer(request, fixture)->node));
}

static void thrice(struct http_request *request, void *context)
{
    struct fixture *fixture = context;
    struct job *job = defer(request, fixture);
    job->rounds = 2;
    CHECK(queue_push(&fixture->jobs, &job->node));
}

static void hold(struct http_request *request, void *context)
{
    struct fixture *fixture = context;
    CHECK(queue_push(&fixture->held, &defer(request, fixture)->node));
}

/* Defers and answers all the same: the deferred must find the request gone. */
static void both(struct http_request *request, void *context)
{
    struct fixture *fixture = context;
    struct job *job = defer(request, fixture);
    problem_answer(request, &problem_overloaded, NULL, NULL, 0);
    http_post(&job->deferred);
}

/* Posts what was taken, one list for each worker. */
static void post_all(struct queue_node *node)
{
    struct http_deferred *lists[2] = {NULL, NULL};
    while (node != NULL) {
        struct job *job = CONTAINER_OF(node, struct job, node);
        node = node->next;
        int index = http_worker_index(job->deferred.worker);
        job->deferred.node.next = lists[index] != NULL ? &lists[index]->node : NULL;
        lists[index] = &job->deferred;
    }
    http_post(lists[0]);
    http_post(lists[1]);
}

static void *answer_jobs(void *arg)
{
    struct fixture *fixture = arg;
    while (!queue_closed(&fixture->jobs) || queue_length(&fixture->jobs) > 0)
        post_all(queue_take(&fixture->jobs, 64, INT64_MAX));
    return NULL;
}

static void on_pipe(void *arg, bool readable, bool writable)
{
    struct fixture *fixture = arg;
    char byte;
    (void)writable;
    CHECK(readable && read(fixture->pipe[0], &byte, 1) == 1);
    if (byte == 'q') {
        http_watch_free(fixture->watch);
        fixture->watch = NULL;
    }
    fixture->fired++;
}

static void on_timer(void *arg)
{
    struct fixture *fixture = arg;
    fixture->fired++;
}

static void on_turn(void *arg)
{
    struct fixture *fixture = arg;
    fixture->turns++;
}

static void on_worker_start(struct http_worker *worker, void *context)
{
    struct fixture *fixture = context;
    http_worker_set_local(worker, fixture);
    if (http_worker_index(worker) != 0)
        return;
    http_worker_set_after_turn(worker, on_turn, fixture);
    fixture->watch = http_watch_new(worker, fixture->pipe[0], on_pipe, fixture);
    http_watch_read(fixture->watch, true);
    http_timer_start(worker, 20, on_timer, fixture);
    fixture->stopped = http_timer_start(worker, 60000, on_timer, fixture);
}

static void on_worker_stop(struct http_worker *worker, void *context)
{
    struct fixture *fixture = http_worker_local(worker);
    CHECK(fixture == context);
    if (http_worker_index(worker) == 0) {
        http_timer_stop(fixture->stopped);
        http_timer_start(worker, 1, on_timer, fixture); /* freed, never fired */
        http_watch_free(fixture->watch);
    }
}

static const struct http_route routes[] = {
    {"GET", "/later/{n}", "later", later, HTTP_PUBLIC},
    {"GET", "/thrice", "thrice", thrice, HTTP_PUBLIC},
    {"GET", "/hold/{n}", "hold", hold, HTTP_PUBLIC},
    {"GET", "/both", "both", both, HTTP_PUBLIC},
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct error err;
    queue_init(&fixture->jobs, 100000);
    queue_init(&fixture->held, 100);
    CHECK(pipe2(fixture->pipe, O_CLOEXEC) == 0);
    CHECK(pthread_create(&fixture->thread, NULL, answer_jobs, fixture) == 0);
    struct http_options options = {
        .address = "127.0.0.1",
        .workers = 2,
        .max_connections = 3,
        .request_timeout_ms = DEADLINE_MS,
        .idle_timeout_ms = 2 * DEADLINE_MS,
        .max_body_bytes = 1000,
        .drain_timeout_ms = 200,
        .routes = routes,
        .route_count = ARRAY_SIZE(routes),
        .context = fixture,
        .on_worker_start = on_worker_start,
        .on_worker_stop = on_worker_stop,
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
    queue_close(&fixture->jobs);
    CHECK(pthread_join(fixture->thread, NULL) == 0);
    queue_destroy(&fixture->jobs);
    queue_destroy(&fixture->held);
    close(fixture->pipe[0]);
    close(fixture->pipe[1]);
    free(fixture);
    return 0;
}

static void wait_until(atomic_int *value, int at_least)
{
    int64_t deadline_us = clock_monotonic_us() + 10000000;
    while (*value < at_least) {
        assert_true(clock_monotonic_us() < deadline_us);
        usleep(1000);
    }
}

static struct queue_node *take_held(struct fixture *fixture)
{
    struct queue_node *node = queue_take(&fixture->held, 1, clock_monotonic_us() + 10000000);
    assert_non_null(node);
    return node;
}

static void test_answer_from_another_thread(void **state)
{
    struct fixture *fixture = *state;
    struct client client;
    struct answer answer;
    client_open(&client, fixture->port);
    for (int i = 0; i < 100; i++) {
        client_send(&client, GET("/later/1"));
        client_receive(&client, &answer);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer.body, "/later/1");
    }
    client_close(&client);
}

static void test_pipelined_answers_keep_their_order(void **state)
{
    struct fixture *fixture = *state;
    struct client client;
    struct answer answer;
    struct buf text = {0};
    for (int i = 0; i < 50; i++)
        buf_printf(&text, "GET /%s%d HTTP/1.1\r\n" HOST_LINE "\r\n",
                   i % 3 == 0 ? "nope/" : "later/", i);
    client_open(&client, fixture->port);
    client_send_bytes(&client, text.data, text.len);
    for (int i = 0; i < 50; i++) {
        char path[32];
        snprintf(path, sizeof(path), "/later/%d", i);
        client_receive(&client, &answer);
        assert_int_equal(answer.status, i % 3 == 0 ? 404 : 200);
        if (i % 3 != 0)
            assert_string_equal(answer.body, path);
    }
    client_close(&client);
    buf_free(&text);
}

/* While a request waits the connection stays registered: more input must neither be read nor spin.
 */
static void test_input_while_waiting(void **state)
{
    struct fixture *fixture = *state;
    struct client client;
    struct answer answer;
    client_open(&client, fixture->port);
    client_send(&client, GET("/hold/1"));
    struct queue_node *node = take_held(fixture);
    int turns = fixture->turns;
    client_send(&client, GET("/later/2"));
    usleep(100000);
    assert_true(fixture->turns - turns < 100);
    post_all(node);
    client_receive(&client, &answer);
    assert_string_equal(answer.body, "/hold/1");
    client_receive(&client, &answer);
    assert_string_equal(answer.body, "/later/2");
    client_close(&client);
}

static void test_deferred_again(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer;
    client_ask(fixture->port, GET("/thrice"), &answer);
    assert_int_equal(answer.status, 200);
}

static void test_client_gone(void **state)
{
    struct fixture *fixture = *state;
    for (int reset = 0; reset <= 1; reset++) {
        struct client client;
        int done = fixture->answered + fixture->gone;
        client_open(&client, fixture->port);
        client_send(&client, GET("/hold/1"));
        struct queue_node *node = take_held(fixture);
        struct linger hard = {.l_onoff = 1, .l_linger = 0};
        if (reset)
            CHECK(setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)) == 0);
        client_close(&client);
        usleep(20000);
        post_all(node);
        int64_t deadline_us = clock_monotonic_us() + 10000000;
        while (fixture->answered + fixture->gone == done)
            assert_true(clock_monotonic_us() < deadline_us);
    }
    struct answer answer;
    client_ask(fixture->port, GET("/later/1"), &answer);
    assert_int_equal(answer.status, 200);
}

static void test_deadline(void **state)
{
    struct fixture *fixture = *state;
    struct client client;
    struct answer answer;
    int gone = fixture->gone;
    client_open(&client, fixture->port);
    int64_t start_us = clock_monotonic_us();
    client_send(&client, GET("/hold/1"));
    client_receive(&client, &answer);
    int64_t took_ms = (clock_monotonic_us() - start_us) / 1000;
    assert_int_equal(answer.status, 503);
    assert_non_null(strstr(answer.body, "\"code\":\"deadline_exceeded\""));
    assert_string_equal(answer_header(&answer, "retry-after"), "1");
    assert_true(took_ms >= DEADLINE_MS && took_ms < DEADLINE_MS + 1000);
    client_send(&client, GET("/later/1")); /* the connection goes on */
    client_receive(&client, &answer);
    assert_int_equal(answer.status, 200);
    post_all(take_held(fixture));
    wait_until(&fixture->gone, gone + 1);
    client_close(&client);
}

static void test_deferred_and_answered(void **state)
{
    struct fixture *fixture = *state;
    struct answer answer;
    int gone = fixture->gone;
    client_ask(fixture->port, GET("/both"), &answer);
    assert_int_equal(answer.status, 503);
    wait_until(&fixture->gone, gone + 1);
}

static void test_idle_and_slow_connections_end(void **state)
{
    static const char *const beginnings[] = {
        "", "GET /later/1 HT", "POST /x HTTP/1.1\r\n" HOST_LINE "Content-Length: 9\r\n\r\nabc"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_SIZE(beginnings); i++) {
        struct client client;
        int64_t start_us = clock_monotonic_us();
        client_open(&client, fixture->port);
        client_send(&client, beginnings[i]);
        assert_true(client_at_end(&client));
        int64_t took_ms = (clock_monotonic_us() - start_us) / 1000;
        assert_true(took_ms >= 2 * DEADLINE_MS - 50 && took_ms < 2 * DEADLINE_MS + 1000);
        client_close(&client);
    }
}

static void test_connection_cap(void **state)
{
    struct fixture *fixture = *state;
    struct client clients[3], extra;
    struct answer answer;
    for (size_t i = 0; i < 3; i++) {
        client_open(&clients[i], fixture->port);
        client_send(&clients[i], GET("/later/1"));
        client_receive(&clients[i], &answer);
        assert_int_equal(answer.status, 200);
    }
    client_open(&extra, fixture->port); /* by the kernel; it waits in the backlog */
    client_send(&extra, GET("/later/2"));
    struct timeval brief = {.tv_usec = 150000}, usual = {.tv_sec = 10};
    CHECK(setsockopt(extra.fd, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof(brief)) == 0);
    assert_false(client_fill(&extra));
    assert_int_equal(errno, EAGAIN);
    client_close(&clients[0]);
    CHECK(setsockopt(extra.fd, SOL_SOCKET, SO_RCVTIMEO, &usual, sizeof(usual)) == 0);
    client_receive(&extra, &answer);
    assert_int_equal(answer.status, 200);
    client_close(&clients[1]);
    client_close(&clients[2]);
    client_close(&extra);
}

static void test_watch_and_timer(void **state)
{
    struct fixture *fixture = *state;
    wait_until(&fixture->fired, 1); /* the timer of on_worker_start */
    assert_int_equal(write(fixture->pipe[1], "a", 1), 1);
    wait_until(&fixture->fired, 2);
    assert_int_equal(write(fixture->pipe[1], "q", 1), 1); /* freed in its own callback */
    wait_until(&fixture->fired, 3);
    assert_true(fixture->turns > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer_from_another_thread),
        cmocka_unit_test(test_pipelined_answers_keep_their_order),
        cmocka_unit_test(test_input_while_waiting),
        cmocka_unit_test(test_deferred_again),
        cmocka_unit_test(test_client_gone),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_deferred_and_answered),
        cmocka_unit_test(test_idle_and_slow_connections_end),
        cmocka_unit_test(test_connection_cap),
        cmocka_unit_test(test_watch_and_timer),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

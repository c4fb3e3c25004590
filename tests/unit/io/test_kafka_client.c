/* Calls that may never return: the caller goes on, and the process ends without exit()'s cleaning
 * up. */
#include "io/kafka_client.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/kafka_end.h"
#include "tests/unit/test.h"

enum { CODE = 7, CLEANED_UP = 99 };

static void set(void *argument)
{
    atomic_store((atomic_bool *)argument, true);
}

static void hang(void *argument)
{
    (void)argument;
    for (;;)
        pause();
}

static void a_call_that_returns_is_waited_for(void **state)
{
    atomic_bool done = false;
    (void)state;
    assert_true(kafka_run_bounded(set, &done, 10000));
    assert_true(atomic_load(&done));
    assert_int_equal(kafka_end_process(CODE), CODE);
}

/* What exit() runs, and a hanging thread must not see. */
static void clean_up(void)
{
    _exit(CLEANED_UP);
}

static int end_of_child(void (*run)(void *), void *argument)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        atexit(clean_up);
        bool ended = kafka_run_bounded(run, argument, run == hang ? 20 : 10000);
        if (ended == (run == hang))
            _exit(1);
        exit(kafka_end_process(CODE));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_process_with_a_hanging_call_ends_at_once(void **state)
{
    atomic_bool done = false;
    (void)state;
    assert_int_equal(end_of_child(hang, NULL), CODE);
    assert_int_equal(end_of_child(set, &done), CLEANED_UP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_returns_is_waited_for),
        cmocka_unit_test(a_process_with_a_hanging_call_ends_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

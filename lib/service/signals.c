/* Signals as flags, taken by a thread of its own.
 * Owner: lib/service. Thread: see signals.h.
 */
#include "service/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"

static void fill_set(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
}

static void watch_drain(int timeout_ms)
{
    struct timespec left = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
    log_error("the drain did not end in time; ending the process",
              LOG_INT("drainTimeoutMs", timeout_ms));
    _exit(1);
}

static void *wait_for_signals(void *argument)
{
    struct signals *signals = argument;
    sigset_t set;
    fill_set(&set);
    for (;;) {
        int number;
        if (sigwait(&set, &number) != 0)
            continue;
        if (number == SIGHUP) {
            atomic_store(&signals->reload, true);
            continue;
        }
        atomic_store(&signals->drain, true);
        watch_drain(signals->drain_timeout_ms);
    }
    return NULL;
}

void signals_start(struct signals *signals, int drain_timeout_ms)
{
    pthread_t thread;
    sigset_t set;
    signals->drain_timeout_ms = drain_timeout_ms;
    fill_set(&set);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    CHECK(pthread_create(&thread, NULL, wait_for_signals, signals) == 0);
    pthread_detach(thread);
}

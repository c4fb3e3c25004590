/* News between processes: NOTIFY and LISTEN on a connection of its own.
 * Owner: lib/eventstore. Thread: its own, but for wake_others.
 */
#include "eventstore/relay_wake.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

enum {
    INTERVAL_NS = 3000000, /* between two NOTIFY */
    STATEMENT_MS = 5000,
    RETRY_MS = 1000,
};

struct relay_wake {
    struct pg_options pg_options;
    void (*heard)(void *context);
    void *context;
    pthread_t thread;
    int fd;
    atomic_bool asked, stopping;
    struct pg *pg;
    struct buf listen, notify; /* the statements */
};

static void drain(int fd)
{
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof(count));
    (void)got; /* empty is fine */
}

static void connect_store(struct relay_wake *wake)
{
    if (pg_open(&wake->pg_options, NULL, &wake->pg) != 0) {
        wake->pg = NULL;
        return;
    }
    if (pg_script(wake->pg, buf_cstr(&wake->listen), STATEMENT_MS, NULL) != 0) {
        pg_close(wake->pg);
        wake->pg = NULL;
        return;
    }
    wake->heard(wake->context); /* something may have been missed */
}

static void drop_store(struct relay_wake *wake)
{
    pg_close(wake->pg);
    wake->pg = NULL;
}

static void send_news(struct relay_wake *wake)
{
    static const struct timespec interval = {.tv_nsec = INTERVAL_NS};
    if (!atomic_exchange(&wake->asked, false))
        return;
    if (pg_script(wake->pg, buf_cstr(&wake->notify), STATEMENT_MS, NULL) != 0 &&
        !pg_usable(wake->pg)) {
        drop_store(wake);
        return;
    }
    nanosleep(&interval, NULL);
}

/* Waits for a request, a notification, or the time to try to connect again. */
static void wait_news(struct relay_wake *wake)
{
    struct pollfd fds[2] = {{.fd = wake->fd, .events = POLLIN}, {.fd = -1, .events = POLLIN}};
    if (wake->pg != NULL)
        fds[1].fd = pg_socket(wake->pg);
    if (poll(fds, 2, wake->pg != NULL ? -1 : RETRY_MS) <= 0)
        return;
    if (fds[0].revents != 0)
        drain(wake->fd);
    if (fds[1].revents != 0) {
        int heard = pg_wait_notification(wake->pg, 0, NULL);
        if (heard > 0)
            wake->heard(wake->context);
        else if (heard < 0)
            drop_store(wake);
    }
}

static void *wake_main(void *argument)
{
    struct relay_wake *wake = argument;
    while (!atomic_load(&wake->stopping)) {
        if (wake->pg == NULL)
            connect_store(wake);
        if (wake->pg != NULL)
            send_news(wake);
        if (!atomic_load(&wake->asked) || wake->pg == NULL)
            wait_news(wake);
    }
    if (wake->pg != NULL)
        send_news(wake);
    drop_store(wake);
    return NULL;
}

static void wake_free(struct relay_wake *wake)
{
    buf_free(&wake->listen);
    buf_free(&wake->notify);
    free(wake);
}

int wake_start(const struct wake_options *options, struct error *err, struct relay_wake **ret_wake)
{
    struct relay_wake *wake = mem_calloc(1, sizeof(*wake));
    sigset_t all, before;
    wake->pg_options = options->pg;
    wake->heard = options->heard;
    wake->context = options->context;
    /* A NOTIFY is worth nothing after a crash: its commit need not wait for the disk. */
    buf_printf(&wake->listen, "SET synchronous_commit = off; LISTEN %s_appended",
               options->category->name);
    buf_printf(&wake->notify, "NOTIFY %s_appended", options->category->name);
    wake->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake->fd < 0) {
        wake_free(wake);
        return error_set(err, ERROR_RETRIABLE, "eventfd: %m");
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    CHECK(pthread_create(&wake->thread, NULL, wake_main, wake) == 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    *ret_wake = wake;
    return 0;
}

static void poke(struct relay_wake *wake)
{
    static const uint64_t one = 1;
    ssize_t written = write(wake->fd, &one, sizeof(one));
    (void)written; /* full means awake already */
}

void wake_others(struct relay_wake *wake)
{
    if (!atomic_exchange(&wake->asked, true))
        poke(wake);
}

void wake_stop(struct relay_wake *wake)
{
    if (wake == NULL)
        return;
    atomic_store(&wake->stopping, true);
    poke(wake);
    CHECK(pthread_join(wake->thread, NULL) == 0);
    close(wake->fd);
    wake_free(wake);
}

/* The relay: start, stop, the loop, offers from other threads.
 * Owner: lib/eventstore. Thread: its own; relay_offer and relay_healthy from any.
 */
#include "eventstore/relay.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "eventstore/relay_internal.h"

enum {
    INBOX_EVENTS = 65536,
    INBOX_BYTES = 32 << 20,
    IDLE_MS = 1000,
    TAIL_WAIT_MS = 5, /* while the topic's tail is read */
    STOP_FLUSH_MS = 2000,
    BACKOFF_FIRST_MS = 50,
    BACKOFF_MOST_MS = 2000,
};

void relay_poke(struct relay *relay)
{
    static const uint64_t one = 1;
    if (atomic_exchange(&relay->woken, true))
        return;
    ssize_t written = write(relay->wake_fd, &one, sizeof(one));
    (void)written; /* full means awake already */
}

static void drain(int fd)
{
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof(count));
    (void)got; /* empty is fine */
}

int relay_backoff_ms(struct relay *relay, int failures)
{
    int most = BACKOFF_FIRST_MS;
    for (int i = 1; i < failures && most < BACKOFF_MOST_MS; i++)
        most *= 2;
    if (most > BACKOFF_MOST_MS)
        most = BACKOFF_MOST_MS;
    /* xorshift: two relays that failed together do not come back together. */
    relay->jitter ^= relay->jitter << 13;
    relay->jitter ^= relay->jitter >> 7;
    relay->jitter ^= relay->jitter << 17;
    return most / 2 + (int)(relay->jitter % (uint64_t)(most / 2));
}

void relay_store_failed(struct relay *relay, const struct error *err)
{
    if (!relay->store_trouble)
        log_warning("relay cannot reach the store; it keeps trying",
                    LOG_TEXT("category", relay->category->name), LOG_TEXT("error", err->message));
    relay->store_trouble = true;
    relay->pg_failures++;
    relay->pg_retry_us =
        clock_monotonic_us() + (int64_t)relay_backoff_ms(relay, relay->pg_failures) * 1000;
    if (relay->pg != NULL && !pg_usable(relay->pg)) {
        pg_close(relay->pg);
        relay->pg = NULL;
    }
}

int64_t relay_appended_bytes(const struct appended *batch)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < batch->count; i++)
        bytes += (int64_t)(sizeof(batch->events[i]) + batch->events[i].payload.len);
    return bytes;
}

static bool leads_all(const struct relay *relay, const struct appended *batch, bool *ret_leads_any)
{
    bool all = true;
    *ret_leads_any = false;
    for (size_t i = 0; i < batch->count; i++) {
        if (atomic_load(&relay->partitions[batch->events[i].partition].led))
            *ret_leads_any = true;
        else
            all = false;
    }
    return all;
}

void relay_offer(struct relay *relay, struct appended *appended)
{
    bool leads_any;
    int64_t bytes = relay_appended_bytes(appended);
    int64_t count = (int64_t)appended->count;
    if (!leads_all(relay, appended, &leads_any))
        wake_others(relay->wake);
    if (!leads_any) {
        free(appended);
        return;
    }
    bool fits = atomic_fetch_add(&relay->inbox_events, count) + count <= INBOX_EVENTS;
    fits &= atomic_fetch_add(&relay->inbox_bytes, bytes) + bytes <= INBOX_BYTES;
    if (!fits || !queue_push(&relay->inbox, &appended->node)) {
        atomic_fetch_sub(&relay->inbox_events, count);
        atomic_fetch_sub(&relay->inbox_bytes, bytes);
        atomic_store(&relay->ask_store, true);
        free(appended);
    }
    relay_poke(relay);
}

static void show(struct relay *relay)
{
    for (int i = 0; i < relay->category->partitions; i++) {
        const struct relay_partition *p = &relay->partitions[i];
        unsigned series = (unsigned)i;
        bool leads = p->state != RELAY_FOLLOWING;
        int64_t lag = leads && p->head > p->delivered ? p->head - p->delivered : 0;
        metric_set(relay->metrics.lag, series, lag);
        metric_set(relay->metrics.position, series, leads ? p->delivered : 0);
        metric_set(relay->metrics.leader, series, leads);
        metric_set(relay->metrics.alarm, series, atomic_load(&p->alarm) != RELAY_NO_ALARM);
    }
}

static int64_t earlier(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

static int64_t later(int64_t a_us, int64_t b_us)
{
    return a_us > b_us ? a_us : b_us;
}

/* Until when there is nothing to do, unless somebody wakes us. */
static int64_t next_due_us(const struct relay *relay)
{
    int64_t now_us = clock_monotonic_us();
    int64_t due_us = now_us + (int64_t)IDLE_MS * 1000;
    due_us = earlier(due_us, relay->pg == NULL ? relay->pg_retry_us
                                               : later(relay->lease_due_us, relay->pg_retry_us));
    if (!relay->leading)
        return due_us;
    due_us = earlier(due_us, relay->lease_until_us);
    if (relay->pg == NULL)
        return due_us;
    if (relay_has_backlog(relay))
        return later(now_us, relay->pg_retry_us);
    due_us = earlier(due_us, later(relay->poll_due_us, relay->pg_retry_us));
    if (relay->tail != NULL)
        return earlier(due_us, now_us + (int64_t)TAIL_WAIT_MS * 1000);
    if (relay->resume_due_us > now_us)
        due_us = earlier(due_us, relay->resume_due_us);
    return due_us;
}

static void wait_work(struct relay *relay)
{
    struct pollfd fds[2] = {{.fd = relay->wake_fd, .events = POLLIN}, {.fd = -1, .events = POLLIN}};
    int64_t due_us = next_due_us(relay);
    if (clock_monotonic_us() < relay->pace.due_us) {
        fds[0].fd = -1;
        due_us = earlier(due_us, relay->pace.due_us);
    }
    if (relay->producer != NULL)
        fds[1].fd = kafka_producer_fd(relay->producer);
    if (poll(fds, 2, clock_left_ms(due_us)) <= 0)
        return;
    if (fds[0].revents != 0) {
        drain(relay->wake_fd);
        /* From here on an offer wakes again: the inbox is looked at after this. */
        atomic_store(&relay->woken, false);
    }
    if (fds[1].revents != 0)
        drain(fds[1].fd);
}

static void finish(struct relay *relay)
{
    struct error err;
    if (relay->producer != NULL && !relay->broken) {
        if (kafka_producer_flush(relay->producer, STOP_FLUSH_MS, &err) != 0)
            log_warning("relay stops with events in flight; they are published again",
                        LOG_TEXT("error", err.message));
        relay_store_cursor(relay);
    }
    if (relay->pg != NULL && relay->leading &&
        lease_release(relay->pg, relay->category, &relay->owner, relay->statement_ms, &err) == 0)
        wake_others(relay->wake); /* whoever hears it may lead at once */
    tail_close(relay->tail);
    kafka_producer_close(relay->producer, STOP_FLUSH_MS);
    pg_close(relay->pg);
}

static void *relay_main(void *argument)
{
    struct relay *relay = argument;
    while (!atomic_load(&relay->stopping)) {
        relay_lead(relay);
        relay_take_deliveries(relay);
        relay_resume(relay);
        relay_publish_offered(relay);
        relay_publish_stored(relay);
        if (relay->leading && clock_monotonic_us() >= relay->cursor_due_us)
            relay_store_cursor(relay);
        show(relay);
        wait_work(relay);
    }
    finish(relay);
    return NULL;
}

static void on_heard(void *context)
{
    struct relay *relay = context;
    atomic_store(&relay->ask_store, true);
    relay_poke(relay);
}

static struct metric *add_metric(struct metrics *metrics, const struct metric_spec *spec)
{
    return metrics != NULL ? metrics_add(metrics, spec) : NULL;
}

/* Partitions are a matter of the category: the specs of the gauges belong to the relay. */
static void add_metrics(struct relay *relay, struct metrics *metrics)
{
    static const struct metric_spec gauges[RELAY_GAUGES] = {
        {.name = "cartwright_relay_lag",
         .help = "Events in the store that are not known to be in the topic, where this process "
                 "leads.",
         .type = METRIC_GAUGE,
         .label = "partition"},
        {.name = "cartwright_relay_position",
         .help = "Position up to which every event is in the topic, where this process leads.",
         .type = METRIC_GAUGE,
         .label = "partition"},
        {.name = "cartwright_relay_leader",
         .help = "1 where this process publishes the partition.",
         .type = METRIC_GAUGE,
         .label = "partition"},
        {.name = "cartwright_relay_alarm",
         .help = "1 where topic and store disagree and publishing has stopped.",
         .type = METRIC_GAUGE,
         .label = "partition"},
    };
    static const struct metric_spec published = {.name = "cartwright_relay_published_total",
                                                 .help = "Events delivered to the topic.",
                                                 .type = METRIC_COUNTER};
    static const struct metric_spec resets = {
        .name = "cartwright_relay_resets_total",
        .help = "Times the producer was thrown away and publishing resumed from the topic's tail.",
        .type = METRIC_COUNTER};
    struct metric **targets[RELAY_GAUGES] = {&relay->metrics.lag, &relay->metrics.position,
                                             &relay->metrics.leader, &relay->metrics.alarm};
    for (size_t i = 0; i < RELAY_GAUGES; i++) {
        relay->gauge_specs[i] = gauges[i];
        relay->gauge_specs[i].series = (unsigned)relay->category->partitions;
        *targets[i] = add_metric(metrics, &relay->gauge_specs[i]);
    }
    relay->metrics.published = add_metric(metrics, &published);
    relay->metrics.resets = add_metric(metrics, &resets);
}

static struct relay *relay_new(const struct relay_options *options)
{
    struct relay *relay = mem_calloc(1, sizeof(*relay));
    struct uuid_source source = {0};
    struct buf client_id = {0};
    int third_ms = options->lease_ttl_ms / 3;
    relay->category = options->category;
    relay->inspect = options->inspect;
    relay->connection_string = mem_strdup(options->pg.connection_string);
    relay->application_name = mem_strdup(options->pg.application_name);
    relay->bootstrap_servers = mem_strdup(options->kafka_bootstrap_servers);
    buf_printf(&client_id, "cartwright-relay-%s", options->category->name);
    relay->client_id = mem_strdup(buf_cstr(&client_id));
    buf_free(&client_id);
    relay->lease_ttl_ms = options->lease_ttl_ms;
    relay->poll_ms = options->poll_ms;
    /* Nothing that the loop waits for may outlast the lease. */
    relay->pg_options = options->pg;
    relay->pg_options.connection_string = relay->connection_string;
    relay->pg_options.application_name = relay->application_name;
    if (relay->pg_options.connect_timeout_ms > third_ms)
        relay->pg_options.connect_timeout_ms = third_ms;
    if (relay->pg_options.statement_timeout_ms > third_ms)
        relay->pg_options.statement_timeout_ms = third_ms;
    relay->statement_ms = relay->pg_options.statement_timeout_ms;
    relay->owner = uuid_v7(&source, clock_wall_us());
    uuid_random(&source, &relay->jitter, sizeof(relay->jitter));
    relay->jitter |= 1;
    relay->partitions =
        mem_calloc((size_t)options->category->partitions, sizeof(relay->partitions[0]));
    queue_init(&relay->inbox, INBOX_EVENTS);
    add_metrics(relay, options->metrics);
    return relay;
}

static void relay_free(struct relay *relay)
{
    struct queue_node *node;
    while ((node = queue_take(&relay->inbox, 1, 0)) != NULL)
        free(CONTAINER_OF(node, struct appended, node));
    queue_destroy(&relay->inbox);
    free(relay->current);
    record_headers_free(&relay->headers);
    if (relay->wake_fd >= 0)
        close(relay->wake_fd);
    free(relay->connection_string);
    free(relay->application_name);
    free(relay->bootstrap_servers);
    free(relay->client_id);
    free(relay->partitions);
    free(relay);
}

int relay_start(const struct relay_options *options, struct error *err, struct relay **ret_relay)
{
    CHECK(options->lease_ttl_ms > 0 && options->poll_ms > 0 &&
          options->category->partitions <= RELAY_PARTITIONS_MAX);
    struct relay *relay = relay_new(options);
    const struct wake_options wake = {relay->category, relay->pg_options, on_heard, relay};
    sigset_t all, before;
    relay->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (relay->wake_fd < 0) {
        error_set(err, ERROR_RETRIABLE, "eventfd: %m");
        relay_free(relay);
        return -1;
    }
    if (wake_start(&wake, err, &relay->wake) != 0) {
        relay_free(relay);
        return -1;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    CHECK(pthread_create(&relay->thread, NULL, relay_main, relay) == 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    *ret_relay = relay;
    return 0;
}

void relay_stop(struct relay *relay)
{
    if (relay == NULL)
        return;
    atomic_store(&relay->stopping, true);
    relay_poke(relay);
    CHECK(pthread_join(relay->thread, NULL) == 0);
    wake_stop(relay->wake);
    relay_free(relay);
}

bool relay_healthy(struct relay *relay, char *why, size_t size)
{
    for (int i = 0; i < relay->category->partitions; i++) {
        enum relay_alarm alarm = (enum relay_alarm)atomic_load(&relay->partitions[i].alarm);
        if (alarm != RELAY_NO_ALARM) {
            snprintf(why, size, "partition %d: %s", i, relay_alarm_name(alarm));
            return false;
        }
    }
    return true;
}

/* From the topic's tail to a partition that publishes, or to an alarm.
 * Owner: lib/eventstore. Thread: the relay's.
 */
#include "base/clock.h"
#include "base/log.h"
#include "eventstore/relay_internal.h"

enum { RECHECK_MS = 10000, AUDIT_MS = 30000 };

static const char *const alarm_names[] = {
    [RELAY_NO_ALARM] = "none",
    [RELAY_AHEAD] = "topic ahead of the store",
    [RELAY_DIFFERS] = "topic differs from the store",
    [RELAY_HEADLESS] = "topic was made anew and lacks the first events",
    [RELAY_HOLE] = "hole in the store",
};

static const char *const alarm_todos[] = {
    [RELAY_NO_ALARM] = "",
    [RELAY_AHEAD] =
        ("was the database restored from a backup? Bring back the newer one. Or did somebody else "
         "write an event to the topic? Or else: delete and create the topic, it is filled again by "
         "itself"),
    [RELAY_DIFFERS] =
        ("does another installation write this topic? Give each its own, or delete and create the "
         "topic: it is filled again by itself"),
    [RELAY_HEADLESS] = "delete and create the topic now: it is filled again by itself",
    [RELAY_HOLE] = "restore the missing events",
};

const char *relay_alarm_name(enum relay_alarm alarm)
{
    return alarm_names[alarm];
}

void relay_raise_alarm(struct relay *relay, int partition, enum relay_alarm alarm, int64_t topic,
                       int64_t store)
{
    struct relay_partition *p = &relay->partitions[partition];
    p->state = RELAY_ALARMED;
    p->recheck_us = clock_monotonic_us() + (int64_t)RECHECK_MS * 1000;
    if (atomic_exchange(&p->alarm, (int)alarm) == (int)alarm)
        return;
    log_error("relay stopped a partition", LOG_TEXT("category", relay->category->name),
              LOG_INT("partition", partition), LOG_TEXT("alarm", alarm_names[alarm]),
              LOG_INT("topic_position", topic), LOG_INT("store_position", store),
              LOG_TEXT("todo", alarm_todos[alarm]));
}

struct event_probe {
    bool found;
    int64_t position;
    struct uuid event_id;
};

static int take_probe(void *argument, const struct event_record *event)
{
    struct event_probe *probe = argument;
    *probe = (struct event_probe){true, event->position, event->event_id};
    return 0;
}

static void publish_from(struct relay *relay, const struct tail_result *tail, int64_t last,
                         const char *from)
{
    struct relay_partition *p = &relay->partitions[tail->partition];
    p->state = RELAY_PUBLISHING;
    p->sent = p->delivered = last;
    p->offset = tail->high - 1;
    if (atomic_exchange(&p->alarm, RELAY_NO_ALARM) != RELAY_NO_ALARM)
        log_info("relay publishes a partition again", LOG_TEXT("category", relay->category->name),
                 LOG_INT("partition", tail->partition));
    log_debug("relay resumed", LOG_INT("partition", tail->partition), LOG_INT("position", last),
              LOG_TEXT("from", from));
}

static bool holds_event(const struct tail_result *tail, const struct uuid *event_id)
{
    for (size_t i = 0; i < tail->event_id_count; i++) {
        if (uuid_equal(&tail->event_ids[i], event_id))
            return true;
    }
    return false;
}

/* What is wrong between the topic and the store's event at the position that it ends with. */
static enum relay_alarm judge(const struct tail_result *tail, int64_t position,
                              const struct event_probe *probe)
{
    if (!probe->found)
        return RELAY_AHEAD;
    if (probe->position != position)
        return RELAY_HOLE;
    if (tail->found && !holds_event(tail, &probe->event_id))
        return RELAY_DIFFERS;
    /* Nothing was deleted, and yet it does not begin with the first: events were written to a new
     * topic before anybody saw that it was new. Consumers could not tell that from a loss. */
    if (tail->found && tail->low == 0 && tail->first_position != 1)
        return RELAY_HEADLESS;
    return RELAY_NO_ALARM;
}

/* 0 when the partition has its place (or its alarm), -1 when the store could not be asked. */
static int resume_partition(struct relay *relay, const struct tail_result *tail, struct error *err)
{
    struct relay_partition *p = &relay->partitions[tail->partition];
    struct event_probe probe = {0};
    int64_t position = p->cursor;
    const char *from = "cursor";
    if (tail->found) {
        position = tail->position;
        from = "topic";
    } else if (tail->low == 0) {
        /* It never held a record of ours, or was made anew after it was wiped: what it should hold
         * is published from the first event on; consumers compare positions. With low > 0 it held
         * some and retention took them: the cursor knows how far they went. */
        position = 0;
        from = "empty topic";
    }
    if (position == 0) {
        publish_from(relay, tail, 0, from);
        return 0;
    }
    if (read_partition(relay->pg, relay->category, tail->partition, position - 1, 1, take_probe,
                       &probe, relay->statement_ms, err) != 0)
        return -1;
    enum relay_alarm alarm = judge(tail, position, &probe);
    if (alarm == RELAY_NO_ALARM)
        publish_from(relay, tail, position, from);
    else
        relay_raise_alarm(relay, tail->partition, alarm, position, probe.position);
    return 0;
}

void relay_drop_tail(struct relay *relay)
{
    if (relay->tail == NULL)
        return;
    tail_close(relay->tail);
    relay->tail = NULL;
    for (size_t i = 0; i < relay->tail_count; i++)
        relay->partitions[relay->tail_partitions[i]].in_tail = false;
}

static void topic_failed(struct relay *relay, const struct error *err)
{
    if (!relay->topic_trouble)
        log_warning("relay cannot read the topic; it keeps trying",
                    LOG_TEXT("topic", relay->category->topic), LOG_TEXT("error", err->message));
    relay->topic_trouble = true;
    relay->resets_in_row++;
    relay->resume_due_us =
        clock_monotonic_us() + (int64_t)relay_backoff_ms(relay, relay->resets_in_row) * 1000;
}

/* Whether a partition that has nothing in flight still ends with what was delivered. A topic that
 * is wiped while nobody writes to it is noticed by nothing else. */
static bool audit(struct relay *relay, const struct tail_result *tail)
{
    const struct relay_partition *p = &relay->partitions[tail->partition];
    return tail->found ? tail->position >= p->audited && tail->high > p->offset
                       : tail->low > 0 || p->audited == 0;
}

/* Every partition of the tail that is still waiting for it; the leases may have moved meanwhile. */
static void use_tail(struct relay *relay)
{
    struct error err;
    bool lost = false;
    if (relay->topic_trouble)
        log_info("relay reads the topic again", LOG_TEXT("topic", relay->category->topic));
    relay->topic_trouble = false;
    for (size_t i = 0; i < relay->tail_count && relay->pg != NULL; i++) {
        const struct tail_result *result = tail_result(relay->tail, i);
        struct relay_partition *p = &relay->partitions[result->partition];
        if (!p->in_tail)
            continue;
        if (p->state == RELAY_PUBLISHING && !audit(relay, result))
            lost = true;
        else if (p->state == RELAY_RESUMING && resume_partition(relay, result, &err) != 0)
            relay_store_failed(relay, &err);
    }
    relay_drop_tail(relay);
    atomic_store(&relay->ask_store, true); /* what was committed meanwhile */
    if (lost)
        relay_start_over(relay, "the topic does not end with what was delivered");
}

/* Partitions that wait for their place and, now and then, those that are at rest. */
static void choose_partitions(struct relay *relay)
{
    int64_t now_us = clock_monotonic_us();
    bool with_audit = now_us >= relay->audit_due_us;
    relay->tail_count = 0;
    for (int i = 0; i < relay->category->partitions; i++) {
        struct relay_partition *p = &relay->partitions[i];
        if (p->state == RELAY_ALARMED && now_us >= p->recheck_us)
            p->state = RELAY_RESUMING;
        p->audited = p->delivered;
        p->in_tail = p->state == RELAY_RESUMING ||
                     (with_audit && p->state == RELAY_PUBLISHING && p->sent == p->delivered);
        if (p->in_tail)
            relay->tail_partitions[relay->tail_count++] = i;
    }
    if (with_audit)
        relay->audit_due_us = now_us + (int64_t)AUDIT_MS * 1000;
}

static void begin_tail(struct relay *relay)
{
    const struct tail_options options = {relay->bootstrap_servers, relay->client_id,
                                         relay->category, relay->inspect};
    struct error err;
    choose_partitions(relay);
    if (relay->tail_count == 0)
        return;
    if (tail_open(&options, relay->tail_partitions, relay->tail_count, &err, &relay->tail) != 0) {
        relay->tail = NULL;
        topic_failed(relay, &err);
    }
}

void relay_resume(struct relay *relay)
{
    struct error err;
    /* The store is asked for what the tail says: without it there is nothing to begin. */
    if (relay->pg == NULL || !relay->leading)
        return;
    if (relay->tail == NULL) {
        if (clock_monotonic_us() >= relay->resume_due_us)
            begin_tail(relay);
        return;
    }
    switch (tail_step(relay->tail, 0, &err)) {
    case TAIL_READING:
        break;
    case TAIL_DONE:
        if (relay->producer == NULL && relay_open_producer(relay, &err) != 0) {
            relay_drop_tail(relay);
            topic_failed(relay, &err);
            break;
        }
        use_tail(relay);
        break;
    case TAIL_FAILED:
        relay_drop_tail(relay);
        topic_failed(relay, &err);
        break;
    }
}

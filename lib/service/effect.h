/* An effect in PostgreSQL: the service's rows, the facts that it appends and the positions of what
 * it consumed, in one transaction. So an event has its effect exactly once, whatever Kafka's
 * offsets are and whenever the process ends. Owner: lib/service. Thread: the service's;
 * effect_relay's value may be used by any.
 *
 *   load_position: effect_load_position    handle: facts_add(effect_facts), note what to write
 *   flush: effect_flush                    discard: effect_discard, forget what was noted
 *   tick: effect_tick
 *
 * flush is BEGIN; each position is moved only if it is where this process believes it to be (else
 * another process has taken over: RELOAD); write() puts the service's rows; the facts are appended;
 * COMMIT. After a COMMIT whose answer was lost the positions are read back (RELOAD): they tell.
 */
#ifndef CARTWRIGHT_SERVICE_EFFECT_H
#define CARTWRIGHT_SERVICE_EFFECT_H

#include "service/facts.h"
#include "service/service.h"

/** Settings of every service with such an effect; a member of its settings struct. */
struct effect_settings {
    char *effects_after;
    int64_t relay_lease_ttl_ms, relay_poll_ms;
};

/** Their rows: EFFECT_SETTINGS(struct billing_settings, effect). */
#define EFFECT_SETTINGS(type, member)                                                              \
    {"effects_after",                                                                              \
     SETTING_TEXT,                                                                                 \
     offsetof(type, member.effects_after),                                                         \
     "",                                                                                           \
     0,                                                                                            \
     0,                                                                                            \
     NULL,                                                                                         \
     "RFC 3339 time: events recorded before it have no effect outside (no charge, no message); "   \
     "empty: when this service first saw the store",                                               \
     false},                                                                                       \
        {"relay_lease_ttl_ms",                                                                     \
         SETTING_INT,                                                                              \
         offsetof(type, member.relay_lease_ttl_ms),                                                \
         "5000",                                                                                   \
         100,                                                                                      \
         300000,                                                                                   \
         NULL,                                                                                     \
         "ms of silence after which another relay takes over",                                     \
         false},                                                                                   \
    {                                                                                              \
        "relay_poll_ms", SETTING_INT, offsetof(type, member.relay_poll_ms), "500", 1, 60000, NULL, \
            "ms between looks at the store when nothing is announced", false                       \
    }

/** Judges effects_after, for the descriptor's check. */
int effect_settings_check(const struct effect_settings *settings, struct error *err) WARN_UNUSED;

enum { EFFECT_STALE = FACTS_STALE };

struct effect_options {
    struct service_runtime *runtime;
    const char *consumer;            /* whose positions: the service's name; kept by pointer */
    const struct category *category; /* of its own facts, whose relay it runs; NULL: it has none */
    const struct effect_settings *settings; /* kept by pointer */
    /* Whether a record in the topic of its own facts is one of them: as relay_options.inspect. */
    int (*inspect)(const struct event_record *record, struct error *err);
    size_t relay_condition; /* the descriptor's condition that tells the relay's health */
    /** Writes the service's rows inside of flush's transaction, before the facts are appended; may
     * still add facts. 0; EFFECT_STALE: what was noted does not fit the store any more, everything
     * is loaded anew; -1 with err. May be NULL. */
    int (*write)(void *state, struct pg *pg, int timeout_ms, struct error *err);
    void *state;
};

struct effect;

/** Needs no server. -1: the relay cannot be started. */
int effect_new(const struct effect_options *options, struct error *err,
               struct effect **ret_effect) WARN_UNUSED;
void effect_free(struct effect *effect); /* NULL is fine */

enum service_outcome effect_load_position(struct effect *effect, const struct category *category,
                                          int partition, struct error *err,
                                          struct service_position *ret_position);

/** The facts of the next flush; only when the effect has a category. */
struct facts *effect_facts(struct effect *effect);

/** The replay gate: whether an event that was recorded then may have an effect outside. Asked in
 * handle, after load_position of the partition. */
bool effect_reaches_out(const struct effect *effect, const struct category *category, int partition,
                        int64_t recorded_at_us);

enum service_outcome effect_flush(struct effect *effect, const struct service_position *positions,
                                  size_t count, struct error *err);
void effect_discard(struct effect *effect);

/** Shows the relay's health as the descriptor's condition. */
void effect_tick(struct effect *effect);

/** For facts_offer of other threads; NULL without a category. */
struct relay *effect_relay(struct effect *effect);

#endif

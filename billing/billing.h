/* Billing as a service, and what its parts share.
 * Owner: billing. Thread: as each member says.
 */
#ifndef CARTWRIGHT_BILLING_BILLING_H
#define CARTWRIGHT_BILLING_BILLING_H

#include <pthread.h>

#include "billing/breaker.h"
#include "billing/payment.h"
#include "billing/settings.h"
#include "service/effect.h"
#include "service/work.h"

#define BILLING_MAGIC 0x62696c6cu

struct billing_metrics {
    struct metric *answers; /* of the provider, by word */
    struct metric *alarms, *historic, *breaker_open, *webhooks;
};

/** Noted by handle, written by flush. */
struct note {
    struct event_record event; /* its bytes live until flush or discard returned */
    const struct category *category;
    bool reaches_out;
};

struct billing {
    uint32_t magic;
    struct service_runtime *runtime;
    const struct billing_settings *settings;
    const struct provider *provider;
    struct billing_metrics metrics;
    struct effect *effect;
    struct work *work;
    /* the service's thread */
    struct note *notes;
    size_t note_count, note_capacity;
    struct cart_decoded *cart;
    struct fraud_decoded *fraud;
    struct uuid_source random;
    /* the runners */
    pthread_mutex_t breaker_lock;
    struct breaker breaker;
};

extern const struct service billing_service;

struct billing *billing_of(void *state);

/** Something that a person should know: counted and logged. */
void billing_alarm(struct billing *billing, const struct payment *payment, const char *because);

/** When the payment is due again, after a rule was applied; 0: not. Wall clock. random: any. */
int64_t billing_due_us(const struct billing_settings *settings, const struct payment *payment,
                       enum charge_action action, uint32_t random);

/** record.c: what handle noted, inside of flush's transaction. */
int billing_write(void *state, struct pg *pg, int timeout_ms, struct error *err);

/** charger.c: the runners' side. */
struct work *billing_start_work(struct billing *billing);

/** Inside of a transaction: looks at the payment again soon, because of a webhook. */
int billing_poke(struct pg *pg, struct slice payment_id, int timeout_ms,
                 struct error *err) WARN_UNUSED;

#endif

/* A payment provider: four calls, each of which ends in one of a few words.
 * Owner: billing. Thread: the calls block with a deadline and run on the runners' threads; the
 * provider itself is const.
 *
 * charge() is called with the same idempotency key however often it is repeated: the provider does
 * it once. ask() never charges.
 */
#ifndef CARTWRIGHT_BILLING_PROVIDER_H
#define CARTWRIGHT_BILLING_PROVIDER_H

#include "billing/charge.h"
#include "billing/settings.h"
#include "io/pg.h"

enum { PROVIDER_REFERENCE_SIZE = 256, PROVIDER_TEXT_SIZE = 256, PROVIDER_CODE_SIZE = 65 };

/** What the provider is told; slices live during the call. */
struct provider_order {
    struct slice payment_id; /* the idempotency key */
    struct slice order_id, cart_id;
    struct slice token;     /* what stands for the shopper's card */
    struct slice reference; /* the provider's own id, as far as it has told us; or empty */
    int64_t amount_minor;
    struct slice currency;
};

struct provider_answer {
    /* One of CHARGE_IS_AUTHORISED … CHARGE_REFUND_DECLINED. IS_OTHERWISE and the _LATE forms are
     * the caller's to judge. */
    enum charge_input word;
    char reference[PROVIDER_REFERENCE_SIZE]; /* "": not told */
    int64_t amount_minor;                    /* with AUTHORISED, CAPTURED, REFUNDED */
    char currency[8];
    char code[PROVIDER_CODE_SIZE];   /* of a refusal: snake_case */
    char detail[PROVIDER_TEXT_SIZE]; /* one sentence for an operator */
    bool trouble; /* the provider did not work as it should: counts for the circuit breaker */
};

struct provider {
    const char *name; /* "simulated", "stripe": also in PaymentRequested */
    /** pg is a connection outside of a transaction, for a provider that is one of ours. */
    void (*charge)(const struct billing_settings *settings, struct pg *pg,
                   const struct provider_order *order, struct provider_answer *answer);
    void (*ask)(const struct billing_settings *settings, struct pg *pg,
                const struct provider_order *order, struct provider_answer *answer);
    void (*refund)(const struct billing_settings *settings, struct pg *pg,
                   const struct provider_order *order, struct provider_answer *answer);
    /** Judges its settings: -1 with one line that says what to do. */
    int (*check)(const struct billing_settings *settings, struct error *err);
};

extern const struct provider provider_simulated, provider_stripe;

/** By its name in the setting `provider`; NULL for another word. */
const struct provider *provider_find(const char *name);

/** The answer is a word with a sentence and nothing else. */
void provider_say(struct provider_answer *answer, enum charge_input word, const char *code,
                  const char *detail);
void provider_text(char *to, size_t size, struct slice from);

#endif

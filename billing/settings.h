/* Billing's settings.
 * Owner: billing. Thread: any; const after the start.
 */
#ifndef CARTWRIGHT_BILLING_SETTINGS_H
#define CARTWRIGHT_BILLING_SETTINGS_H

#include "service/effect.h"
#include "service/service.h"

struct billing_settings {
    struct service_settings common;
    struct effect_settings effect;
    char *provider, *verdict_policy;
    int64_t verdict_timeout_ms;
    int64_t charge_runners, charge_poll_ms, charge_timeout_ms, charge_deadline_ms, charge_settle_ms;
    int64_t charge_retry_first_ms, charge_retry_max_ms, capture_poll_ms;
    int64_t breaker_failures, breaker_open_ms;
    char *stripe_base_url, *stripe_api_key, *stripe_webhook_secret, *stripe_ca_file;
    int64_t stripe_webhook_window_s;
    char *invoice_seller;
};

enum { BILLING_SETTING_COUNT = 22 };
extern const struct setting billing_setting_rows[BILLING_SETTING_COUNT];

/** Judges what the rows cannot: for the descriptor's check. */
int billing_settings_check(const void *settings, struct error *err) WARN_UNUSED;

/** Whether a payment without a verdict in time is charged (charge_and_flag) or waits on (hold). */
bool billing_charges_unjudged(const struct billing_settings *settings);

#endif

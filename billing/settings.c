/* Billing's settings.
 * Owner: billing. Thread: single.
 */
#include "billing/settings.h"

#include <string.h>

#include "billing/provider.h"

#define TEXT(member, default_value, help)                                                          \
    {                                                                                              \
#member, SETTING_TEXT, offsetof(struct billing_settings, member), default_value, 0, 0,     \
            NULL, help, false                                                                      \
    }
#define SECRET(member, help)                                                                       \
    {                                                                                              \
#member, SETTING_TEXT, offsetof(struct billing_settings, member), "", 0, 0, NULL, help,    \
            true                                                                                   \
    }
#define INT(member, default_value, min, max, help)                                                 \
    {                                                                                              \
#member, SETTING_INT, offsetof(struct billing_settings, member), default_value, min, max,  \
            NULL, help, false                                                                      \
    }

enum { HOURS_20_MS = 20 * 3600 * 1000 };

const struct setting billing_setting_rows[BILLING_SETTING_COUNT] = {
    EFFECT_SETTINGS(struct billing_settings, effect),
    TEXT(provider, "simulated", "who charges: simulated (nobody pays) or stripe"),
    TEXT(verdict_policy, "hold",
         "without fraud's verdict in time: hold (never charge unjudged) or charge_and_flag"),
    INT(verdict_timeout_ms, "30000", 1, 86400000, "ms that fraud has for its verdict"),
    INT(charge_runners, "4", 1, 64, "threads that call the provider, one connection each"),
    INT(charge_poll_ms, "500", 10, 60000, "ms between looks at what is due"),
    INT(charge_timeout_ms, "10000", 100, 120000, "ms for a call of the provider"),
    INT(charge_deadline_ms, "3600000", 1000, HOURS_20_MS,
        "ms after which nothing is charged any more; less than the provider keeps idempotency "
        "keys"),
    INT(charge_settle_ms, "60000", 100, 3600000,
        "ms after a charge was sent before the provider's word that there is none is final"),
    INT(charge_retry_first_ms, "500", 10, 60000, "first pause before the provider is asked again"),
    INT(charge_retry_max_ms, "60000", 100, 3600000, "longest such pause"),
    INT(capture_poll_ms, "30000", 100, 3600000,
        "ms between questions about an authorised payment, beside the webhooks"),
    INT(breaker_failures, "5", 1, 1000,
        "failures of the provider in a row after which it is left alone for a while"),
    INT(breaker_open_ms, "5000", 100, 600000, "that while, in ms"),
    TEXT(stripe_base_url, "https://api.stripe.com",
         "where Stripe is; http:// for a stand-in on loopback only"),
    SECRET(stripe_api_key, "Stripe's secret key"),
    SECRET(stripe_webhook_secret, "what webhooks are signed with; empty: webhooks are refused"),
    TEXT(stripe_ca_file, "", "certificates to trust instead of the system's"),
    INT(stripe_webhook_window_s, "300", 10, 3600,
        "s that a webhook's signature may be old, or ahead of our clock"),
    TEXT(invoice_seller, "Cartwright", "who the invoice is from"),
};

int billing_settings_check(const void *values, struct error *err)
{
    const struct billing_settings *settings = values;
    const struct provider *provider = provider_find(settings->provider);
    if (provider == NULL)
        return error_set(err, ERROR_PERMANENT, "provider must be simulated or stripe, not `%.32s`",
                         settings->provider);
    if (strcmp(settings->verdict_policy, "hold") != 0 && !billing_charges_unjudged(settings))
        return error_set(err, ERROR_PERMANENT,
                         "verdict_policy must be hold or charge_and_flag, not `%.32s`",
                         settings->verdict_policy);
    if (effect_settings_check(&settings->effect, err) != 0)
        return -1;
    return provider->check != NULL ? provider->check(settings, err) : 0;
}

bool billing_charges_unjudged(const struct billing_settings *settings)
{
    return strcmp(settings->verdict_policy, "charge_and_flag") == 0;
}

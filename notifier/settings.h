/* The notifier's settings: a table, and what the table cannot judge.
 * Owner: notifier. Thread: loading is single-threaded; read-only afterwards.
 */
#ifndef CARTWRIGHT_NOTIFIER_SETTINGS_H
#define CARTWRIGHT_NOTIFIER_SETTINGS_H

#include "service/effect.h"
#include "service/service.h"

struct notifier_settings {
    struct service_settings common;
    struct effect_settings effect;
    char *shop_name, *mail_from, *public_url, *cart_url, *templates_dir, *default_locale;
    char *smtp_url, *smtp_tls, *smtp_username, *smtp_password, *smtp_ca_file;
    char *sms_url, *sms_account_sid, *sms_auth_token, *sms_from, *sms_ca_file;
    int64_t send_timeout_ms, senders, send_tries_max, send_retry_first_ms, send_retry_limit_ms;
    int64_t contact_wait_ms, marketing_per_day, quiet_from_hour, quiet_until_hour;
    bool marketing_email, marketing_sms;
};

enum { NOTIFIER_SETTING_COUNT = 30 };
extern const struct setting notifier_setting_rows[NOTIFIER_SETTING_COUNT];

/** For the descriptor's check; loads the templates once to judge them. */
int notifier_settings_check(const void *settings, struct error *err) WARN_UNUSED;

#endif

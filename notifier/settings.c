/* The notifier's settings.
 * Owner: notifier. Thread: single.
 */
#include "notifier/settings.h"

#include <string.h>

#include "base/utf8.h"
#include "io/smtp_client.h"
#include "notifier/templates.h"

#define AT(member) offsetof(struct notifier_settings, member)
#define TEXT_ROW(member, value, words)                                                             \
    {                                                                                              \
#member, SETTING_TEXT, AT(member), value, 0, 0, NULL, words, false                         \
    }
#define SECRET_ROW(member, words)                                                                  \
    {                                                                                              \
#member, SETTING_TEXT, AT(member), "", 0, 0, NULL, words, true                             \
    }
#define INT_ROW(member, value, least, most, words)                                                 \
    {                                                                                              \
#member, SETTING_INT, AT(member), value, least, most, NULL, words, false                   \
    }
#define BOOL_ROW(member, value, words)                                                             \
    {                                                                                              \
#member, SETTING_BOOL, AT(member), value, 0, 0, NULL, words, false                         \
    }

const struct setting notifier_setting_rows[] = {
    EFFECT_SETTINGS(struct notifier_settings, effect),
    TEXT_ROW(shop_name, "Cartwright", "who writes: in messages and as the sender's name"),
    TEXT_ROW(mail_from, NULL, "the sender's address; its domain is in every Message-ID"),
    TEXT_ROW(public_url, "http://127.0.0.1:5203",
             "where readers reach this service: in links to unsubscribe"),
    TEXT_ROW(cart_url, "", "the shop's page of a cart, with {cartId} in it; empty: no link"),
    TEXT_ROW(templates_dir, "", "folder with templates that replace built-in ones; empty: none"),
    TEXT_ROW(default_locale, "en-US", "of readers whose locale nobody has told"),
    TEXT_ROW(smtp_url, NULL, "the mail server: smtp://host:port or smtps://host:port"),
    TEXT_ROW(smtp_tls, "required",
             "required: STARTTLS or nothing; off: for a server on this machine"),
    TEXT_ROW(smtp_username, "", "empty: the mail server wants no authentication"),
    SECRET_ROW(smtp_password, "its password"),
    TEXT_ROW(smtp_ca_file, "", "certificates to trust instead of the system's"),
    TEXT_ROW(sms_url, "", "the SMS provider, e.g. https://api.twilio.com; empty: no SMS is sent"),
    TEXT_ROW(sms_account_sid, "", "the account there"),
    SECRET_ROW(sms_auth_token, "its token"),
    TEXT_ROW(sms_from, "", "the sender's number, or a name that the provider knows"),
    TEXT_ROW(sms_ca_file, "", "certificates to trust instead of the system's"),
    INT_ROW(send_timeout_ms, "10000", 100, 600000,
            "ms for one try to send; what a killed process was sending is looked at 5 s later"),
    INT_ROW(senders, "4", 1, 64, "threads that send"),
    INT_ROW(send_tries_max, "12", 1, 1000, "failed tries after which a message is dead"),
    INT_ROW(send_retry_first_ms, "1000", 1, 3600000, "ms to wait after the first failed try"),
    INT_ROW(send_retry_limit_ms, "3600000", 1, 86400000, "longest wait in ms between tries"),
    INT_ROW(contact_wait_ms, "900000", 0, 86400000,
            "ms to wait for the order that tells where a payment's notice goes"),
    INT_ROW(marketing_per_day, "1", 0, 1000, "marketing messages to one user in 24 hours"),
    INT_ROW(quiet_from_hour, "21", 0, 23,
            "marketing keeps quiet from this hour of the reader's day"),
    INT_ROW(quiet_until_hour, "8", 0, 23, "until this one; the same hour: never quiet"),
    BOOL_ROW(marketing_email, "true", "whether users who have said nothing get marketing e-mail"),
    BOOL_ROW(marketing_sms, "false", "whether users who have said nothing get marketing SMS"),
};

static bool starts_with(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static int refuse(struct error *err, const char *name, const char *words)
{
    return error_set(err, ERROR_PERMANENT, "%s %s", name, words);
}

static int judge_mail(const struct notifier_settings *own, struct error *err)
{
    bool off = strcmp(own->smtp_tls, "off") == 0;
    if (!starts_with(own->smtp_url, "smtp://") && !starts_with(own->smtp_url, "smtps://"))
        return refuse(err, "smtp_url", "must start with smtp:// or smtps://");
    if (!off && strcmp(own->smtp_tls, "required") != 0)
        return refuse(err, "smtp_tls", "must be required or off");
    if (off && own->smtp_username[0] != '\0')
        return refuse(err, "smtp_tls",
                      "is off, and a password would go out in the clear; set it "
                      "to required");
    if (!smtp_address_valid(own->mail_from))
        return refuse(err, "mail_from", "must be an address such as shop@example.com");
    if (own->shop_name[0] == '\0' || !utf8_printable(own->shop_name, strlen(own->shop_name)))
        return refuse(err, "shop_name", "must be one line of text");
    return 0;
}

static int judge_sms(const struct notifier_settings *own, struct error *err)
{
    if (own->sms_url[0] == '\0')
        return 0;
    if (!starts_with(own->sms_url, "https://") && !starts_with(own->sms_url, "http://127.0.0.1:"))
        return refuse(err, "sms_url", "must start with https:// (http:// only for 127.0.0.1)");
    if (own->sms_account_sid[0] == '\0' || own->sms_auth_token[0] == '\0' ||
        own->sms_from[0] == '\0')
        return refuse(err, "sms_url",
                      "is set: sms_account_sid, sms_auth_token and sms_from are needed too");
    return 0;
}

int notifier_settings_check(const void *settings, struct error *err)
{
    const struct notifier_settings *own = settings;
    struct template_set *set;
    if (effect_settings_check(&own->effect, err) != 0 || judge_mail(own, err) != 0 ||
        judge_sms(own, err) != 0)
        return -1;
    if (!starts_with(own->public_url, "https://") && !starts_with(own->public_url, "http://"))
        return refuse(err, "public_url", "must start with https:// or http://");
    if (template_set_load(own->templates_dir, err, &set) != 0)
        return -1;
    template_set_free(set);
    return 0;
}

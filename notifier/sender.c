/* Sends what is due.
 * Owner: notifier. Thread: the runners'.
 */
#include "notifier/sender.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "io/smtp_client.h"
#include "notifier/claim.h"
#include "notifier/locale.h"
#include "notifier/mime.h"
#include "notifier/policy.h"
#include "notifier/sms.h"

enum {
    POLL_MS = 500,
    LEASE_BEYOND_MS = 5000, /* for the statements around a try */
    CONTACT_AGAIN_MS = 1000,
    RETRY_AFTER_MAX_S = 3600, /* a provider does not put us to sleep for longer */
};

enum outcome { SENT, NOT_SENT, MAYBE_SENT, SUPPRESSED, WAITING, DEAD, OUTCOME_COUNT };

struct sender {
    const struct notifier_settings *settings;
    struct policy_limits limits;
    struct smtp_server mail_server;
    struct sms_provider sms;
    pthread_rwlock_t templates_lock;
    struct template_set *templates;
    struct metric *outcomes;
    struct work *work;
};

/* A runner's own: what it makes of one message, reused for the next. */
struct desk {
    struct claim_memory memory;
    struct message message;
    struct buf cart_url, unsubscribe_url, message_id, mail;
};

static const char *const outcome_names[OUTCOME_COUNT] = {"sent",       "not_sent", "maybe_sent",
                                                         "suppressed", "waiting",  "dead"};
static const struct metric_spec outcomes_row = {"cartwright_notifications_total",
                                                "How looks at due messages ended.",
                                                METRIC_COUNTER,
                                                "outcome",
                                                OUTCOME_COUNT,
                                                outcome_names};

/* ---- how it ended */

static enum work_outcome finish(struct sender *sender, struct work_runner *runner,
                                const struct claim *claim, enum outcome outcome,
                                const struct claim_end *end, struct error *err)
{
    if (claim_finish(runner, claim, end, err) != 0)
        return WORK_FAILED;
    metric_add(sender->outcomes, outcome, 1);
    if (outcome == DEAD)
        log_warning("a message is dead", LOG_INT("notification", claim->id),
                    LOG_TEXT("reason", end->reason));
    return WORK_DONE;
}

static enum work_outcome finish_dead(struct sender *sender, struct work_runner *runner,
                                     const struct claim *claim, const char *reason, bool maybe,
                                     struct error *err)
{
    const struct claim_end end = {
        .state = "dead", .reason = reason, .maybe_sent = maybe, .counts = 1};
    return finish(sender, runner, claim, DEAD, &end, err);
}

/* Again later, unless it was tried often enough. */
static enum work_outcome finish_again(struct sender *sender, struct work_runner *runner,
                                      const struct claim *claim, bool maybe, int64_t retry_after_s,
                                      const char *reason, struct error *err)
{
    const struct notifier_settings *settings = sender->settings;
    int tries = claim->tries + 1;
    if (tries >= settings->send_tries_max)
        return finish_dead(sender, runner, claim, reason, maybe, err);
    int64_t wait_ms = work_backoff_ms(runner, tries, (int)settings->send_retry_first_ms,
                                      (int)settings->send_retry_limit_ms);
    int64_t asked_s = retry_after_s < RETRY_AFTER_MAX_S ? retry_after_s : RETRY_AFTER_MAX_S;
    const struct claim_end end = {
        .state = maybe || claim->unsure ? "maybe_sent" : "waiting",
        .reason = reason,
        .maybe_sent = maybe,
        .counts = true,
        .wait_us = (asked_s * 1000 > wait_ms ? asked_s * 1000 : wait_ms) * 1000,
    };
    return finish(sender, runner, claim, maybe ? MAYBE_SENT : NOT_SENT, &end, err);
}

static enum work_outcome finish_sent(struct sender *sender, struct work_runner *runner,
                                     const struct claim *claim, struct error *err)
{
    const struct claim_end end = {.state = "sent", .reason = "", .maybe_sent = true};
    return finish(sender, runner, claim, SENT, &end, err);
}

/* ---- one try */

static enum work_outcome send_mail(struct sender *sender, struct work_runner *runner,
                                   const struct claim *claim, const char *to, struct error *err)
{
    struct desk *desk = runner->local;
    const struct smtp_mail mail = {sender->settings->mail_from, to, buf_slice(&desk->mail)};
    struct error why = {.message = ""};
    switch (smtp_client_send(&sender->mail_server, &mail, &why)) {
    case SMTP_SENT:
        return finish_sent(sender, runner, claim, err);
    case SMTP_REFUSED:
        return finish_dead(sender, runner, claim, why.message, false, err);
    case SMTP_NOT_SENT:
        return finish_again(sender, runner, claim, false, -1, why.message, err);
    case SMTP_MAYBE_SENT:
        return finish_again(sender, runner, claim, true, -1, why.message, err);
    }
    NOT_REACHED();
}

static enum work_outcome send_sms(struct sender *sender, struct work_runner *runner,
                                  const struct claim *claim, struct error *err)
{
    struct desk *desk = runner->local;
    struct error why = {.message = ""};
    int64_t retry_after_s;
    switch (sms_send(&sender->sms, claim->contact.phone, buf_slice(&desk->message.sms), &why,
                     &retry_after_s)) {
    case SMS_SENT:
        return finish_sent(sender, runner, claim, err);
    case SMS_REFUSED:
        return finish_dead(sender, runner, claim, why.message, false, err);
    case SMS_NOT_SENT:
        return finish_again(sender, runner, claim, false, retry_after_s, why.message, err);
    case SMS_MAYBE_SENT:
        return finish_dead(sender, runner, claim, why.message, true, err);
    }
    NOT_REACHED();
}

/* The shop's page of the cart. */
static void put_cart_url(const char *pattern, struct slice cart_id, struct buf *out)
{
    static const char place[] = "{cartId}";
    const char *at = strstr(pattern, place);
    buf_clear(out);
    if (at == NULL) {
        buf_text(out, pattern);
        return;
    }
    buf_append(out, pattern, (size_t)(at - pattern));
    buf_append(out, cart_id.data, cart_id.len);
    buf_text(out, at + sizeof(place) - 1);
}

static int write_mail(const struct sender *sender, const struct claim *claim, const char *to,
                      struct desk *desk, struct error *err)
{
    const char *from = sender->settings->mail_from;
    buf_clear(&desk->message_id);
    buf_clear(&desk->mail);
    mime_message_id(claim->kind_name, claim->subject_id, slice_of(strchr(from, '@') + 1),
                    &desk->message_id);
    const struct mime_mail mail = {
        .from_name = slice_of(sender->settings->shop_name),
        .from_address = slice_of(from),
        .to_address = slice_of(to),
        .subject = buf_slice(&desk->message.subject),
        .message_id = buf_slice(&desk->message_id),
        .date_us = claim->recorded_at_us,
        .text = buf_slice(&desk->message.text),
        .html = buf_slice(&desk->message.html),
        .unsubscribe_url = buf_slice(&desk->unsubscribe_url),
    };
    return mime_write(&mail, err, &desk->mail);
}

static int write_message(struct sender *sender, struct claim *claim, const char *to,
                         const char *token, struct desk *desk, struct error *err)
{
    put_cart_url(sender->settings->cart_url, claim->cart_id, &desk->cart_url);
    buf_clear(&desk->unsubscribe_url);
    if (token[0] != '\0')
        buf_printf(&desk->unsubscribe_url, "%s/api/notifications/unsubscribe/%s/%s",
                   sender->settings->public_url, token, channel_name(claim->channel));
    claim->notice.shop_name = slice_of(sender->settings->shop_name);
    claim->notice.cart_url = buf_slice(&desk->cart_url);
    claim->notice.unsubscribe_url = buf_slice(&desk->unsubscribe_url);
    CHECK(pthread_rwlock_rdlock(&sender->templates_lock) == 0);
    int rc = message_render(sender->templates, &claim->notice, claim->channel, err, &desk->message);
    pthread_rwlock_unlock(&sender->templates_lock);
    if (rc == 0 && claim->channel == CHANNEL_EMAIL)
        rc = write_mail(sender, claim, to, desk, err);
    return rc;
}

static enum work_outcome try_sending(struct sender *sender, struct work_runner *runner,
                                     struct claim *claim, const char *to, struct error *err)
{
    char token[TOKEN_SIZE] = "";
    bool capped = false;
    struct error why = {.message = ""};
    /* A mail's reader, or the reader's program, sees by the Message-ID that it is the same one. */
    if (claim->unsure && claim->channel == CHANNEL_SMS)
        return finish_dead(sender, runner, claim, "the process ended while it was being sent", true,
                           err);
    int begun = kind_row(claim->kind)->marketing
                    ? claim_begin_marketing(runner, claim, sender->settings->marketing_per_day, err,
                                            &capped, token)
                    : claim_begin(runner, claim, err);
    if (begun < 0)
        return WORK_FAILED;
    if (capped) {
        const struct claim_end end = {.state = "suppressed", .reason = "daily_cap"};
        return finish(sender, runner, claim, SUPPRESSED, &end, err);
    }
    if (begun == 0)
        return WORK_DONE;
    if (write_message(sender, claim, to, token, runner->local, &why) != 0)
        return finish_dead(sender, runner, claim, why.message, false, err);
    return claim->channel == CHANNEL_EMAIL ? send_mail(sender, runner, claim, to, err)
                                           : send_sms(sender, runner, claim, err);
}

/* ---- whether to try */

static struct slice locale_of(const struct sender *sender, const struct claim *claim)
{
    if (claim->wished_locale.len > 0)
        return claim->wished_locale;
    return claim->contact.locale.len > 0 ? claim->contact.locale
                                         : slice_of(sender->settings->default_locale);
}

static bool recipient_of(const struct claim *claim, char to[ADDRESS_SIZE])
{
    if (claim->channel == CHANNEL_SMS)
        return sms_number_valid(claim->contact.phone);
    struct slice email = claim->contact.email;
    if (email.len == 0 || email.len >= ADDRESS_SIZE)
        return false;
    snprintf(to, ADDRESS_SIZE, "%.*s", (int)email.len, email.data);
    return smtp_address_valid(to) && mime_address_safe(email);
}

static bool wanted(const struct sender *sender, const struct claim *claim)
{
    if (claim->said)
        return claim->wanted;
    return claim->channel == CHANNEL_EMAIL ? sender->settings->marketing_email
                                           : sender->settings->marketing_sms;
}

static enum work_outcome judge_and_send(struct sender *sender, struct work_runner *runner,
                                        struct claim *claim, struct error *err)
{
    char to[ADDRESS_SIZE] = "";
    const char *reason = "";
    int64_t now_us = 0, wait_us = 0;
    struct slice locale = locale_of(sender, claim);
    struct slice zone = claim->wished_zone.len > 0
                            ? claim->wished_zone
                            : slice_of(locale_time_zone(locale_find(locale)));
    if (claim_local_times(runner, claim->occurred_at_us, zone, err, &claim->notice.local_us,
                          &now_us) != 0)
        return WORK_FAILED;
    claim->notice.locale = locale;
    const struct policy_case of = {
        .marketing = kind_row(claim->kind)->marketing,
        .channel_on = claim->channel == CHANNEL_EMAIL || sender->settings->sms_url[0] != '\0',
        .contact_known = claim->contact_known,
        .has_recipient = recipient_of(claim, to),
        .has_user = claim->user_id.len > 0,
        .wanted = wanted(sender, claim),
        .bought = claim->bought,
        .age_us = claim->age_us,
        .local_us = now_us,
    };
    struct claim_end end = {.state = "waiting"};
    switch (policy_judge(&of, &sender->limits, &reason, &wait_us)) {
    case POLICY_SEND:
        return try_sending(sender, runner, claim, to, err);
    case POLICY_WAIT:
        end = (struct claim_end){claim->unsure ? "maybe_sent" : "waiting", reason, false, false,
                                 wait_us};
        return finish(sender, runner, claim, WAITING, &end, err);
    case POLICY_SUPPRESS:
        end = (struct claim_end){"suppressed", reason, claim->unsure, false, 0};
        return finish(sender, runner, claim, SUPPRESSED, &end, err);
    case POLICY_DEAD:
        return finish_dead(sender, runner, claim, reason, claim->unsure, err);
    }
    NOT_REACHED();
}

static enum work_outcome run(void *context, struct work_runner *runner,
                             const struct pg_result *claimed, struct error *err)
{
    struct sender *sender = context;
    struct desk *desk = runner->local;
    struct claim claim;
    struct error why = {.message = ""};
    if (claim_read(claimed, &desk->memory, &why, &claim) != 0) {
        /* What can never be read must not be claimed for ever. */
        claim.id = pg_get_int64(claimed, 0, 0);
        claim.attempt = pg_get_int32(claimed, 0, 1);
        return finish_dead(sender, runner, &claim, why.message, false, err);
    }
    return judge_and_send(sender, runner, &claim, err);
}

/* ---- life */

static void *desk_new(void *context)
{
    (void)context;
    return mem_calloc(1, sizeof(struct desk));
}

static void desk_free(void *local)
{
    struct desk *desk = local;
    claim_memory_free(&desk->memory);
    message_free(&desk->message);
    buf_free(&desk->cart_url);
    buf_free(&desk->unsubscribe_url);
    buf_free(&desk->message_id);
    buf_free(&desk->mail);
    free(desk);
}

static void take_settings(struct sender *sender, const struct notifier_settings *settings)
{
    sender->settings = settings;
    sender->limits = (struct policy_limits){
        .quiet_from_hour = (int)settings->quiet_from_hour,
        .quiet_until_hour = (int)settings->quiet_until_hour,
        .contact_wait_us = settings->contact_wait_ms * 1000,
        .contact_again_us = CONTACT_AGAIN_MS * INT64_C(1000),
    };
    sender->mail_server = (struct smtp_server){
        .url = settings->smtp_url,
        .tls = strcmp(settings->smtp_tls, "off") == 0 ? SMTP_TLS_OFF : SMTP_TLS_REQUIRED,
        .username = settings->smtp_username,
        .password = settings->smtp_password,
        .ca_file = settings->smtp_ca_file,
        .connect_timeout_ms = (int)settings->send_timeout_ms,
        .timeout_ms = (int)settings->send_timeout_ms,
    };
    sender->sms = (struct sms_provider){
        .url = settings->sms_url,
        .account_sid = settings->sms_account_sid,
        .auth_token = settings->sms_auth_token,
        .from = settings->sms_from,
        .ca_file = settings->sms_ca_file,
        .timeout_ms = (int)settings->send_timeout_ms,
    };
}

int sender_start(const struct notifier_settings *settings, const struct pg_options *pg,
                 struct metrics *metrics, struct error *err, struct sender **ret_sender)
{
    struct template_set *templates;
    if (template_set_load(settings->templates_dir, err, &templates) != 0)
        return -1;
    struct sender *sender = mem_calloc(1, sizeof(*sender));
    take_settings(sender, settings);
    sender->templates = templates;
    sender->outcomes = metrics_add(metrics, &outcomes_row);
    CHECK(pthread_rwlock_init(&sender->templates_lock, NULL) == 0);
    const struct work_options options = {
        .name = "notifications",
        .pg = *pg,
        .runners = (int)settings->senders,
        .poll_ms = POLL_MS,
        .lease_ms = (int)settings->send_timeout_ms + LEASE_BEYOND_MS,
        .claim = &claim_statement,
        .run = run,
        .local_new = desk_new,
        .local_free = desk_free,
        .context = sender,
        .metrics = metrics,
    };
    sender->work = work_start(&options);
    *ret_sender = sender;
    return 0;
}

void sender_kick(struct sender *sender)
{
    work_kick(sender->work);
}

int sender_reload(struct sender *sender, const char *folder, struct error *err)
{
    struct template_set *fresh, *old;
    if (template_set_load(folder, err, &fresh) != 0)
        return -1;
    CHECK(pthread_rwlock_wrlock(&sender->templates_lock) == 0);
    old = sender->templates;
    sender->templates = fresh;
    pthread_rwlock_unlock(&sender->templates_lock);
    template_set_free(old);
    return 0;
}

void sender_stop(struct sender *sender)
{
    if (sender == NULL)
        return;
    work_stop(sender->work);
    template_set_free(sender->templates);
    pthread_rwlock_destroy(&sender->templates_lock);
    free(sender);
}

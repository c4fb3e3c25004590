/* An SMS by a provider with the shape of Twilio's API.
 * Owner: notifier. Thread: any; blocking.
 */
#include "notifier/sms.h"

#include <ctype.h>

#include "io/http_client.h"

enum { ANSWER_BYTES_MAX = 64 * 1024, NUMBER_DIGITS_MIN = 7, NUMBER_DIGITS_MAX = 15 };

/* A provider that has no idempotency keys: only what it has surely not taken may be sent again. 429
 * and 503 say so; another 5xx may come after the message was queued. */
enum sms_outcome sms_judge_status(int status)
{
    if (status >= 200 && status < 300)
        return SMS_SENT;
    if (status == 429 || status == 503 || status == 401 || status == 403 || status == 408)
        return SMS_NOT_SENT;
    return status >= 500 ? SMS_MAYBE_SENT : SMS_REFUSED;
}

static void put_field(struct buf *form, const char *name, struct slice value)
{
    if (form->len > 0)
        buf_char(form, '&');
    buf_printf(form, "%s=", name);
    http_client_escape(form, value);
}

enum sms_outcome sms_send(const struct sms_provider *provider, struct slice to, struct slice text,
                          struct error *err, int64_t *ret_retry_after_s)
{
    struct buf form = {0}, url = {0};
    struct http_client_answer answer;
    put_field(&form, "To", to);
    put_field(&form, "From", slice_of(provider->from));
    put_field(&form, "Body", text);
    buf_printf(&url, "%s/2010-04-01/Accounts/", provider->url);
    http_client_escape(&url, slice_of(provider->account_sid));
    buf_text(&url, "/Messages.json");
    const struct http_client_call call = {
        .method = "POST",
        .url = buf_cstr(&url),
        .headers = {"Content-Type: application/x-www-form-urlencoded", "Accept: application/json"},
        .username = provider->account_sid,
        .password = provider->auth_token,
        .body = buf_slice(&form),
        .ca_file = provider->ca_file[0] != '\0' ? provider->ca_file : NULL,
        .connect_timeout_ms = provider->timeout_ms,
        .timeout_ms = provider->timeout_ms,
        .answer_bytes_max = ANSWER_BYTES_MAX,
    };
    *ret_retry_after_s = -1;
    enum sms_outcome outcome;
    if (http_client_run(&call, err, &answer) != 0) {
        outcome = err->kind == ERROR_UNKNOWN     ? SMS_MAYBE_SENT
                  : err->kind == ERROR_PERMANENT ? SMS_REFUSED
                                                 : SMS_NOT_SENT;
    } else {
        outcome = sms_judge_status(answer.status);
        *ret_retry_after_s = answer.retry_after_s;
        if (outcome != SMS_SENT)
            error_set(err, ERROR_RETRIABLE, "the provider answers %d", answer.status);
        http_client_answer_free(&answer);
    }
    buf_free(&form);
    buf_free(&url);
    return outcome;
}

bool sms_number_valid(struct slice text)
{
    if (text.len < NUMBER_DIGITS_MIN + 1 || text.len > NUMBER_DIGITS_MAX + 1 ||
        text.data[0] != '+' || text.data[1] == '0')
        return false;
    for (size_t i = 1; i < text.len; i++) {
        if (!isdigit((unsigned char)text.data[i]))
            return false;
    }
    return true;
}

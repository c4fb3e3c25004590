/* An SMS by a provider with the shape of Twilio's API: POST
 * /2010-04-01/Accounts/{sid}/Messages.json. Owner: notifier. Thread: blocking; any.
 */
#ifndef CARTWRIGHT_NOTIFIER_SMS_H
#define CARTWRIGHT_NOTIFIER_SMS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

struct sms_provider {
    const char *url, *account_sid, *auth_token, *from, *ca_file;
    int timeout_ms;
};

enum sms_outcome {
    SMS_SENT,
    SMS_MAYBE_SENT, /* the request went out and no answer, or a 5xx other than 503, came back */
    SMS_REFUSED,    /* never: the number, the text or the account is wrong (4xx) */
    SMS_NOT_SENT,   /* later it may work */
};

/** *ret_retry_after_s: what the provider asks for, -1 for nothing. err says why unless it was sent.
 */
enum sms_outcome sms_send(const struct sms_provider *provider, struct slice to, struct slice text,
                          struct error *err, int64_t *ret_retry_after_s);

/** The verdict over an answer. Pure. */
enum sms_outcome sms_judge_status(int status);

/** Whether text is a number as E.164 writes it: + and 7 to 15 digits. */
bool sms_number_valid(struct slice text);

#endif

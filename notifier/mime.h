/* A mail as bytes: header fields and two views of its text. Sources: RFC 5322, RFC 2045, 2046,
 * 2047, RFC 8058. Pure: the same mail gives the same bytes. Owner: notifier. Thread: any.
 */
#ifndef CARTWRIGHT_NOTIFIER_MIME_H
#define CARTWRIGHT_NOTIFIER_MIME_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

struct mime_mail {
    struct slice from_name, from_address;
    struct slice to_address;
    struct slice subject;
    struct slice message_id; /* with its angle brackets: mime_message_id */
    int64_t date_us;
    struct slice text, html;      /* UTF-8; html may be empty */
    struct slice unsubscribe_url; /* empty: no List-Unsubscribe */
};

/** Appends the mail with CRLF line ends. -1 (permanent) when a value that goes into a header holds
 * a control character. */
int mime_write(const struct mime_mail *mail, struct error *err, struct buf *out) WARN_UNUSED;

/** "<kind.subject@domain>": the same for each try to send the same mail. Characters that have no
 * place in an id become "_hh". */
void mime_message_id(struct slice kind, struct slice subject, struct slice domain, struct buf *out);

/** Whether a mail address may stand in a header as it is: printable ASCII without blanks, brackets
 * or commas. (What SMTP wants of it, smtp_address_valid judges.) */
bool mime_address_safe(struct slice address);

#endif

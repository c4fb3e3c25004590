/* A notice as a message: what somebody reads in a mail or in an SMS. Pure.
 * Owner: notifier. Thread: any.
 */
#ifndef CARTWRIGHT_NOTIFIER_MESSAGE_H
#define CARTWRIGHT_NOTIFIER_MESSAGE_H

#include "notifier/templates.h"

enum { SMS_BYTES_MAX = 1600 };

struct notice_line {
    struct slice name;
    int32_t quantity;
    int64_t price_minor, total_minor;
};

/** What has happened, as its reader shall be told. */
struct notice {
    enum kind kind;
    struct slice locale; /* BCP 47; empty or unknown: the fallback */
    struct slice shop_name, order_id, cart_url, unsubscribe_url;
    int64_t local_us; /* when it happened, by the reader's clock */
    int64_t amount_minor;
    struct slice currency;
    int32_t item_count;
    const struct notice_line *lines;
    size_t line_count;
};

/** Zero-initialise; the buffers are the message's: message_free. */
struct message {
    struct buf subject, text, html, sms;
};

/** Fills the buffers of one channel. -1 (permanent): a value that must not be in a header, or a
 * text that is too long. */
int message_render(const struct template_set *set, const struct notice *notice,
                   enum channel channel, struct error *err, struct message *message) WARN_UNUSED;
void message_free(struct message *message);

#endif

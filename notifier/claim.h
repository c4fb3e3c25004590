/* A claimed message: the row, what its events tell, and the statements around it.
 * Owner: notifier. Thread: a runner's.
 */
#ifndef CARTWRIGHT_NOTIFIER_CLAIM_H
#define CARTWRIGHT_NOTIFIER_CLAIM_H

#include "notifier/message.h"
#include "proto/cart_codec.h"
#include "proto/payment_codec.h"
#include "service/work.h"

enum { ADDRESS_SIZE = 256, ZONE_SIZE = 64, TOKEN_SIZE = 65, CLAIM_TIMEOUT_MS = 5000 };

/** What a runner decodes events into; reused. */
struct claim_memory {
    struct cart_decoded cart;
    struct payment_decoded payment;
    struct notice_line *lines;
    size_t line_capacity;
};
void claim_memory_free(struct claim_memory *memory);

struct claim {
    int64_t id;
    int32_t attempt, tries;
    enum kind kind;
    enum channel channel;
    struct slice kind_name, subject_id, user_id;
    bool unsure; /* an earlier try may have got through */
    int64_t recorded_at_us, occurred_at_us, age_us;
    bool bought, contact_known;
    bool said, wanted; /* the user's wish, where one was said */
    struct contact contact;
    struct slice cart_id, wished_locale, wished_zone;
    struct notice notice; /* without its links, time and shop */
};

/** Claims one due message: columns as claim_read reads them. */
extern const struct pg_statement claim_statement;

/** Takes the row apart. -1 (permanent): an event that cannot be read. Slices point into row and
 * memory. */
int claim_read(const struct pg_result *row, struct claim_memory *memory, struct error *err,
               struct claim *ret_claim) WARN_UNUSED;

/** The clocks of a time zone: when it happened, and now. An unknown zone counts as UTC. */
int claim_local_times(struct work_runner *runner, int64_t occurred_at_us, struct slice zone,
                      struct error *err, int64_t *ret_occurred_us, int64_t *ret_now_us) WARN_UNUSED;

/** Marks the message as being sent. 1: it is; 0: it is not ours any more; -1 with err. */
int claim_begin(struct work_runner *runner, const struct claim *claim,
                struct error *err) WARN_UNUSED;

/** The same for marketing, unless the user had as many as per_day within 24 hours: *ret_capped. Two
 * runners at once do not both believe to be the last. token: the user's, to unsubscribe. */
int claim_begin_marketing(struct work_runner *runner, const struct claim *claim, int64_t per_day,
                          struct error *err, bool *ret_capped, char token[TOKEN_SIZE]) WARN_UNUSED;

/** How it ended, unless somebody else has claimed the message meanwhile. */
struct claim_end {
    const char *state, *reason;
    bool maybe_sent, counts; /* counts: a failed try */
    int64_t wait_us;         /* until it is due again */
};
int claim_finish(struct work_runner *runner, const struct claim *claim, const struct claim_end *end,
                 struct error *err) WARN_UNUSED;

#endif

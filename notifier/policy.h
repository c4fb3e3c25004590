/* Whether a message may go out now: a table of rules, the first that speaks decides. Pure.
 * Owner: notifier. Thread: any.
 */
#ifndef CARTWRIGHT_NOTIFIER_POLICY_H
#define CARTWRIGHT_NOTIFIER_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct policy_case {
    bool marketing;
    bool channel_on;    /* there is a provider for it */
    bool contact_known; /* false: the order that tells it has not been seen yet */
    bool has_recipient; /* an address or number that can be used */
    bool has_user;      /* whose wishes can be known */
    bool wanted;        /* the user's wish, or the setting when nothing was said */
    bool bought;        /* the cart of a reminder was bought after all */
    int64_t age_us;     /* since it was recorded */
    int64_t local_us;   /* now, by the reader's clock */
};

struct policy_limits {
    int quiet_from_hour, quiet_until_hour; /* equal: never quiet */
    int64_t contact_wait_us;
    int64_t contact_again_us; /* how soon to look again */
};

enum policy_verdict { POLICY_SEND, POLICY_SUPPRESS, POLICY_WAIT, POLICY_DEAD };

/** *ret_reason: a stable snake_case word unless the verdict is to send; *ret_wait_us when it is to
 * wait. */
enum policy_verdict policy_judge(const struct policy_case *of, const struct policy_limits *limits,
                                 const char **ret_reason, int64_t *ret_wait_us);

/** How long quiet hours go on from local_us; 0: it is not quiet. */
int64_t policy_quiet_us(int64_t local_us, int from_hour, int until_hour);

#endif

/* Whether a message may go out now.
 * Owner: notifier. Thread: any.
 */
#include "notifier/policy.h"

#include "base/check.h"

static const int64_t hour_us = INT64_C(3600) * 1000000;
static const int64_t day_us = INT64_C(86400) * 1000000;

int64_t policy_quiet_us(int64_t local_us, int from_hour, int until_hour)
{
    int64_t now = ((local_us % day_us) + day_us) % day_us;
    int64_t since = (now - from_hour * hour_us + day_us) % day_us;
    int64_t length = (until_hour - from_hour + 24) % 24 * hour_us;
    return since < length ? length - since : 0;
}

static bool channel_is_off(const struct policy_case *of, const struct policy_limits *limits)
{
    (void)limits;
    return !of->channel_on;
}

static bool contact_never_came(const struct policy_case *of, const struct policy_limits *limits)
{
    return !of->contact_known && of->age_us > limits->contact_wait_us;
}

static bool contact_is_to_come(const struct policy_case *of, const struct policy_limits *limits)
{
    (void)limits;
    return !of->contact_known;
}

static bool nobody_to_tell(const struct policy_case *of, const struct policy_limits *limits)
{
    (void)limits;
    return !of->has_recipient;
}

static bool wish_unknown(const struct policy_case *of, const struct policy_limits *limits)
{
    (void)limits;
    return of->marketing && !of->has_user;
}

static bool not_wanted(const struct policy_case *of, const struct policy_limits *limits)
{
    (void)limits;
    return of->marketing && !of->wanted;
}

static bool out_of_date(const struct policy_case *of, const struct policy_limits *limits)
{
    (void)limits;
    return of->marketing && of->bought;
}

static bool quiet(const struct policy_case *of, const struct policy_limits *limits)
{
    return of->marketing &&
           policy_quiet_us(of->local_us, limits->quiet_from_hour, limits->quiet_until_hour) > 0;
}

static const struct {
    bool (*speaks)(const struct policy_case *of, const struct policy_limits *limits);
    enum policy_verdict verdict;
    const char *reason, *because;
} rules[] = {
    {channel_is_off, POLICY_SUPPRESS, "channel_off", "no provider is configured for the channel"},
    {contact_never_came, POLICY_DEAD, "contact_unknown",
     "an operator should know of the lost order"},
    {contact_is_to_come, POLICY_WAIT, "contact_to_come", "the order is on another topic, and late"},
    {nobody_to_tell, POLICY_SUPPRESS, "no_contact", "the shopper has left no address or number"},
    {wish_unknown, POLICY_SUPPRESS, "no_user", "a guest cannot refuse, so is never advertised to"},
    {not_wanted, POLICY_SUPPRESS, "opted_out", "the user does not want it"},
    {out_of_date, POLICY_SUPPRESS, "bought", "what it reminds of has happened"},
    {quiet, POLICY_WAIT, "quiet_hours", "nobody is advertised to at night"},
};

enum policy_verdict policy_judge(const struct policy_case *of, const struct policy_limits *limits,
                                 const char **ret_reason, int64_t *ret_wait_us)
{
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
        if (!rules[i].speaks(of, limits))
            continue;
        *ret_reason = rules[i].reason;
        if (rules[i].verdict == POLICY_WAIT)
            *ret_wait_us = rules[i].speaks == quiet
                               ? policy_quiet_us(of->local_us, limits->quiet_from_hour,
                                                 limits->quiet_until_hour)
                               : limits->contact_again_us;
        return rules[i].verdict;
    }
    return POLICY_SEND;
}

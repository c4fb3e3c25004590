/* The rules of a payment, as a table.
 * Owner: billing. Thread: any; pure.
 */
#include "billing/charge.h"

#include <strings.h>

#define NONE 0, CHARGE_DO_NOTHING, false

const struct charge_rule charge_rules[] = {
    /* ---- fraud has the first word */
    {CHARGE_AWAITING, CHARGE_CLEARED, CHARGE_CHARGING, 0, CHARGE_DO_CHARGE, false,
     "fraud has nothing against it"},
    {CHARGE_AWAITING, CHARGE_SUSPECTED, CHARGE_HELD, NONE, "a person has to look at it first"},
    {CHARGE_AWAITING, CHARGE_BLOCKED, CHARGE_FAILED, PAYMENT_EVENT_FAILED, CHARGE_DO_NOTHING, false,
     "what fraud blocks is not charged"},
    {CHARGE_AWAITING, CHARGE_RELEASED, CHARGE_CHARGING, 0, CHARGE_DO_CHARGE, false,
     "the person's word came before the machine's"},
    {CHARGE_AWAITING, CHARGE_NO_VERDICT_HOLD, CHARGE_AWAITING, 0, CHARGE_DO_NOTHING, true,
     "without a verdict nothing is charged: it waits for as long as it takes"},
    {CHARGE_AWAITING, CHARGE_NO_VERDICT_CHARGE, CHARGE_CHARGING, 0, CHARGE_DO_CHARGE, true,
     "the shop prefers a late verdict to a late order"},
    {CHARGE_HELD, CHARGE_RELEASED, CHARGE_CHARGING, 0, CHARGE_DO_CHARGE, false,
     "a person has looked at it"},
    {CHARGE_HELD, CHARGE_BLOCKED, CHARGE_FAILED, PAYMENT_EVENT_FAILED, CHARGE_DO_NOTHING, false,
     "a person has refused it"},
    /* A verdict that comes when money may have moved cannot unmove it. */
    {CHARGE_CHARGING, CHARGE_BLOCKED, CHARGE_CHARGING, 0, CHARGE_DO_CHARGE, true,
     "the call may be under way: its outcome has to be known first"},
    {CHARGE_ASKING, CHARGE_BLOCKED, CHARGE_ASKING, 0, CHARGE_DO_ASK, true, "as above"},
    {CHARGE_AUTHORISED, CHARGE_BLOCKED, CHARGE_AUTHORISED, 0, CHARGE_DO_ASK, true,
     "already reserved: a person decides about giving it back"},
    {CHARGE_CAPTURED, CHARGE_BLOCKED, CHARGE_CAPTURED, 0, CHARGE_DO_NOTHING, true,
     "already paid: a person decides about a refund"},

    /* ---- a charge was sent */
    {CHARGE_CHARGING, CHARGE_IS_AUTHORISED, CHARGE_AUTHORISED, PAYMENT_EVENT_AUTHORISED,
     CHARGE_DO_ASK, false, "reserved; the capture is awaited"},
    {CHARGE_CHARGING, CHARGE_IS_CAPTURED, CHARGE_CAPTURED, PAYMENT_EVENT_CAPTURED,
     CHARGE_DO_NOTHING, false, "paid"},
    {CHARGE_CHARGING, CHARGE_IS_OTHERWISE, CHARGE_MISMATCH, PAYMENT_EVENT_MISMATCHED,
     CHARGE_DO_NOTHING, true, "another amount or currency never counts as paid"},
    {CHARGE_CHARGING, CHARGE_IS_DECLINED, CHARGE_FAILED, PAYMENT_EVENT_FAILED, CHARGE_DO_NOTHING,
     false, "the provider has refused it"},
    {CHARGE_CHARGING, CHARGE_NO_ANSWER, CHARGE_ASKING, PAYMENT_EVENT_UNKNOWN, CHARGE_DO_ASK, false,
     "it may have been charged: ask, do not charge anew"},
    {CHARGE_CHARGING, CHARGE_NOT_SENT, CHARGE_CHARGING, 0, CHARGE_DO_CHARGE, false,
     "nothing was done: later"},
    {CHARGE_CHARGING, CHARGE_IS_NOT_THERE, CHARGE_CHARGING, 0, CHARGE_DO_CHARGE, false,
     "an earlier try did not arrive: the same call again"},
    {CHARGE_CHARGING, CHARGE_IS_NOT_THERE_LATE, CHARGE_FAILED, PAYMENT_EVENT_FAILED,
     CHARGE_DO_NOTHING, false,
     "the deadline is over and the provider says that nothing was charged"},

    /* ---- the outcome is not known */
    {CHARGE_ASKING, CHARGE_IS_AUTHORISED, CHARGE_AUTHORISED, PAYMENT_EVENT_AUTHORISED,
     CHARGE_DO_ASK, false, "it had arrived"},
    {CHARGE_ASKING, CHARGE_IS_CAPTURED, CHARGE_CAPTURED, PAYMENT_EVENT_CAPTURED, CHARGE_DO_NOTHING,
     false, "it had arrived"},
    {CHARGE_ASKING, CHARGE_IS_OTHERWISE, CHARGE_MISMATCH, PAYMENT_EVENT_MISMATCHED,
     CHARGE_DO_NOTHING, true, "it had arrived, as something else"},
    {CHARGE_ASKING, CHARGE_IS_DECLINED, CHARGE_FAILED, PAYMENT_EVENT_FAILED, CHARGE_DO_NOTHING,
     false, "it had arrived and was refused"},
    {CHARGE_ASKING, CHARGE_IS_NOT_THERE, CHARGE_CHARGING, 0, CHARGE_DO_CHARGE, false,
     "it had not arrived: the same call again, under the same key"},
    {CHARGE_ASKING, CHARGE_IS_NOT_THERE_LATE, CHARGE_FAILED, PAYMENT_EVENT_FAILED,
     CHARGE_DO_NOTHING, false,
     "the deadline is over and the provider says that nothing was charged"},
    {CHARGE_ASKING, CHARGE_NO_ANSWER, CHARGE_ASKING, 0, CHARGE_DO_ASK, false,
     "as unknown as before"},
    {CHARGE_ASKING, CHARGE_NOT_SENT, CHARGE_ASKING, 0, CHARGE_DO_ASK, false,
     "as unknown as before"},

    /* ---- reserved */
    {CHARGE_AUTHORISED, CHARGE_IS_AUTHORISED, CHARGE_AUTHORISED, 0, CHARGE_DO_ASK, false,
     "not captured yet"},
    {CHARGE_AUTHORISED, CHARGE_IS_CAPTURED, CHARGE_CAPTURED, PAYMENT_EVENT_CAPTURED,
     CHARGE_DO_NOTHING, false, "paid"},
    {CHARGE_AUTHORISED, CHARGE_IS_OTHERWISE, CHARGE_MISMATCH, PAYMENT_EVENT_MISMATCHED,
     CHARGE_DO_NOTHING, true, "another amount or currency never counts as paid"},
    {CHARGE_AUTHORISED, CHARGE_IS_DECLINED, CHARGE_FAILED, PAYMENT_EVENT_FAILED, CHARGE_DO_NOTHING,
     false, "the capture was refused"},
    {CHARGE_AUTHORISED, CHARGE_IS_NOT_THERE, CHARGE_AUTHORISED, 0, CHARGE_DO_ASK, true,
     "the provider contradicts itself: ask on"},
    {CHARGE_AUTHORISED, CHARGE_IS_NOT_THERE_LATE, CHARGE_AUTHORISED, 0, CHARGE_DO_ASK, true,
     "the provider contradicts itself: ask on"},
    {CHARGE_AUTHORISED, CHARGE_NO_ANSWER, CHARGE_AUTHORISED, 0, CHARGE_DO_ASK, false,
     "asking changes nothing"},
    {CHARGE_AUTHORISED, CHARGE_NOT_SENT, CHARGE_AUTHORISED, 0, CHARGE_DO_ASK, false,
     "asking changes nothing"},

    /* ---- the end, which a late word about money may still move */
    {CHARGE_FAILED, CHARGE_IS_CAPTURED, CHARGE_CAPTURED, PAYMENT_EVENT_CAPTURED, CHARGE_DO_NOTHING,
     true, "the money was taken after all: saying otherwise would be a lie"},
    {CHARGE_FAILED, CHARGE_IS_OTHERWISE, CHARGE_MISMATCH, PAYMENT_EVENT_MISMATCHED,
     CHARGE_DO_NOTHING, true, "money was taken after all, and not what was asked for"},
    {CHARGE_CAPTURED, CHARGE_IS_OTHERWISE, CHARGE_MISMATCH, PAYMENT_EVENT_MISMATCHED,
     CHARGE_DO_NOTHING, true, "the provider has changed its word"},

    /* ---- giving it back */
    {CHARGE_CAPTURED, CHARGE_REFUND_ASKED, CHARGE_REFUNDING, 0, CHARGE_DO_REFUND, false,
     "what was paid can be given back"},
    {CHARGE_CAPTURED, CHARGE_IS_REFUNDED, CHARGE_REFUNDED, PAYMENT_EVENT_REFUNDED,
     CHARGE_DO_NOTHING, false, "refunded at the provider's desk"},
    {CHARGE_REFUNDING, CHARGE_IS_REFUNDED, CHARGE_REFUNDED, PAYMENT_EVENT_REFUNDED,
     CHARGE_DO_NOTHING, false, "given back"},
    {CHARGE_REFUNDING, CHARGE_NO_ANSWER, CHARGE_REFUNDING, 0, CHARGE_DO_REFUND, false,
     "the same call under the same key is done once"},
    {CHARGE_REFUNDING, CHARGE_NOT_SENT, CHARGE_REFUNDING, 0, CHARGE_DO_REFUND, false, "later"},
    {CHARGE_REFUNDING, CHARGE_REFUND_DECLINED, CHARGE_CAPTURED, 0, CHARGE_DO_NOTHING, true,
     "the money is still ours: a person has to see to it"},
};
const size_t charge_rule_count = ARRAY_SIZE(charge_rules);

static const struct {
    const char *name, *status;
} states[CHARGE_STATES] = {
    [CHARGE_AWAITING] = {"awaiting_verdict", "requested"},
    [CHARGE_HELD] = {"held", "requested"},
    [CHARGE_CHARGING] = {"charging", "requested"},
    [CHARGE_ASKING] = {"asking", "unknown"},
    [CHARGE_AUTHORISED] = {"authorised", "authorised"},
    [CHARGE_CAPTURED] = {"captured", "captured"},
    [CHARGE_REFUNDING] = {"refunding", "captured"},
    [CHARGE_REFUNDED] = {"refunded", "refunded"},
    [CHARGE_FAILED] = {"failed", "failed"},
    [CHARGE_MISMATCH] = {"mismatch", "mismatch"},
};

const struct charge_rule *charge_rule(enum charge_state state, enum charge_input input)
{
    for (size_t i = 0; i < charge_rule_count; i++) {
        if (charge_rules[i].state == state && charge_rules[i].input == input)
            return &charge_rules[i];
    }
    return NULL;
}

const char *charge_status(enum charge_state state)
{
    CHECK((size_t)state < ARRAY_SIZE(states));
    return states[state].status;
}

const char *charge_state_name(enum charge_state state)
{
    CHECK((size_t)state < ARRAY_SIZE(states));
    return states[state].name;
}

int charge_state_parse(struct slice name, enum charge_state *ret_state)
{
    for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
        if (slice_equal(name, slice_of(states[i].name))) {
            *ret_state = (enum charge_state)i;
            return 0;
        }
    }
    return -1;
}

enum charge_state charge_state_after(enum payment_event_type last)
{
    switch (last) {
    case PAYMENT_EVENT_REQUESTED:
        return CHARGE_AWAITING;
    case PAYMENT_EVENT_UNKNOWN:
        return CHARGE_ASKING;
    case PAYMENT_EVENT_AUTHORISED:
        return CHARGE_AUTHORISED;
    case PAYMENT_EVENT_CAPTURED:
        return CHARGE_CAPTURED;
    case PAYMENT_EVENT_FAILED:
        return CHARGE_FAILED;
    case PAYMENT_EVENT_MISMATCHED:
        return CHARGE_MISMATCH;
    case PAYMENT_EVENT_REFUNDED:
        return CHARGE_REFUNDED;
    }
    NOT_REACHED();
}

bool charge_agrees(int64_t amount_minor, struct slice currency, int64_t provider_amount_minor,
                   struct slice provider_currency)
{
    return amount_minor == provider_amount_minor && currency.len == provider_currency.len &&
           strncasecmp(currency.data, provider_currency.data, currency.len) == 0;
}

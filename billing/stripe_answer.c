/* What Stripe's answers mean.
 * Owner: billing. Thread: any; pure.
 */
#include "billing/stripe_answer.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "http/json_body.h"

static const int64_t AMOUNT_MAX = 9007199254740991;

static void unclear(struct provider_answer *answer, const char *what)
{
    provider_say(answer, CHARGE_NO_ANSWER, "unclear_answer", what);
    answer->trouble = true;
}

static struct slice optional_text(const struct json_at *object, const char *name)
{
    struct json_problem problem;
    struct slice text = {"", 0};
    if (json_has(object, name) && json_text(object, name, 0, 4096, &problem, &text) != 0)
        return (struct slice){"", 0};
    return text;
}

/* Amount and currency in capitals; -1 when they are not there. */
static int take_money(const struct json_at *object, const char *amount_name,
                      struct provider_answer *answer)
{
    struct json_problem problem;
    struct slice currency;
    if (json_int(object, amount_name, 0, AMOUNT_MAX, &problem, &answer->amount_minor) != 0 ||
        json_text(object, "currency", 3, 3, &problem, &currency) != 0)
        return -1;
    provider_text(answer->currency, sizeof(answer->currency), currency);
    for (char *c = answer->currency; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return 0;
}

/* A status and what it says about the money. */
static const struct {
    const char *status;
    enum charge_input word;
    const char *code, *detail;
} intent_words[] = {
    {"succeeded", CHARGE_IS_CAPTURED, "", ""},
    {"requires_capture", CHARGE_IS_AUTHORISED, "", ""},
    {"processing", CHARGE_NO_ANSWER, "processing", "The provider is still at it."},
    {"canceled", CHARGE_IS_DECLINED, "canceled", "The charge was cancelled at the provider."},
    {"requires_payment_method", CHARGE_IS_DECLINED, "card_declined",
     "The provider has refused the payment method."},
    {"requires_action", CHARGE_IS_DECLINED, "authentication_required",
     "The shopper would have to confirm the payment."},
    {"requires_confirmation", CHARGE_NO_ANSWER, "unconfirmed", "The intent is not confirmed yet."},
};

/* What was given back says more than the intent's status does. */
static bool is_refunded(const struct json_at *intent)
{
    struct json_problem problem;
    int64_t refunded;
    if (!json_has(intent, "amount_refunded") ||
        json_int(intent, "amount_refunded", 0, AMOUNT_MAX, &problem, &refunded) != 0)
        return false;
    return refunded > 0;
}

static void take_intent(const struct json_at *intent, struct provider_answer *answer)
{
    struct slice id = optional_text(intent, "id"), status = optional_text(intent, "status");
    provider_text(answer->reference, sizeof(answer->reference), id);
    for (size_t i = 0; i < ARRAY_SIZE(intent_words); i++) {
        if (!slice_equal(status, slice_of(intent_words[i].status)))
            continue;
        bool received = intent_words[i].word == CHARGE_IS_CAPTURED;
        provider_say(answer, intent_words[i].word, intent_words[i].code, intent_words[i].detail);
        if (take_money(intent,
                       received && json_has(intent, "amount_received") ? "amount_received"
                                                                       : "amount",
                       answer) != 0)
            unclear(answer, "The provider's answer names no amount.");
        else if (received && is_refunded(intent))
            answer->word = CHARGE_IS_REFUNDED;
        return;
    }
    unclear(answer, "The provider's answer has a status that is not known here.");
}

/* About this charge: the card, or what we have sent. Nothing was done. */
static void take_error(const struct json_at *root, enum charge_input declined,
                       struct provider_answer *answer)
{
    struct json_problem problem;
    struct json_at error;
    struct slice code = {"", 0}, message = {"", 0}, type = {"", 0};
    if (json_member(root, "error", &problem, &error) == 0) {
        code = optional_text(&error, "decline_code");
        if (code.len == 0)
            code = optional_text(&error, "code");
        type = optional_text(&error, "type");
        if (code.len == 0)
            code = type;
        message = optional_text(&error, "message");
    }
    if (code.len == 0)
        code = slice_of("refused");
    /* The key was used for something else: what became of that has to be asked. */
    answer->word = slice_equal(type, slice_of("idempotency_error")) ? CHARGE_NO_ANSWER : declined;
    provider_text(answer->code, sizeof(answer->code), code);
    provider_text(answer->detail, sizeof(answer->detail), message);
}

/* The answers that need no look into the body; false: look. */
static bool judge_status(int status, struct provider_answer *answer)
{
    char text[64];
    snprintf(text, sizeof(text), "The provider answered %d.", status);
    if (status == 429 || status == 401 || status == 403) {
        provider_say(answer, CHARGE_NOT_SENT, "not_accepted", text);
        answer->trouble = true;
        return true;
    }
    /* 409: another call under this key is under way. */
    if (status == 409 || status >= 500 || status < 200 || (status >= 300 && status < 400)) {
        provider_say(answer, CHARGE_NO_ANSWER, "provider_error", text);
        answer->trouble = true;
        return true;
    }
    return false;
}

static struct json *parse(struct slice body, struct provider_answer *answer)
{
    struct json_problem problem;
    struct json *json;
    if (json_parse(body, &problem, &json) == 0)
        return json;
    unclear(answer, "The provider's answer is not JSON.");
    return NULL;
}

void stripe_read_intent(int status, struct slice body, struct provider_answer *answer)
{
    if (judge_status(status, answer))
        return;
    if (status == 404) {
        provider_say(answer, CHARGE_IS_NOT_THERE, "not_charged", "There is no such intent.");
        return;
    }
    struct json *json = parse(body, answer);
    if (json == NULL)
        return;
    struct json_at root = json_root(json);
    if (status >= 400)
        take_error(&root, CHARGE_IS_DECLINED, answer);
    else
        take_intent(&root, answer);
    json_free(json);
}

void stripe_read_search(int status, struct slice body, struct provider_answer *answer)
{
    struct json_problem problem;
    struct json_at list;
    size_t count;
    if (judge_status(status, answer))
        return;
    struct json *json = status == 200 ? parse(body, answer) : NULL;
    if (json == NULL) {
        if (status != 200)
            unclear(answer, "The provider does not search.");
        return;
    }
    struct json_at root = json_root(json);
    if (json_list(&root, "data", 0, 100, &problem, &list, &count) != 0) {
        unclear(answer, "The provider's list has no data.");
    } else if (count == 0) {
        provider_say(answer, CHARGE_IS_NOT_THERE, "not_charged", "There is no such intent.");
    } else {
        struct json_at first = json_element(&list, 0);
        take_intent(&first, answer);
    }
    json_free(json);
}

void stripe_read_refund(int status, struct slice body, struct provider_answer *answer)
{
    if (judge_status(status, answer))
        return;
    struct json *json = parse(body, answer);
    if (json == NULL)
        return;
    struct json_at root = json_root(json);
    struct slice state = optional_text(&root, "status");
    if (status >= 400)
        take_error(&root, CHARGE_REFUND_DECLINED, answer);
    else if (take_money(&root, "amount", answer) != 0)
        unclear(answer, "The provider's answer names no amount.");
    else if (slice_equal(state, slice_of("failed")) || slice_equal(state, slice_of("canceled")))
        provider_say(answer, CHARGE_REFUND_DECLINED, "refund_failed",
                     "The provider could not give it back.");
    else
        answer->word = CHARGE_IS_REFUNDED;
    json_free(json);
}

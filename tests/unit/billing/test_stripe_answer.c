/* Stripe's answers, each status and each kind of body. */
#include "billing/stripe_answer.h"

#include "tests/unit/test.h"

#define INTENT(status)                                                                             \
    "{\"id\":\"pi_1\",\"amount\":1200,\"amount_received\":1200,\"currency\":\"eur\",\"status\":"   \
    "\"" status "\"}"

static struct provider_answer intent(int status, const char *body)
{
    struct provider_answer answer = {0};
    stripe_read_intent(status, slice_of(body), &answer);
    return answer;
}

static void an_intent_says_what_it_is_in(void **state)
{
    (void)state;
    struct provider_answer answer = intent(200, INTENT("succeeded"));
    assert_int_equal(answer.word, CHARGE_IS_CAPTURED);
    assert_string_equal(answer.reference, "pi_1");
    assert_int_equal(answer.amount_minor, 1200);
    assert_string_equal(answer.currency, "EUR");
    assert_int_equal(intent(200, INTENT("requires_capture")).word, CHARGE_IS_AUTHORISED);
    assert_int_equal(intent(200, INTENT("processing")).word, CHARGE_NO_ANSWER);
    assert_int_equal(intent(200, INTENT("canceled")).word, CHARGE_IS_DECLINED);
    assert_int_equal(intent(200, INTENT("requires_action")).word, CHARGE_IS_DECLINED);
    answer = intent(200, "{\"id\":\"pi_1\",\"amount\":5,\"amount_received\":5,\"currency\":\"eur\","
                         "\"amount_refunded\":5,\"status\":\"succeeded\"}");
    assert_int_equal(answer.word, CHARGE_IS_REFUNDED);
}

static void a_refused_card_is_declined(void **state)
{
    (void)state;
    struct provider_answer answer = intent(
        402, "{\"error\":{\"type\":\"card_error\",\"code\":\"card_declined\",\"decline_code\":"
             "\"insufficient_funds\",\"message\":\"Your card has insufficient funds.\"}}");
    assert_int_equal(answer.word, CHARGE_IS_DECLINED);
    assert_string_equal(answer.code, "insufficient_funds");
    assert_string_equal(answer.detail, "Your card has insufficient funds.");
    assert_false(answer.trouble);
    /* The key was used for other parameters: something may have been charged. */
    answer = intent(400, "{\"error\":{\"type\":\"idempotency_error\"}}");
    assert_int_equal(answer.word, CHARGE_NO_ANSWER);
}

static void what_is_not_clear_is_unknown(void **state)
{
    static const int statuses[] = {500, 502, 503, 409, 302, 199};
    static const char *const bodies[] = {
        "",
        "<html>",
        "{}",
        "[]",
        "{\"id\":\"pi_1\",\"status\":\"succeeded\"}",
        INTENT("something_new"),
        "{\"id\":\"pi_1\",\"amount\":\"12\",\"currency\":\"eur\",\"status\":\"succeeded\"}"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
        assert_int_equal(intent(statuses[i], INTENT("succeeded")).word, CHARGE_NO_ANSWER);
    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
        assert_int_equal(intent(200, bodies[i]).word, CHARGE_NO_ANSWER);
        assert_true(intent(200, bodies[i]).trouble);
    }
}

static void what_was_not_accepted_was_not_done(void **state)
{
    static const int statuses[] = {401, 403, 429};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
        assert_int_equal(intent(statuses[i], "{}").word, CHARGE_NOT_SENT);
}

static enum charge_input search(int status, const char *body)
{
    struct provider_answer answer = {0};
    stripe_read_search(status, slice_of(body), &answer);
    return answer.word;
}

static void a_search_finds_or_does_not(void **state)
{
    (void)state;
    assert_int_equal(search(200, "{\"data\":[]}"), CHARGE_IS_NOT_THERE);
    assert_int_equal(search(200, "{\"data\":[" INTENT("succeeded") "]}"), CHARGE_IS_CAPTURED);
    assert_int_equal(search(200, "{}"), CHARGE_NO_ANSWER);
    assert_int_equal(search(404, "{}"), CHARGE_NO_ANSWER); /* the search, not the charge */
    assert_int_equal(search(500, "{\"data\":[]}"), CHARGE_NO_ANSWER);
    assert_int_equal(intent(404, "{}").word, CHARGE_IS_NOT_THERE);
}

static enum charge_input refund(int status, const char *body)
{
    struct provider_answer answer = {0};
    stripe_read_refund(status, slice_of(body), &answer);
    return answer.word;
}

static void a_refund_is_done_or_not(void **state)
{
    (void)state;
    const char *done = "{\"status\":\"succeeded\",\"amount\":5,\"currency\":\"eur\"}";
    assert_int_equal(refund(200, done), CHARGE_IS_REFUNDED);
    assert_int_equal(refund(200, "{\"status\":\"failed\",\"amount\":5,\"currency\":\"eur\"}"),
                     CHARGE_REFUND_DECLINED);
    assert_int_equal(refund(400, "{\"error\":{\"code\":\"charge_already_refunded\"}}"),
                     CHARGE_REFUND_DECLINED);
    assert_int_equal(refund(503, done), CHARGE_NO_ANSWER);
    assert_int_equal(refund(200, "nonsense"), CHARGE_NO_ANSWER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_intent_says_what_it_is_in),
        cmocka_unit_test(a_refused_card_is_declined),
        cmocka_unit_test(what_is_not_clear_is_unknown),
        cmocka_unit_test(what_was_not_accepted_was_not_done),
        cmocka_unit_test(a_search_finds_or_does_not),
        cmocka_unit_test(a_refund_is_done_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

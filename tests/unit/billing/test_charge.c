/* The rules of a payment, walked through from each state with each input. */
#include "billing/charge.h"

#include "tests/unit/test.h"

static bool is_paid(enum charge_state state)
{
    return state == CHARGE_CAPTURED || state == CHARGE_REFUNDING;
}

static bool of_provider(enum charge_input input)
{
    return input >= CHARGE_IS_AUTHORISED && input <= CHARGE_REFUND_DECLINED;
}

static void each_pair_has_one_rule_at_most(void **state)
{
    (void)state;
    for (size_t i = 0; i < charge_rule_count; i++) {
        assert_true(strlen(charge_rules[i].because) > 0);
        for (size_t j = 0; j < i; j++)
            assert_false(charge_rules[i].state == charge_rules[j].state &&
                         charge_rules[i].input == charge_rules[j].input);
    }
}

/* Every pair: what must never be, whatever the table says. */
static void no_rule_breaks_a_promise(void **state)
{
    (void)state;
    for (int s = 0; s < CHARGE_STATES; s++) {
        for (int i = 0; i < CHARGE_INPUTS; i++) {
            const struct charge_rule *rule =
                charge_rule((enum charge_state)s, (enum charge_input)i);
            if (rule == NULL)
                continue;
            /* Paid only by the provider's word about this very amount. */
            if (is_paid(rule->next) && !is_paid(rule->state))
                assert_int_equal(rule->input, CHARGE_IS_CAPTURED);
            /* A mismatch never becomes paid. */
            if (rule->state == CHARGE_MISMATCH)
                assert_int_equal(rule->next, CHARGE_MISMATCH);
            /* What may have been charged is called again only when the provider does not have it.
             */
            if (rule->state == CHARGE_ASKING && rule->action == CHARGE_DO_CHARGE)
                assert_int_equal(rule->input, CHARGE_IS_NOT_THERE);
            /* It is charged in one state only. */
            if (rule->action == CHARGE_DO_CHARGE)
                assert_int_equal(rule->next, CHARGE_CHARGING);
            if (rule->action == CHARGE_DO_REFUND)
                assert_int_equal(rule->next, CHARGE_REFUNDING);
            /* No answer is never taken for a refusal. */
            if (rule->input == CHARGE_NO_ANSWER || rule->input == CHARGE_NOT_SENT)
                assert_int_not_equal(rule->next, CHARGE_FAILED);
            /* The state is told when it changes what callers see. */
            if (strcmp(charge_status(rule->state), charge_status(rule->next)) != 0 &&
                rule->next != CHARGE_CHARGING)
                assert_int_not_equal(rule->event, 0);
            if (rule->event != 0)
                assert_string_equal(
                    charge_status(charge_state_after((enum payment_event_type)rule->event)),
                    charge_status(rule->next));
        }
    }
}

/* Without fraud's word, a person's or the policy's there is no way to the provider. */
static void nothing_is_charged_before_the_verdict(void **state)
{
    (void)state;
    for (int i = 0; i < CHARGE_INPUTS; i++) {
        const struct charge_rule *awaiting = charge_rule(CHARGE_AWAITING, (enum charge_input)i);
        const struct charge_rule *held = charge_rule(CHARGE_HELD, (enum charge_input)i);
        if (awaiting != NULL && awaiting->next == CHARGE_CHARGING)
            assert_true(i == CHARGE_CLEARED || i == CHARGE_RELEASED ||
                        i == CHARGE_NO_VERDICT_CHARGE);
        if (held != NULL && held->next == CHARGE_CHARGING)
            assert_int_equal(i, CHARGE_RELEASED);
        if (of_provider((enum charge_input)i)) {
            assert_null(awaiting);
            assert_null(held);
        }
    }
}

/* Whatever the provider says to a charge or a question has a rule: nothing is left hanging. */
static void open_states_take_every_word_of_the_provider(void **state)
{
    static const enum charge_state open[] = {CHARGE_CHARGING, CHARGE_ASKING, CHARGE_AUTHORISED};
    (void)state;
    for (size_t s = 0; s < ARRAY_SIZE(open); s++) {
        for (int i = CHARGE_IS_AUTHORISED; i <= CHARGE_NOT_SENT; i++)
            assert_non_null(charge_rule(open[s], (enum charge_input)i));
    }
}

static void names_and_statuses(void **state)
{
    enum charge_state parsed;
    (void)state;
    for (int s = 0; s < CHARGE_STATES; s++) {
        const char *name = charge_state_name((enum charge_state)s);
        assert_int_equal(charge_state_parse(slice_of(name), &parsed), 0);
        assert_int_equal(parsed, s);
    }
    assert_int_equal(charge_state_parse(slice_of("paid"), &parsed), -1);
    assert_string_equal(charge_status(CHARGE_ASKING), "unknown");
    assert_string_equal(charge_status(CHARGE_HELD), "requested");
}

static void amounts_agree_or_not(void **state)
{
    (void)state;
    assert_true(charge_agrees(100, slice_of("EUR"), 100, slice_of("eur")));
    assert_false(charge_agrees(100, slice_of("EUR"), 101, slice_of("EUR")));
    assert_false(charge_agrees(100, slice_of("EUR"), 100, slice_of("USD")));
    assert_false(charge_agrees(100, slice_of("EUR"), 100, slice_of("EU")));
    assert_false(charge_agrees(100, slice_of("EUR"), -100, slice_of("EUR")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_pair_has_one_rule_at_most),
        cmocka_unit_test(no_rule_breaks_a_promise),
        cmocka_unit_test(nothing_is_charged_before_the_verdict),
        cmocka_unit_test(open_states_take_every_word_of_the_provider),
        cmocka_unit_test(names_and_statuses),
        cmocka_unit_test(amounts_agree_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

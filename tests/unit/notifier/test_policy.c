/* Whether a message may go out: each rule, its order, and the hours of the night. */
#include "notifier/policy.h"

#include "tests/unit/test.h"

static const int64_t hour_us = INT64_C(3600) * 1000000;
static const int64_t noon_us = INT64_C(1795262400) * 1000000; /* 2026-11-21T12:00 */

static const struct policy_limits limits = {
    .quiet_from_hour = 21,
    .quiet_until_hour = 8,
    .contact_wait_us = 60 * 1000000,
    .contact_again_us = 1000000,
};

static struct policy_case good(bool marketing)
{
    return (struct policy_case){
        .marketing = marketing,
        .channel_on = true,
        .contact_known = true,
        .has_recipient = true,
        .has_user = true,
        .wanted = true,
        .local_us = noon_us,
    };
}

static void expect(struct policy_case of, enum policy_verdict verdict, const char *reason)
{
    const char *told = "";
    int64_t wait_us = 0;
    assert_int_equal(policy_judge(&of, &limits, &told, &wait_us), verdict);
    assert_string_equal(told, reason);
    assert_int_equal(wait_us > 0, verdict == POLICY_WAIT);
}

static void rules(void **state)
{
    (void)state;
    for (int marketing = 0; marketing < 2; marketing++) {
        struct policy_case of = good(marketing);
        expect(of, POLICY_SEND, "");
        of.channel_on = false;
        expect(of, POLICY_SUPPRESS, "channel_off");
        of = good(marketing);
        of.contact_known = false;
        of.has_recipient = false;
        expect(of, POLICY_WAIT, "contact_to_come");
        of.age_us = limits.contact_wait_us + 1;
        expect(of, POLICY_DEAD, "contact_unknown");
        of = good(marketing);
        of.has_recipient = false;
        expect(of, POLICY_SUPPRESS, "no_contact");
    }
}

static void wishes_are_about_marketing(void **state)
{
    (void)state;
    for (int marketing = 0; marketing < 2; marketing++) {
        struct policy_case cases[4] = {good(marketing), good(marketing), good(marketing),
                                       good(marketing)};
        static const char *const reasons[] = {"no_user", "opted_out", "bought", "quiet_hours"};
        cases[0].has_user = false;
        cases[1].wanted = false;
        cases[2].bought = true;
        cases[3].local_us = noon_us + 11 * hour_us;
        for (int i = 0; i < 4; i++) {
            if (marketing)
                expect(cases[i], i == 3 ? POLICY_WAIT : POLICY_SUPPRESS, reasons[i]);
            else
                expect(cases[i], POLICY_SEND, "");
        }
    }
}

static void quiet_hours(void **state)
{
    (void)state;
    static const struct {
        int hour, from, until, left_hours;
    } rows[] = {
        {12, 21, 8, 0}, {21, 21, 8, 11}, {23, 21, 8, 9},  {0, 21, 8, 8},   {7, 21, 8, 1},
        {8, 21, 8, 0},  {20, 21, 8, 0},  {12, 10, 14, 2}, {14, 10, 14, 0}, {9, 10, 14, 0},
        {0, 0, 0, 0},   {12, 12, 12, 0}, {23, 23, 0, 1},  {0, 23, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int64_t now_us = noon_us + (rows[i].hour - 12) * hour_us;
        assert_int_equal(policy_quiet_us(now_us, rows[i].from, rows[i].until),
                         rows[i].left_hours * hour_us);
    }
    assert_int_equal(policy_quiet_us(noon_us + 9 * hour_us + 1, 21, 8), 11 * hour_us - 1);
    assert_int_equal(policy_quiet_us(-1, 21, 8), 8 * hour_us + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules),
        cmocka_unit_test(wishes_are_about_marketing),
        cmocka_unit_test(quiet_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What an SMS provider's answer means, and which numbers are numbers. */
#include "notifier/sms.h"

#include "tests/unit/test.h"

static void answers(void **state)
{
    (void)state;
    static const struct {
        int status;
        enum sms_outcome outcome;
    } rows[] = {
        {200, SMS_SENT},       {201, SMS_SENT},       {301, SMS_REFUSED},    {400, SMS_REFUSED},
        {401, SMS_NOT_SENT},   {403, SMS_NOT_SENT},   {404, SMS_REFUSED},    {408, SMS_NOT_SENT},
        {429, SMS_NOT_SENT},   {500, SMS_MAYBE_SENT}, {502, SMS_MAYBE_SENT}, {503, SMS_NOT_SENT},
        {504, SMS_MAYBE_SENT},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(sms_judge_status(rows[i].status), rows[i].outcome);
}

static void numbers(void **state)
{
    (void)state;
    static const char *const good[] = {"+4930123456", "+15005550006", "+1234567",
                                       "+123456789012345"};
    static const char *const bad[] = {"",
                                      "+",
                                      "4930123456",
                                      "+0301234567",
                                      "+123456",
                                      "+49 30 12345",
                                      "+1234567890123456",
                                      "+4930123456x",
                                      "+49\r\n301234"};
    for (size_t i = 0; i < ARRAY_SIZE(good); i++)
        assert_true(sms_number_valid(slice_of(good[i])));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(sms_number_valid(slice_of(bad[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers), cmocka_unit_test(numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

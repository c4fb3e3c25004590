/* What looks like a payment card's number, and what only looks a little like it.
 * Owner: tests. Thread: single.
 */
#include "../test.h"

#include "base/luhn.h"

static void card_numbers_are_found(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "4111111111111111",       "4222222222222",         "378282246310005",
        "6011000990139424",       "4000000000000000006",   "4111 1111 1111 1111",
        "4111-1111-1111-1111",    "3782 822463 10005",     "my card is 4242424242424242.",
        "tok_4111111111111111",   "card4111111111111111",  "+4111111111111111",
        "a@4111111111111111.com", "x4111 1111 1111 1111y", "4111111111111111,5555555555554444",
        "9 4111111111111111",     "0000000000000",
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        if (!luhn_holds_card_number(slice_of(texts[i])))
            fail_msg("not found: %s", texts[i]);
    }
}

static void other_texts_are_let_through(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "user-123",
        "4111111111111112",                     /* the check digit */
        "411111111111",                         /* 12 digits */
        "41111111111111111111",                 /* 20 digits */
        "+491511234567",                        /* phones */
        "+378282246310005",                     /* passes, but is one as a whole */
        "123e4567-e89b-12d3-a456-426614174000", /* identifiers */
        "00000000-0000-0000-0000-000000000000",
        "c4111111111111111",
        "ord_019aa4111111111111111bc",
        "2026-11-21T12:00:00.123456Z",
        "41-11 1111 1111 11111",
        "4111  1111  1111  1111",
    };
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        if (luhn_holds_card_number(slice_of(texts[i])))
            fail_msg("found: %s", texts[i]);
    }
}

static void one_wrong_digit_is_no_number(void **state)
{
    (void)state;
    char text[] = "4111111111111111";
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        char digit = text[i];
        for (char other = '0'; other <= '9'; other++) {
            text[i] = other;
            assert_int_equal(luhn_holds_card_number(slice_of(text)), other == digit);
        }
        text[i] = digit;
    }
}

static void bar_codes(void **state)
{
    (void)state;
    assert_true(luhn_is_bar_code(slice_of("4006381333931")));
    assert_true(luhn_is_bar_code(slice_of("00012345600012")));
    assert_false(luhn_is_bar_code(slice_of("4006381333932")));
    assert_false(luhn_is_bar_code(slice_of("4222222222222"))); /* a card's */
    assert_false(luhn_is_bar_code(slice_of("400638133393x")));
    assert_false(luhn_is_bar_code(slice_of("96385074")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(card_numbers_are_found),
        cmocka_unit_test(other_texts_are_let_through),
        cmocka_unit_test(one_wrong_digit_is_no_number),
        cmocka_unit_test(bar_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

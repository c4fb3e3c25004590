/* Which events somebody is told about, and what makes two of them the same message. */
#include "notifier/notices.h"

#include "tests/unit/test.h"

static const struct uuid event_id = {{0x01, 0xa1, 0xfd, 0xfa, 0x46, 0x7b, 0x70, 0x01}};

static void carts(void **state)
{
    (void)state;
    struct told told = {0};
    struct cart_event event = {.event_id = event_id, .occurred_at_us = 7};
    for (event.type = CART_EVENT_ITEM_ADDED; event.type <= CART_EVENT_EXPIRED; event.type++) {
        bool tells = event.type == CART_EVENT_CHECKED_OUT || event.type == CART_EVENT_ABANDONED;
        if (event.type == CART_EVENT_CHECKED_OUT)
            event.checked_out = (struct cart_checked_out){.order_id = slice_of("ord_1"),
                                                          .user_id = slice_of("ann")};
        if (event.type == CART_EVENT_ABANDONED)
            event.abandoned = (struct cart_abandoned){.user_id = slice_of("bob")};
        assert_int_equal(notice_of_cart(&event, &told), tells);
        if (event.type == CART_EVENT_CHECKED_OUT) {
            assert_int_equal(told.kind, KIND_ORDER_CONFIRMATION);
            assert_string_equal(told.subject_id, "ord_1");
            assert_slice(told.user_id, "ann");
            assert_slice(told.order_id, "ord_1");
            assert_int_equal(told.occurred_at_us, 7);
        }
        if (event.type == CART_EVENT_ABANDONED) {
            assert_int_equal(told.kind, KIND_CART_ABANDONED);
            assert_string_equal(told.subject_id, "01a1fdfa-467b-7001-0000-000000000000");
            assert_slice(told.user_id, "bob");
            assert_int_equal(told.order_id.len, 0);
        }
    }
}

static void payments(void **state)
{
    (void)state;
    static const struct {
        enum payment_event_type type;
        enum kind kind;
        const char *subject;
    } rows[] = {
        {PAYMENT_EVENT_CAPTURED, KIND_PAYMENT_CAPTURED, "pay_1"},
        {PAYMENT_EVENT_FAILED, KIND_PAYMENT_FAILED, "pay_1"},
        {PAYMENT_EVENT_REFUNDED, KIND_REFUND, "01a1fdfa-467b-7001-0000-000000000000"},
    };
    struct payment_event event = {.event_id = event_id,
                                  .payment_id = slice_of("pay_1"),
                                  .order_id = slice_of("ord_1"),
                                  .user_id = slice_of("ann")};
    int tell = 0;
    for (event.type = PAYMENT_EVENT_REQUESTED; event.type <= PAYMENT_EVENT_REFUNDED; event.type++) {
        struct told told = {0};
        if (!notice_of_payment(&event, &told))
            continue;
        assert_int_equal(event.type, rows[tell].type);
        assert_int_equal(told.kind, rows[tell].kind);
        assert_string_equal(told.subject_id, rows[tell].subject);
        assert_slice(told.order_id, "ord_1");
        tell++;
    }
    assert_int_equal(tell, ARRAY_SIZE(rows));
}

static void verdicts(void **state)
{
    (void)state;
    struct fraud_event event = {.event_id = event_id, .order_id = slice_of("ord_1")};
    for (event.type = FRAUD_EVENT_CLEARED; event.type <= FRAUD_EVENT_REVIEWED; event.type++) {
        struct told told = {0};
        assert_int_equal(notice_of_fraud(&event, &told), event.type == FRAUD_EVENT_HELD);
        if (event.type == FRAUD_EVENT_HELD)
            assert_string_equal(told.subject_id, "ord_1");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(carts), cmocka_unit_test(payments),
                                       cmocka_unit_test(verdicts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

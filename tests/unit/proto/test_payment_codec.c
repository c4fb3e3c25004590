/* Payment events to bytes and back, and bytes that are none. */
#include "proto/payment_codec.h"

#include <stdlib.h>

#include "tests/unit/test.h"

static struct payment_event event_of(enum payment_event_type type)
{
    struct payment_event event = {
        .payment_id = slice_of("pay_ord_1"),
        .version = 3,
        .event_id = {{1}},
        .occurred_at_us = 1700000000000000,
        .actor = slice_of("billing"),
        .correlation_id = {{2}},
        .causation_id = {{3}},
        .cart_id = slice_of("c1"),
        .order_id = slice_of("ord_1"),
        .user_id = slice_of("u1"),
        .type = type,
    };
    switch (type) {
    case PAYMENT_EVENT_REQUESTED:
        event.requested = (struct payment_requested){
            slice_of("c1"),          slice_of("ord_1"),     slice_of("u1"), slice_of("EUR"),
            slice_of("tok_success"), slice_of("simulated"), 12345};
        break;
    case PAYMENT_EVENT_FAILED:
        event.failed = (struct payment_failed){slice_of("card_declined"), slice_of("No.")};
        break;
    case PAYMENT_EVENT_UNKNOWN:
        event.unknown.detail = slice_of("no answer in time");
        break;
    case PAYMENT_EVENT_REFUNDED:
        event.money.reason = slice_of("asked for");
        /* fall through */
    case PAYMENT_EVENT_AUTHORISED:
    case PAYMENT_EVENT_CAPTURED:
    case PAYMENT_EVENT_MISMATCHED:
        event.money.provider_reference = slice_of("pi_1");
        event.money.currency = slice_of("EUR");
        event.money.amount_minor = 12345;
        break;
    }
    return event;
}

static void assert_money(const struct payment_event *event)
{
    assert_true(slice_equal(event->money.provider_reference, slice_of("pi_1")));
    assert_true(slice_equal(event->money.currency, slice_of("EUR")));
    assert_int_equal(event->money.amount_minor, 12345);
}

static void assert_body(const struct payment_event *event)
{
    switch (event->type) {
    case PAYMENT_EVENT_REQUESTED:
        assert_true(slice_equal(event->requested.cart_id, slice_of("c1")));
        assert_true(slice_equal(event->requested.payment_token, slice_of("tok_success")));
        assert_true(slice_equal(event->requested.provider, slice_of("simulated")));
        assert_int_equal(event->requested.amount_minor, 12345);
        break;
    case PAYMENT_EVENT_FAILED:
        assert_true(slice_equal(event->failed.code, slice_of("card_declined")));
        assert_true(slice_equal(event->failed.detail, slice_of("No.")));
        break;
    case PAYMENT_EVENT_UNKNOWN:
        assert_true(slice_equal(event->unknown.detail, slice_of("no answer in time")));
        break;
    case PAYMENT_EVENT_REFUNDED:
        assert_true(slice_equal(event->money.reason, slice_of("asked for")));
        assert_money(event);
        break;
    case PAYMENT_EVENT_AUTHORISED:
    case PAYMENT_EVENT_CAPTURED:
    case PAYMENT_EVENT_MISMATCHED:
        assert_money(event);
        break;
    }
}

static void each_event_comes_back(void **state)
{
    struct payment_decoded decoded = {0};
    struct error err;
    (void)state;
    for (int type = PAYMENT_EVENT_REQUESTED; type <= PAYMENT_EVENT_REFUNDED; type++) {
        struct payment_event event = event_of((enum payment_event_type)type);
        struct buf bytes = {0};
        payment_event_encode(&event, &bytes);
        assert_int_equal(payment_event_decode(buf_slice(&bytes), &decoded, &err), 0);
        assert_int_equal(decoded.event.type, type);
        assert_int_equal(decoded.event.version, 3);
        assert_true(slice_equal(decoded.event.payment_id, slice_of("pay_ord_1")));
        assert_true(slice_equal(decoded.event.cart_id, slice_of("c1")));
        assert_true(uuid_equal(&decoded.event.causation_id, &event.causation_id));
        assert_body(&decoded.event);
        buf_free(&bytes);
    }
    payment_decoded_free(&decoded);
}

/* Each cut and each flipped bit is refused or is an event: never a crash, never out of bounds. */
static void damaged_bytes_are_judged(void **state)
{
    struct payment_decoded decoded = {0};
    struct error err;
    (void)state;
    for (int type = PAYMENT_EVENT_REQUESTED; type <= PAYMENT_EVENT_REFUNDED; type++) {
        struct payment_event event = event_of((enum payment_event_type)type);
        struct buf bytes = {0};
        payment_event_encode(&event, &bytes);
        for (size_t cut = 0; cut < bytes.len; cut++) {
            char *exact = malloc(cut > 0 ? cut : 1); /* so that the sanitizer sees its end */
            memcpy(exact, bytes.data, cut);
            if (payment_event_decode((struct slice){exact, cut}, &decoded, &err) == 0)
                payment_event_type_name(decoded.event.type);
            free(exact);
        }
        for (size_t bit = 0; bit < bytes.len * 8; bit++) {
            bytes.data[bit / 8] = (char)(bytes.data[bit / 8] ^ 1 << bit % 8);
            if (payment_event_decode(buf_slice(&bytes), &decoded, &err) == 0)
                payment_event_type_name(decoded.event.type);
            bytes.data[bit / 8] = (char)(bytes.data[bit / 8] ^ 1 << bit % 8);
        }
        buf_free(&bytes);
    }
    payment_decoded_free(&decoded);
}

static void refuses(struct payment_event event, const char *field)
{
    struct payment_decoded decoded = {0};
    struct buf bytes = {0};
    struct error err;
    payment_event_encode(&event, &bytes);
    assert_int_equal(payment_event_decode(buf_slice(&bytes), &decoded, &err), -1);
    assert_int_equal(err.kind, ERROR_PERMANENT);
    assert_non_null(strstr(err.message, field));
    payment_decoded_free(&decoded);
    buf_free(&bytes);
}

static void bad_fields_are_named(void **state)
{
    (void)state;
    struct payment_event event = event_of(PAYMENT_EVENT_REQUESTED);
    event.requested.amount_minor = -1;
    refuses(event, "amount_minor");
    event = event_of(PAYMENT_EVENT_REQUESTED);
    event.requested.currency = slice_of("EURO");
    refuses(event, "currency");
    event = event_of(PAYMENT_EVENT_CAPTURED);
    event.payment_id = slice_of("");
    refuses(event, "payment_id");
    event = event_of(PAYMENT_EVENT_FAILED);
    event.failed.code = slice_of("a\nb");
    refuses(event, "code");
    event = event_of(PAYMENT_EVENT_UNKNOWN);
    event.version = 0;
    refuses(event, "version");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_comes_back),
        cmocka_unit_test(damaged_bytes_are_judged),
        cmocka_unit_test(bad_fields_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

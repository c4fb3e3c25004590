/* Every kind of event both ways; every truncation and bit flip; hostile sizes. */
#include "proto/cart_codec.h"

#include <stdlib.h>

#include "proto/cart_state_codec.h"
#include "tests/unit/test.h"

static const struct sold_line lines[] = {
    {{"p1", 2}, {"One", 3}, 100, 200, 2},
    {{"p2", 2}, {"Zwei \xf0\x9f\x9b\x92", 9}, 5, 5, 1},
};

static const char token_hash[] = "0123456789abcdef0123456789abcdef";

static struct contact contact(void)
{
    return (struct contact){slice_of("a@example.org"), slice_of("+4915112345678"),
                            slice_of("de-DE")};
}

static struct cart_event envelope(enum cart_event_type type)
{
    struct cart_event event = {
        .cart_id = slice_of("c1"),
        .version = 7,
        .occurred_at_us = 1795262400123456,
        .actor = slice_of("user-1"),
        .type = type,
    };
    memset(event.event_id.bytes, 1, 16);
    memset(event.correlation_id.bytes, 2, 16);
    memset(event.causation_id.bytes, 3, 16);
    return event;
}

static void sample(enum cart_event_type type, struct cart_event *event)
{
    *event = envelope(type);
    switch (type) {
    case CART_EVENT_ITEM_ADDED:
        event->item_added = (struct item_added){
            .product_id = slice_of("p1"),
            .product_name = slice_of("Name"),
            .currency = slice_of("EUR"),
            .user_id = slice_of("user-1"),
            .price_minor = 12345,
            .quantity = 3,
            .contact = contact(),
        };
        event->client_ip = slice_of("2001:db8::1");
        event->device_id = slice_of("device-1");
        return;
    case CART_EVENT_ITEM_QUANTITY_CHANGED:
        event->item_quantity_changed = (struct item_quantity_changed){slice_of("p1"), 5, 3};
        return;
    case CART_EVENT_ITEM_REMOVED:
        event->item_removed = (struct item_removed){slice_of("p1"), 5};
        return;
    case CART_EVENT_CLEARED:
        event->cleared.lines = 2;
        return;
    case CART_EVENT_CHECKED_OUT:
        event->checked_out = (struct cart_checked_out){
            .order_id = slice_of("o1"),
            .user_id = slice_of("user-1"),
            .currency = slice_of("EUR"),
            .lines = lines,
            .line_count = 2,
            .total_quantity = 3,
            .total_minor = 205,
            .contact = contact(),
            .payment_token = slice_of("tok_success"),
            .opened_at_us = 1795262400000000,
        };
        return;
    case CART_EVENT_MERGED:
        event->merged = (struct cart_merged){slice_of("guest"),  slice_of("c1"), lines, 2,
                                             slice_of("user-1"), slice_of("EUR")};
        return;
    case CART_EVENT_OPENED:
        event->opened =
            (struct cart_opened){slice_of(""), {token_hash, GUEST_TOKEN_HASH_BYTES}, slice_of("")};
        return;
    case CART_EVENT_ABANDONED:
        event->abandoned = (struct cart_abandoned){1795262400000000, contact(), slice_of("user-1"),
                                                   slice_of("EUR"),  3,         205};
        return;
    case CART_EVENT_EXPIRED:
        event->expired.idle_since_us = 1795262400000000;
        return;
    }
}

enum { FIRST = CART_EVENT_ITEM_ADDED, LAST = CART_EVENT_EXPIRED };

static void same_bytes_after_a_round_trip(void **state)
{
    (void)state;
    struct cart_decoded decoded = {0};
    for (int type = FIRST; type <= LAST; type++) {
        struct cart_event event;
        struct buf once = {0}, twice = {0};
        struct error err;
        sample((enum cart_event_type)type, &event);
        cart_event_encode(&event, &once);
        assert_int_equal(cart_event_decode(buf_slice(&once), &decoded, &err), 0);
        assert_int_equal(decoded.event.type, type);
        assert_int_equal(decoded.event.version, 7);
        cart_event_encode(&decoded.event, &twice);
        assert_int_equal(once.len, twice.len);
        assert_memory_equal(once.data, twice.data, once.len);
        if (type == CART_EVENT_MERGED)
            assert_slice(decoded.event.merged.lines[1].product_name, "Zwei \xf0\x9f\x9b\x92");
        if (type == CART_EVENT_CHECKED_OUT)
            assert_slice(decoded.event.checked_out.contact.locale, "de-DE");
        buf_free(&once);
        buf_free(&twice);
    }
    cart_decoded_free(&decoded);
}

/* As the first release wrote it: no contact, no address. */
static void reads_the_first_release(void **state)
{
    (void)state;
    static const char bytes[] = "\x0a\x02"
                                "c1\x10\x07\x1a\x10"
                                "eeeeeeeeeeeeeeee"
                                "\x20\x01\x2a\x01u\x32\x10"
                                "cccccccccccccccc"
                                "\x3a\x10"
                                "kkkkkkkkkkkkkkkk"
                                "\xa2\x01\x0d" /* cart_checked_out */
                                "\x0a\x01o\x12\x01u\x1a\x03"
                                "EUR\x28\x03";
    struct cart_decoded decoded = {0};
    struct error err = {0};
    int rc = cart_event_decode((struct slice){bytes, sizeof(bytes) - 1}, &decoded, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(rc, 0);
    assert_int_equal(decoded.event.checked_out.total_quantity, 3);
    assert_int_equal(decoded.event.checked_out.contact.email.len, 0);
    assert_int_equal(decoded.event.checked_out.opened_at_us, 0);
    assert_int_equal(decoded.event.client_ip.len, 0);
    cart_decoded_free(&decoded);
}

static int decode_opened(struct slice user_id, struct slice hash, struct slice currency)
{
    struct cart_decoded decoded = {0};
    struct cart_event event = envelope(CART_EVENT_OPENED);
    struct buf bytes = {0};
    struct error err;
    event.opened = (struct cart_opened){user_id, hash, currency};
    cart_event_encode(&event, &bytes);
    int rc = cart_event_decode(buf_slice(&bytes), &decoded, &err);
    buf_free(&bytes);
    cart_decoded_free(&decoded);
    return rc;
}

static void judges_who_opens(void **state)
{
    (void)state;
    struct slice none = {"", 0}, hash = {token_hash, GUEST_TOKEN_HASH_BYTES};
    assert_int_equal(decode_opened(slice_of("u"), none, slice_of("EUR")), 0);
    assert_int_equal(decode_opened(none, hash, none), 0);
    assert_int_equal(decode_opened(slice_of("u"), hash, none), -1);
    assert_int_equal(decode_opened(none, (struct slice){token_hash, 31}, none), -1);
    assert_int_equal(decode_opened(slice_of("u"), none, slice_of("eur")), -1);
}

/* Whatever the bytes are, decode says yes or no, and what it says yes to can be encoded again. */
static void judge(struct slice bytes, struct cart_decoded *decoded)
{
    struct error err = {0};
    struct buf again = {0};
    if (cart_event_decode(bytes, decoded, &err) == 0)
        cart_event_encode(&decoded->event, &again);
    else
        assert_true(err.message[0] != '\0' && err.kind == ERROR_PERMANENT);
    buf_free(&again);
}

static void every_truncation_and_bit_flip(void **state)
{
    (void)state;
    struct cart_decoded decoded = {0};
    for (int type = FIRST; type <= LAST; type++) {
        struct cart_event event;
        struct buf bytes = {0};
        struct error err;
        sample((enum cart_event_type)type, &event);
        cart_event_encode(&event, &bytes);
        for (size_t length = 0; length < bytes.len; length++) {
            /* An exact copy, so that the sanitizer sees a read beyond the end. */
            char *cut = malloc(length + 1);
            memcpy(cut, bytes.data, length);
            judge((struct slice){cut, length}, &decoded);
            free(cut);
        }
        for (size_t bit = 0; bit < bytes.len * 8; bit++) {
            bytes.data[bit / 8] = (char)(bytes.data[bit / 8] ^ 1 << bit % 8);
            judge(buf_slice(&bytes), &decoded);
            bytes.data[bit / 8] = (char)(bytes.data[bit / 8] ^ 1 << bit % 8);
        }
        assert_int_equal(cart_event_decode(buf_slice(&bytes), &decoded, &err), 0);
        buf_free(&bytes);
    }
    cart_decoded_free(&decoded);
}

static void refuses_bad_fields(void **state)
{
    (void)state;
    struct cart_decoded decoded = {0};
    for (int i = 0; i < 9; i++) {
        struct cart_event event;
        struct buf bytes = {0};
        struct error err;
        static char long_name[PRODUCT_NAME_MAX + 1];
        memset(long_name, 'n', sizeof(long_name));
        sample(CART_EVENT_ITEM_ADDED, &event);
        switch (i) {
        case 0:
            event.item_added.product_id = (struct slice){"a\0b", 3};
            break;
        case 1:
            event.item_added.product_name = slice_of("\xff");
            break;
        case 2:
            event.item_added.product_name = (struct slice){long_name, sizeof(long_name)};
            break;
        case 3:
            event.item_added.quantity = 0;
            break;
        case 4:
            event.item_added.price_minor = -1;
            break;
        case 5:
            event.item_added.currency = slice_of("eur");
            break;
        case 6:
            event.version = 0;
            break;
        case 7:
            event.cart_id = slice_of("");
            break;
        case 8:
            event.item_added.price_minor = AMOUNT_MAX_MINOR + 1;
            break;
        default:
            fail();
        }
        cart_event_encode(&event, &bytes);
        assert_int_equal(cart_event_decode(buf_slice(&bytes), &decoded, &err), -1);
        buf_free(&bytes);
    }
    cart_decoded_free(&decoded);
}

/* An unknown body is refused, an unknown field is ignored; many of them do not cost unbounded
 * memory. */
static void meets_the_future(void **state)
{
    (void)state;
    struct cart_decoded decoded = {0};
    struct cart_event event;
    struct buf bytes = {0};
    struct error err;
    sample(CART_EVENT_CLEARED, &event);
    cart_event_encode(&event, &bytes);
    buf_append(&bytes, "\xa2\x06\x03xyz", 6); /* field 100, bytes */
    assert_int_equal(cart_event_decode(buf_slice(&bytes), &decoded, &err), 0);
    buf_clear(&bytes);
    sample(CART_EVENT_CLEARED, &event);
    cart_event_encode(&event, &bytes);
    bytes.len -= 5;                        /* the body: tag of two bytes, length, `lines = 2` */
    buf_append(&bytes, "\xfa\x01\x00", 3); /* field 31, an empty message */
    assert_int_equal(cart_event_decode(buf_slice(&bytes), &decoded, &err), -1);
    assert_non_null(strstr(err.message, "body"));
    buf_clear(&bytes);
    for (int i = 0; i < 200000; i++)
        buf_append(&bytes, "\xa0\x06\x01", 3);
    judge(buf_slice(&bytes), &decoded);
    buf_clear(&bytes);
    buf_reserve(&bytes, CART_EVENT_BYTES_MAX + 1);
    memset(bytes.data, 0, CART_EVENT_BYTES_MAX + 1);
    bytes.len = CART_EVENT_BYTES_MAX + 1;
    assert_int_equal(cart_event_decode(buf_slice(&bytes), &decoded, &err), -1);
    buf_free(&bytes);
    cart_decoded_free(&decoded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes_after_a_round_trip),
        cmocka_unit_test(reads_the_first_release),
        cmocka_unit_test(judges_who_opens),
        cmocka_unit_test(every_truncation_and_bit_flip),
        cmocka_unit_test(refuses_bad_fields),
        cmocka_unit_test(meets_the_future),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The messages of /ws.
 * Owner: tests. Thread: single.
 */
#include "../test.h"

#include "cart-api/live_message.h"

static void good_messages(void **state)
{
    struct live_request request;
    char why[LIVE_WHY_SIZE];
    (void)state;
    assert_int_equal(
        live_request_parse(slice_of("{\"type\":\"subscribe\",\"cartId\":\"c-1\",\"version\":7}"),
                           &request, why),
        0);
    assert_int_equal(request.type, LIVE_SUBSCRIBE);
    assert_int_equal(request.cart_id_length, 3);
    assert_memory_equal(request.cart_id, "c-1", 3);
    assert_int_equal(request.version, 7);
    assert_int_equal(
        live_request_parse(slice_of("{\"cartId\":\"c\",\"type\":\"unsubscribe\"}"), &request, why),
        0);
    assert_int_equal(request.type, LIVE_UNSUBSCRIBE);
    assert_int_equal(request.version, 0);
    assert_int_equal(live_request_parse(slice_of("{\"type\":\"ping\"}"), &request, why), 0);
    assert_int_equal(request.type, LIVE_PING);
}

static void bad_messages(void **state)
{
    static const char *const cases[] = {
        "",
        "[]",
        "subscribe",
        "{\"type\":\"subscribe\"}",
        "{\"type\":\"subscribe\",\"cartId\":1}",
        "{\"type\":\"subscribe\",\"cartId\":\"a b\"}",
        "{\"type\":\"subscribe\",\"cartId\":\"c\",\"cartId\":\"c\"}",
        "{\"type\":\"subscribe\",\"cartId\":\"c\",\"version\":-1}",
        "{\"type\":\"subscribe\",\"cartId\":\"c\",\"version\":1.0}",
        "{\"type\":\"subscribe\",\"cartId\":\"c\",\"version\":2147483648}",
        "{\"type\":\"unsubscribe\",\"cartId\":\"c\",\"version\":1}",
        "{\"type\":\"ping\",\"cartId\":\"c\"}",
        "{\"type\":\"Ping\"}",
        "{\"type\":\"ping\"} {}",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct live_request request = {.version = 99};
        char why[LIVE_WHY_SIZE] = "";
        assert_int_equal(live_request_parse(slice_of(cases[i]), &request, why), -1);
        assert_true(strlen(why) > 0);
        assert_int_equal(request.version, 99); /* untouched */
    }
}

static void answers(void **state)
{
    struct buf out = {0};
    (void)state;
    live_write_done(&out, "subscribed", slice_of("c"), 3);
    assert_buf(&out, "{\"type\":\"subscribed\",\"cartId\":\"c\",\"version\":3}");
    buf_clear(&out);
    live_write_done(&out, "pong", slice_of(""), 0);
    assert_buf(&out, "{\"type\":\"pong\"}");
    buf_clear(&out);
    live_write_view(&out, slice_of("c"), 3, slice_of("{\"a\":1}"));
    assert_buf(&out, "{\"type\":\"view\",\"cartId\":\"c\",\"version\":3,\"view\":{\"a\":1}}");
    buf_clear(&out);
    live_write_error(&out, "bad", "no \"good\"", slice_of(""));
    assert_buf(&out, "{\"type\":\"error\",\"code\":\"bad\",\"message\":\"no \\\"good\\\"\"}");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_messages),
        cmocka_unit_test(bad_messages),
        cmocka_unit_test(answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

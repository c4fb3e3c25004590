/* Every kind of fraud's events both ways; every truncation and bit flip; bad fields. */
#include "proto/fraud_codec.h"

#include <math.h>
#include <stdlib.h>

#include "tests/unit/test.h"

enum { FIRST = FRAUD_EVENT_CLEARED, LAST = FRAUD_EVENT_REVIEWED };

static struct uuid ids[3];
static struct fraud_hit hits[2];

static void sample(enum fraud_event_type type, struct fraud_event *event)
{
    memset(ids, 7, sizeof(ids));
    hits[0] = (struct fraud_hit){slice_of("adds-per-minute"),
                                 FRAUD_MODE_REVIEW,
                                 40,
                                 31,
                                 30,
                                 60000000,
                                 slice_of("cart:c1"),
                                 ids,
                                 2};
    hits[1] = (struct fraud_hit){slice_of("night"), FRAUD_MODE_SHADOW,   0,       2.5, 2,
                                 3600000000,        slice_of("user:u1"), ids + 2, 1};
    *event = (struct fraud_event){
        .cart_id = slice_of("c1"),
        .version = 1,
        .occurred_at_us = 1795262400123456,
        .actor = slice_of("fraud"),
        .order_id = slice_of("ord_1"),
        .user_id = slice_of("u1"),
        .type = type,
    };
    memset(event->event_id.bytes, 1, 16);
    memset(event->correlation_id.bytes, 2, 16);
    memset(event->causation_id.bytes, 3, 16);
    if (type == FRAUD_EVENT_REVIEWED)
        event->reviewed = (struct fraud_reviewed){FRAUD_BLOCK, slice_of("stolen card")};
    else
        event->verdict = (struct fraud_verdict){40, hits, type == FRAUD_EVENT_CLEARED ? 0 : 2};
}

static void same_bytes_after_a_round_trip(void **state)
{
    (void)state;
    struct fraud_decoded decoded = {0};
    for (int type = FIRST; type <= LAST; type++) {
        struct fraud_event event;
        struct buf once = {0}, twice = {0};
        struct error err;
        sample((enum fraud_event_type)type, &event);
        fraud_event_encode(&event, &once);
        assert_int_equal(fraud_event_decode(buf_slice(&once), &decoded, &err), 0);
        assert_int_equal(decoded.event.type, type);
        fraud_event_encode(&decoded.event, &twice);
        assert_int_equal(once.len, twice.len);
        assert_memory_equal(once.data, twice.data, once.len);
        buf_free(&once);
        buf_free(&twice);
    }
    fraud_decoded_free(&decoded);
}

static void values_survive(void **state)
{
    (void)state;
    struct fraud_decoded decoded = {0};
    struct fraud_event event;
    struct buf bytes = {0};
    struct error err;
    sample(FRAUD_EVENT_HELD, &event);
    fraud_event_encode(&event, &bytes);
    assert_int_equal(fraud_event_decode(buf_slice(&bytes), &decoded, &err), 0);
    const struct fraud_verdict *verdict = &decoded.event.verdict;
    assert_int_equal(verdict->score, 40);
    assert_int_equal(verdict->hit_count, 2);
    assert_slice(verdict->hits[0].rule, "adds-per-minute");
    assert_int_equal(verdict->hits[0].mode, FRAUD_MODE_REVIEW);
    assert_int_equal(verdict->hits[0].event_count, 2);
    assert_true(uuid_equal(&verdict->hits[0].event_ids[1], &ids[1]));
    assert_true(verdict->hits[1].value > 2.4 && verdict->hits[1].value < 2.6);
    assert_slice(verdict->hits[1].key, "user:u1");
    assert_slice(decoded.event.order_id, "ord_1");
    buf_free(&bytes);
    fraud_decoded_free(&decoded);
}

/* Whatever the bytes are, decode says yes or no, and what it says yes to can be encoded again. */
static void judge(struct slice bytes, struct fraud_decoded *decoded)
{
    struct error err = {0};
    struct buf again = {0};
    if (fraud_event_decode(bytes, decoded, &err) == 0)
        fraud_event_encode(&decoded->event, &again);
    else
        assert_true(err.message[0] != '\0' && err.kind == ERROR_PERMANENT);
    buf_free(&again);
}

static void every_truncation_and_bit_flip(void **state)
{
    (void)state;
    struct fraud_decoded decoded = {0};
    for (int type = FIRST; type <= LAST; type++) {
        struct fraud_event event;
        struct buf bytes = {0};
        sample((enum fraud_event_type)type, &event);
        fraud_event_encode(&event, &bytes);
        for (size_t length = 0; length < bytes.len; length++) {
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
        buf_free(&bytes);
    }
    fraud_decoded_free(&decoded);
}

static void spoil(int how, struct fraud_event *event)
{
    switch (how) {
    case 0:
        event->cart_id = slice_of("");
        return;
    case 1:
        hits[0].rule = slice_of("");
        return;
    case 2:
        hits[0].value = (double)INFINITY;
        return;
    case 3:
        hits[1].score = -1;
        return;
    case 4:
        event->version = 0;
        return;
    case 5:
        hits[1].key = slice_of("user:\xff");
        return;
    default:
        fail();
    }
}

static void refuses_bad_fields(void **state)
{
    (void)state;
    struct fraud_decoded decoded = {0};
    for (int i = 0; i < 6; i++) {
        struct fraud_event event;
        struct buf bytes = {0};
        struct error err;
        sample(FRAUD_EVENT_BLOCKED, &event);
        spoil(i, &event);
        fraud_event_encode(&event, &bytes);
        assert_int_equal(fraud_event_decode(buf_slice(&bytes), &decoded, &err), -1);
        buf_free(&bytes);
    }
    fraud_decoded_free(&decoded);
}

static void words_of_a_future_are_refused(void **state)
{
    (void)state;
    enum fraud_mode mode;
    enum fraud_decision decision;
    assert_int_equal(fraud_mode_parse(slice_of("block"), &mode), 0);
    assert_int_equal(mode, FRAUD_MODE_BLOCK);
    assert_int_equal(fraud_mode_parse(slice_of("Block"), &mode), -1);
    assert_int_equal(fraud_decision_parse(slice_of("release"), &decision), 0);
    assert_int_equal(decision, FRAUD_RELEASE);
    assert_int_equal(fraud_decision_parse(slice_of("maybe"), &decision), -1);
    assert_string_equal(fraud_event_type_name(FRAUD_EVENT_REVIEWED), "FraudReviewed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes_after_a_round_trip), cmocka_unit_test(values_survive),
        cmocka_unit_test(every_truncation_and_bit_flip), cmocka_unit_test(refuses_bad_fields),
        cmocka_unit_test(words_of_a_future_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

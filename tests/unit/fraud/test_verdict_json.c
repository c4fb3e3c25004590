/* Verdicts and reviews as clients get them. */
#include "fraud/verdict_json.h"

#include "tests/unit/test.h"

static void a_verdict_with_its_hits(void **state)
{
    (void)state;
    struct uuid ids[2];
    struct buf out = {0};
    memset(ids, 0xab, sizeof(ids));
    struct fraud_hit hits[] = {
        {slice_of("adds"), FRAUD_MODE_REVIEW, 30, 61, 60, 60000000, slice_of("cart:c1"), ids, 2},
        {slice_of("price"), FRAUD_MODE_SHADOW, 5, 2.5, 0.1, 3600000000, slice_of("ip:1"), ids, 0},
    };
    struct fraud_event event = {
        .type = FRAUD_EVENT_HELD, .occurred_at_us = 1795262400123456, .verdict = {30, hits, 2}};
    buf_char(&out, '{');
    verdict_json(&event, &out);
    assert_buf(&out, "{\"verdict\":\"held\",\"score\":30,"
                     "\"decidedAt\":\"2026-11-21T12:00:00.123456Z\",\"hits\":["
                     "{\"rule\":\"adds\",\"mode\":\"review\",\"score\":30,\"value\":61,"
                     "\"threshold\":60,\"windowSeconds\":60,\"key\":\"cart:c1\",\"eventIds\":["
                     "\"abababab-abab-abab-abab-abababababab\","
                     "\"abababab-abab-abab-abab-abababababab\"]},"
                     "{\"rule\":\"price\",\"mode\":\"shadow\",\"score\":5,\"value\":2.5,"
                     "\"threshold\":0.1,\"windowSeconds\":3600,\"key\":\"ip:1\",\"eventIds\":[]}]");
    buf_free(&out);
}

static void a_review_decides_the_status(void **state)
{
    (void)state;
    struct buf out = {0};
    struct fraud_event event = {.type = FRAUD_EVENT_REVIEWED,
                                .occurred_at_us = 1795262400000000,
                                .actor = slice_of("sue"),
                                .reviewed = {FRAUD_RELEASE, slice_of("a \"known\" one")}};
    assert_string_equal(verdict_status(&event), "released");
    buf_char(&out, '{');
    review_json(&event, &out);
    assert_buf(&out, "{\"decision\":\"release\",\"note\":\"a \\\"known\\\" one\","
                     "\"reviewer\":\"sue\",\"reviewedAt\":\"2026-11-21T12:00:00.000000Z\"");
    event.reviewed.decision = FRAUD_BLOCK;
    assert_string_equal(verdict_status(&event), "blocked");
    event.type = FRAUD_EVENT_CLEARED;
    assert_string_equal(verdict_status(&event), "cleared");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verdict_with_its_hits),
        cmocka_unit_test(a_review_decides_the_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

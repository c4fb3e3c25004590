/* Webhook signatures: a right one, and every way to be wrong. */
#include "billing/signature.h"

#include <stdio.h>

#include "io/digest.h"
#include "tests/unit/test.h"

enum { NOW_S = 1800000000, WINDOW_S = 300 };

static const char body[] = "{\"id\":\"evt_1\"}";
static const char secret[] = "whsec_test";

static void sign(const char *key, long at_s, char text[128])
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    char time[24];
    snprintf(time, sizeof(time), "%ld", at_s);
    const struct slice parts[] = {slice_of(time), slice_of("."), slice_of(body)};
    digest_hmac_sha256(slice_of(key), parts, ARRAY_SIZE(parts), digest);
    int length = snprintf(text, 128, "t=%ld,v1=", at_s);
    for (int i = 0; i < DIGEST_SHA256_SIZE; i++)
        length += snprintf(text + length, 128 - (size_t)length, "%02x", digest[i]);
}

static const char *judge(const char *header)
{
    return signature_refusal(slice_of(header), slice_of(body), slice_of(secret), NOW_S, WINDOW_S);
}

/* Source: the test vector of RFC 4231, 4.3. */
static void hmac_is_hmac(void **state)
{
    static const uint8_t wanted[] = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e};
    uint8_t digest[DIGEST_SHA256_SIZE];
    const struct slice parts[] = {slice_of("what do ya want "), slice_of("for nothing?")};
    (void)state;
    digest_hmac_sha256(slice_of("Jefe"), parts, ARRAY_SIZE(parts), digest);
    assert_memory_equal(digest, wanted, sizeof(wanted));
}

static void right_ones_are_taken(void **state)
{
    char header[128], both[256];
    (void)state;
    sign(secret, NOW_S, header);
    assert_null(judge(header));
    sign(secret, NOW_S - WINDOW_S, header);
    assert_null(judge(header));
    /* While a secret is changed there are two; a scheme that we do not know is passed over. */
    sign(secret, NOW_S, header);
    snprintf(both, sizeof(both), "t=%d,v0=abc,v1=%064d,%s", NOW_S, 0, strchr(header, 'v'));
    assert_null(judge(both));
}

static void wrong_ones_are_refused(void **state)
{
    char header[128];
    (void)state;
    sign("whsec_other", NOW_S, header);
    assert_non_null(judge(header));
    sign(secret, NOW_S - WINDOW_S - 1, header);
    assert_non_null(judge(header));
    sign(secret, NOW_S + WINDOW_S + 1, header);
    assert_non_null(judge(header));
    sign(secret, NOW_S, header);
    header[strlen(header) - 1] ^= 1;
    assert_non_null(judge(header));
    header[strlen(header) - 1] = '\0';
    assert_non_null(judge(header));
    assert_non_null(judge(""));
    assert_non_null(judge("t=,v1="));
    assert_non_null(judge("v1=00"));
    assert_non_null(judge("t=1800000000"));
    assert_non_null(judge("t=99999999999999999999,v1=00"));
    /* Signed for another time than it says. */
    sign(secret, NOW_S - 1000, header);
    memcpy(header + 2, "1800000000", 10);
    assert_non_null(judge(header));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hmac_is_hmac),
        cmocka_unit_test(right_ones_are_taken),
        cmocka_unit_test(wrong_ones_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

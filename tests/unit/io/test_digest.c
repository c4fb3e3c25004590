/* SHA-256 over parts that know their lengths.
 * Owner: tests. Thread: single.
 */
#include "../test.h"

#include "io/digest.h"

static void no_parts_is_the_digest_of_nothing(void **state)
{
    (void)state;
    /* FIPS 180-4: SHA-256 of the empty message */
    static const uint8_t expected[] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
                                       0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
                                       0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
                                       0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
    uint8_t digest[DIGEST_SHA256_SIZE];
    digest_sha256(NULL, 0, digest);
    assert_memory_equal(digest, expected, sizeof(expected));
}

static void bytes_belong_to_their_part(void **state)
{
    (void)state;
    struct slice parts[][2] = {
        {slice_of("ab"), slice_of("c")},
        {slice_of("a"), slice_of("bc")},
        {slice_of("abc"), {NULL, 0}},
        {{NULL, 0}, slice_of("abc")},
    };
    uint8_t digests[ARRAY_SIZE(parts)][DIGEST_SHA256_SIZE], again[DIGEST_SHA256_SIZE];
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        digest_sha256(parts[i], 2, digests[i]);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(digests[i], digests[j], DIGEST_SHA256_SIZE);
    }
    digest_sha256(parts[0], 2, again);
    assert_memory_equal(again, digests[0], sizeof(again));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_parts_is_the_digest_of_nothing),
        cmocka_unit_test(bytes_belong_to_their_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Remembered tokens: until they expire or the keys change, and no more than there is room for.
 * Owner: lib/http. Thread: single.
 */
#include "http/token_cache.h"

#include "tests/unit/test.h"

static void digest_of(int number, uint8_t digest[DIGEST_SHA256_SIZE])
{
    digest_sha256_of((struct slice){(const char *)&number, sizeof(number)}, digest);
}

static void remembers(void **state)
{
    (void)state;
    struct token_cache *cache = token_cache_new(64);
    const struct jwt_identity kept = {.subject = slice_of("alice"),
                                      .email = slice_of("a@b"),
                                      .locale = slice_of("de"),
                                      .roles = JWT_ROLE_ADMIN,
                                      .expires_at_s = 100};
    struct jwt_identity found;
    uint8_t digest[DIGEST_SHA256_SIZE];
    char text[JWT_TEXT_MAX];
    digest_of(1, digest);
    assert_false(token_cache_find(cache, digest, 1, 50, text, &found));
    token_cache_keep(cache, digest, 1, &kept);
    assert_true(token_cache_find(cache, digest, 1, 99, text, &found));
    assert_slice(found.subject, "alice");
    assert_slice(found.email, "a@b");
    assert_slice(found.phone, "");
    assert_slice(found.locale, "de");
    assert_int_equal(found.roles, JWT_ROLE_ADMIN);
    assert_ptr_equal(found.subject.data, text);
    assert_false(token_cache_find(cache, digest, 1, 100, text, &found));
    assert_false(token_cache_find(cache, digest, 1, 50, text, &found)); /* and stays forgotten */
    token_cache_keep(cache, digest, 1, &kept);
    token_cache_keep(cache, digest, 2, &kept);
    assert_false(token_cache_find(cache, digest, 1, 50, text, &found)); /* of other keys */
    token_cache_free(cache);
}

static void has_a_bound(void **state)
{
    (void)state;
    enum { CAPACITY = 64, TOKENS = 10000 };
    struct token_cache *cache = token_cache_new(CAPACITY);
    const struct jwt_identity kept = {.subject = slice_of("alice"), .expires_at_s = 100};
    struct jwt_identity found;
    uint8_t digest[DIGEST_SHA256_SIZE];
    char text[JWT_TEXT_MAX];
    int there = 0;
    for (int i = 0; i < TOKENS; i++) {
        digest_of(i, digest);
        token_cache_keep(cache, digest, 1, &kept);
        assert_true(token_cache_find(cache, digest, 1, 50, text, &found));
    }
    for (int i = 0; i < TOKENS; i++) {
        digest_of(i, digest);
        there += token_cache_find(cache, digest, 1, 50, text, &found) ? 1 : 0;
    }
    assert_in_range(there, CAPACITY / 2, CAPACITY);
    token_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remembers),
        cmocka_unit_test(has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

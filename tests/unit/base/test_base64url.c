/* Base64url: the vectors of RFC 4648, 10 without padding, and what is not the one text of a value.
 * Owner: lib/base. Thread: single.
 */
#include "base/base64url.h"

#include "tests/unit/test.h"

static void both_ways(void **state)
{
    static const char *const pairs[][2] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xFB\xFF", "-_8"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        uint8_t bytes[16];
        size_t length = 99;
        struct buf text = {0};
        assert_int_equal(base64url_decode(slice_of(pairs[i][1]), bytes, &length), 0);
        assert_slice((struct slice){(char *)bytes, length}, pairs[i][0]);
        base64url_encode(&text, (const uint8_t *)pairs[i][0], strlen(pairs[i][0]));
        assert_int_equal(text.len, BASE64URL_CHARACTERS(strlen(pairs[i][0])));
        assert_buf(&text, pairs[i][1]);
        buf_free(&text);
    }
}

static void one_text_per_value(void **state)
{
    static const char *const refused[] = {"Z",      "Zg=",  "Zg==", "Zh",    "Zm9",  "Zm 9v",
                                          "Zm9v\n", "+_8a", "/-8a", "Zm9vY", "Z.m9", "Zm9*"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        uint8_t bytes[16];
        size_t length;
        assert_int_equal(base64url_decode(slice_of(refused[i]), bytes, &length), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),
        cmocka_unit_test(one_text_per_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

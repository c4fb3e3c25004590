/* Which pages may listen.
 * Owner: tests. Thread: single.
 */
#include "../test.h"

#include "cart-api/origin.h"

static const char list[] = "https://shop.example, https://Other.example:8443";

static void origins(void **state)
{
    static const struct {
        const char *origin, *host, *allowed;
        bool may;
    } cases[] = {
        {"http://127.0.0.1:5105", "127.0.0.1:5105", "", true},
        {"https://shop.example", "SHOP.example", "", true},
        {"http://localhost:3000", "127.0.0.1:5105", "", true},
        {"http://app.localhost", "127.0.0.1:5105", "", true},
        {"http://[::1]:3000", "127.0.0.1:5105", "", true},
        {"http://127.1.2.3", "api.example", "", true},
        {"http://127.0.0.1.evil.example", "127.0.0.1:5105", "", false},
        {"http://127.evil.example", "127.0.0.1:5105", "", false},
        {"http://localhost.evil.example", "127.0.0.1:5105", "", false},
        {"http://evillocalhost", "127.0.0.1:5105", "", false},
        {"http://[::1].evil.example", "127.0.0.1:5105", "", false},
        {"https://evil.example", "127.0.0.1:5105", "", false},
        {"https://evil.example/", "evil.example", "", false},
        {"null", "null", "", false},
        {"", "", "", false},
        {"file://", "", "", false},
        {"https://shop.example", "api.example", list, true},
        {"https://other.example:8443", "api.example", list, true},
        {"https://other.example", "api.example", list, false},
        {"http://shop.example", "api.example", list, false},
        {"https://shop.example.evil", "api.example", list, false},
        {"https://api.example", "api.example", list, true},
        {"http://localhost:3000", "api.example", list, false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        if (origin_allowed(slice_of(cases[i].origin), slice_of(cases[i].host), cases[i].allowed) !=
            cases[i].may)
            fail_msg("%s at %s: not %d", cases[i].origin, cases[i].host, cases[i].may);
    }
}

static void lists(void **state)
{
    struct error err;
    (void)state;
    assert_int_equal(origin_list_check("", &err), 0);
    assert_int_equal(origin_list_check(list, &err), 0);
    assert_int_equal(origin_list_check("https://shop.example/", &err), -1);
    assert_non_null(strstr(err.message, "https://shop.example/"));
    assert_int_equal(origin_list_check("*", &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origins),
        cmocka_unit_test(lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Addresses there and back, and who is in a range.
 * Owner: tests. Thread: single.
 */
#include "../test.h"

#include "base/ip.h"

static void there_and_back(void **state)
{
    (void)state;
    static const struct {
        const char *text, *back; /* NULL: no address */
    } rows[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"2001:DB8:0:0::1", "2001:db8::1"},
        {"::", "::"},
        {"", NULL},
        {"192.0.2", NULL},
        {"192.0.2.1:80", NULL},
        {"[::1]", NULL},
        {"fe80::1%eth0", NULL},
        {"unknown", NULL},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa", NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct ip ip;
        char text[IP_TEXT_SIZE];
        assert_int_equal(ip_parse(slice_of(rows[i].text), &ip), rows[i].back != NULL);
        if (rows[i].back != NULL)
            assert_slice(ip_format(&ip, text), rows[i].back);
    }
}

static bool holds(const char *ranges_text, const char *address)
{
    struct ip_ranges ranges;
    struct ip ip;
    struct error err;
    assert_int_equal(ip_ranges_parse(ranges_text, &err, &ranges), 0);
    assert_true(ip_parse(slice_of(address), &ip));
    return ip_ranges_hold(&ranges, &ip);
}

static void ranges(void **state)
{
    (void)state;
    assert_true(holds("10.0.0.0/8, 192.0.2.1", "10.255.0.1"));
    assert_true(holds("10.0.0.0/8,192.0.2.1", "192.0.2.1"));
    assert_false(holds("10.0.0.0/8,192.0.2.1", "192.0.2.2"));
    assert_false(holds("10.0.0.0/8", "11.0.0.0"));
    assert_true(holds("192.0.2.128/25", "192.0.2.200"));
    assert_false(holds("192.0.2.128/25", "192.0.2.127"));
    assert_true(holds("0.0.0.0/0", "203.0.113.9"));
    assert_false(holds("0.0.0.0/0", "2001:db8::1"));
    assert_true(holds("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(holds("2001:db8::/33", "2001:db8:8000::1"));
    assert_false(holds("", "127.0.0.1"));
}

static void what_is_no_range(void **state)
{
    (void)state;
    static const char *const texts[] = {"localhost",   "10.0.0.0/33",    "10.0.0.0/",
                                        "10.0.0.0/-1", "2001:db8::/129", "1.2.3.4/8/8",
                                        "10.0.0.0/ 8"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct ip_ranges ranges;
        struct error err;
        if (ip_ranges_parse(texts[i], &err, &ranges) == 0)
            fail_msg("taken: %s", texts[i]);
        assert_non_null(strstr(err.message, "`"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(ranges),
        cmocka_unit_test(what_is_no_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

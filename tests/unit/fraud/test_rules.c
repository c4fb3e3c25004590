/* The rules' file: what it says is what is read; every mistake is refused with its line. */
#include "fraud/rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/test.h"

#define GOOD                                                                                       \
    "event = ItemAdded\nkey = user\naggregate = count\nwindow = 1m\nthreshold = 3\nscore = 5\n"    \
    "mode = review\n"

static int parse(const char *text, struct error *err, struct rules *rules)
{
    return rules_parse(slice_of(text), "rules.ini", err, rules);
}

static void reads_every_key(void **state)
{
    (void)state;
    struct rules rules;
    struct error err;
    static const char text[] = "# a comment\n"
                               "[verdict]\n"
                               "block_score = 99\n"
                               "\n"
                               "[spend]\r\n"
                               "  event = PaymentCaptured   SoldLine\n"
                               "where = currency is EUR and amount > 500 and no device\n"
                               "key = user product\n"
                               "aggregate = sum\n"
                               "value = amount\n"
                               "window = 15m\n"
                               "within = 7d\n"
                               "keep = 50\n"
                               "at_least = 7\n"
                               "fires = below\n"
                               "threshold = 2.5\n"
                               "score = 40\n"
                               "mode = block"; /* without a newline */
    assert_int_equal(parse(text, &err, &rules), 0);
    assert_int_equal(rules.block_score, 99);
    assert_int_equal(rules.count, 1);
    const struct rule *rule = &rules.items[0];
    assert_string_equal(rule->name, "spend");
    assert_int_equal(rule->line, 5);
    assert_int_equal(rule->kinds, 1 << SIGHTING_PAYMENT_CAPTURED | 1 << SIGHTING_SOLD_LINE);
    assert_int_equal(rule->condition_count, 3);
    assert_int_equal(rule->conditions[0].operator, OPERATOR_IS);
    assert_string_equal(rule->conditions[0].text, "EUR");
    assert_int_equal(rule->conditions[1].operator, OPERATOR_MORE);
    assert_int_equal(rule->conditions[1].number, 500);
    assert_int_equal(rule->conditions[2].operator, OPERATOR_NO);
    assert_int_equal(rule->key_count, 2);
    assert_int_equal(rule->key[1], FIELD_PRODUCT);
    assert_int_equal(rule->aggregate, AGGREGATE_SUM);
    assert_int_equal(rule->value, FIELD_AMOUNT);
    assert_int_equal(rule->window_us, INT64_C(900000000));
    assert_int_equal(rule->within_us, INT64_C(604800000000));
    assert_int_equal(rule->keep, 50);
    assert_int_equal(rule->at_least, 7);
    assert_true(rule->below);
    assert_true(rule->threshold > 2.4 && rule->threshold < 2.6);
    assert_int_equal(rule->score, 40);
    assert_int_equal(rule->mode, FRAUD_MODE_BLOCK);
    rules_free(&rules);
}

static void every_mistake_has_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "rules.ini: no rule in it"},
        {"# nothing\n", "rules.ini: no rule in it"},
        {"event = ItemAdded\n", "rules.ini:1: `event` stands before the first [rule]"},
        {"[a]\nnonsense\n", "rules.ini:2: expected `key = value`"},
        {"[a\n", "rules.ini:1: expected [name]"},
        {"[]\n", "rules.ini:1: a rule's name is"},
        {"[A b]\n", "rules.ini:1: a rule's name is"},
        {"[a]\nwhat = 1\n", "rules.ini:2: `what` is no key of a rule"},
        {"[a]\nscore = 1\nscore = 1\n", "rules.ini:3: score is set twice"},
        {"[a]\n" GOOD "[b]\n" GOOD "[a]\n", "rules.ini:17: rule a was defined in line 1"},
        {"[a]\nevent = ItemAdded\n", "rules.ini:1: rule a has no `key`"},
        {"\n[a]\nevent = ItemAdded\n[b]\n", "rules.ini:2: rule a has no `key`"},
        {"[a]\nevent = ItemTaken\n", "rules.ini:2: `ItemTaken` is no event that rules know"},
        {"[a]\nevent =\n", "rules.ini:2: event names none"},
        {"[a]\nkey = users\n", "rules.ini:2: `users` is no key"},
        {"[a]\nkey = quantity\n", "rules.ini:2: `quantity` is no key"},
        {"[a]\nkey = user user\n", "rules.ini:2: key names a field twice"},
        {"[a]\nkey = user cart ip\n", "rules.ini:2: key has more than 2 fields"},
        {"[a]\naggregate = average\n", "rules.ini:2: `average` is no aggregate"},
        {"[a]\nwindow = 10\n", "rules.ini:2: window must be a time"},
        {"[a]\nwindow = 0s\n", "rules.ini:2: window must be a time"},
        {"[a]\nwindow = -1s\n", "rules.ini:2: window must be a time"},
        {"[a]\nwindow = 401d\n", "rules.ini:2: window must be a time"},
        {"[a]\nwindow = 99999999999999999999s\n", "rules.ini:2: window must be a time"},
        {"[a]\nthreshold = many\n", "rules.ini:2: threshold must be a number"},
        {"[a]\nthreshold = 1e3\n", "rules.ini:2: threshold must be a number"},
        {"[a]\nthreshold = nan\n", "rules.ini:2: threshold must be a number"},
        {"[a]\nthreshold = .\n", "rules.ini:2: threshold must be a number"},
        {"[a]\nscore = -1\n", "rules.ini:2: score must be a whole number"},
        {"[a]\nmode = Block\n", "rules.ini:2: mode must be shadow, review or block"},
        {"[a]\nfires = beyond\n", "rules.ini:2: fires must be above or below"},
        {"[a]\nkeep = 10001\n", "rules.ini:2: keep must be a whole number from 1 to 10000"},
        {"[a]\nwhere = hours < 5\n", "rules.ini:2: `hours` is no field"},
        {"[a]\nwhere = user < 5\n", "rules.ini:2: user is a text"},
        {"[a]\nwhere = hour < five\n", "rules.ini:2: `five` is no whole number"},
        {"[a]\nwhere = hour = 5\n", "rules.ini:2: `=` is no comparison"},
        {"[a]\nwhere = code is\n", "rules.ini:2: `` is no value"},
        {"[a]\nwhere = has code or no user\n", "rules.ini:2: `or` is no `and`"},
        {"[a]\nwhere = has ip and has ip and has ip and has ip and has ip\n",
         "rules.ini:2: where has more than 4"},
        {"[a]\n" GOOD "value = amount\n", "rules.ini:1: rule a: count takes no value"},
        {"[a]\n" GOOD "within = 30s\n", "rules.ini:1: rule a: within is shorter than window"},
        {"[a]\n" GOOD "keep = 3\n", "rules.ini:1: rule a can never speak"},
        {"[verdict]\nscore = 1\n", "rules.ini:2: [verdict] has only"},
        {"[verdict]\nblock_score = x\n", "rules.ini:2: block_score must be"},
        {"[verdict]\nblock_score = 1\nblock_score = 1\n", "rules.ini:3: block_score is set twice"},
        {"[a]\n" GOOD "[verdict]\n", "rules.ini:9: [verdict] comes once and before"},
        {"[a]\nmode = \xff\n", "rules.ini:2: not UTF-8"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct rules rules;
        struct error err = {.message = "parsed"};
        if (parse(cases[i].text, &err, &rules) == 0)
            fail_msg("accepted: %s", cases[i].text);
        if (strncmp(err.message, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("%s\nis not\n%s", err.message, cases[i].message);
    }
}

static void values_fit_their_aggregate(void **state)
{
    (void)state;
    static const struct {
        const char *aggregate, *value;
        bool good;
    } cases[] = {
        {"sum", "amount", true},     {"sum", "user", false},
        {"distinct", "ip", true},    {"distinct", "amount", false},
        {"min", "elapsed_ms", true}, {"ratio_to_median", "cart", false},
        {"max", NULL, false},        {"distinct", NULL, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct rules rules;
        struct error err;
        struct buf text = {0};
        buf_printf(&text,
                   "[a]\nevent = CartCheckedOut\nkey = user\naggregate = %s\nwindow = 1m\n"
                   "threshold = 3\nscore = 5\nmode = shadow\n",
                   cases[i].aggregate);
        if (cases[i].value != NULL)
            buf_printf(&text, "value = %s\n", cases[i].value);
        int rc = rules_parse(buf_slice(&text), "x", &err, &rules);
        assert_int_equal(rc, cases[i].good ? 0 : -1);
        if (rc == 0)
            rules_free(&rules);
        buf_free(&text);
    }
}

/* The cart's own stream has all that is observed of a key when the key names the cart, and none of
 * the events is a payment's. */
static void own_carts_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *events, *key;
        bool own;
    } cases[] = {
        {"ItemAdded", "cart", true},
        {"CartCheckedOut SoldLine CartMerged", "product cart", true},
        {"ItemAdded", "ip", false},
        {"PaymentFailed", "cart", false},
        {"ItemAdded PaymentCaptured", "cart", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char text[256];
        struct rules rules;
        struct error err;
        snprintf(text, sizeof(text),
                 "[a]\nevent = %s\nkey = %s\naggregate = count\nwindow = 1m\nthreshold = 1\n"
                 "score = 1\nmode = shadow\n",
                 cases[i].events, cases[i].key);
        assert_int_equal(rules_parse(slice_of(text), "test", &err, &rules), 0);
        assert_int_equal(rules.items[0].of_own_cart, cases[i].own);
        assert_int_equal(rules.feeds[0].of_own_cart, cases[i].own);
        rules_free(&rules);
    }
}

/* What is observed names the feed; how it is judged does not. */
static void feeds_are_shared_by_what_is_observed(void **state)
{
    (void)state;
    struct rules rules;
    struct error err;
    assert_int_equal(parse("[a]\n" GOOD "within = 2h\n[b]\nevent = ItemAdded\nkey = user\n"
                           "aggregate = count\nwindow = 1h\nthreshold = 9\nscore = 1\n"
                           "mode = block\nkeep = 2000\n[c]\nwhere = has ip\n" GOOD,
                           &err, &rules),
                     0);
    assert_int_equal(rules.items[0].feed, rules.items[1].feed);
    assert_int_not_equal(rules.items[0].feed, rules.items[2].feed);
    assert_int_equal(rules.feed_count, 2);
    assert_int_equal(rules.feeds[0].horizon_us, INT64_C(7200000000));
    assert_int_equal(rules.feeds[0].keep, 2000);
    rules_free(&rules);
}

static void keys_and_conditions(void **state)
{
    (void)state;
    struct rules rules;
    struct error err;
    struct buf key = {0};
    struct sighting sighting = {.kind = SIGHTING_SOLD_LINE};
    struct slice item;
    int64_t number;
    assert_int_equal(parse("[a]\nwhere = quantity > 1 and code is not x\nevent = SoldLine\n"
                           "key = user product\naggregate = max\nvalue = price\nwindow = 1m\n"
                           "threshold = 3\nscore = 5\nmode = shadow\n",
                           &err, &rules),
                     0);
    sighting.texts[FIELD_USER] = slice_of("a b%");
    assert_false(rule_key(&rules.items[0], &sighting, &key));
    assert_int_equal(key.len, 0);
    sighting.texts[FIELD_PRODUCT] = slice_of("p");
    sighting_set(&sighting, FIELD_PRICE, 7);
    assert_false(rule_observes(&rules.items[0], &sighting, &key, &number, &item)); /* no quantity */
    sighting_set(&sighting, FIELD_QUANTITY, 1);
    assert_false(rule_observes(&rules.items[0], &sighting, &key, &number, &item));
    sighting_set(&sighting, FIELD_QUANTITY, 2);
    assert_true(rule_observes(&rules.items[0], &sighting, &key, &number, &item));
    assert_int_equal(number, 7);
    assert_buf(&key, "user:a%20b%25 product:p");
    sighting.texts[FIELD_CODE] = slice_of("x");
    assert_false(rule_observes(&rules.items[0], &sighting, &key, &number, &item));
    sighting.texts[FIELD_CODE] = (struct slice){0};
    sighting.kind = SIGHTING_ITEM_ADDED;
    assert_false(rule_observes(&rules.items[0], &sighting, &key, &number, &item));
    buf_free(&key);
    rules_free(&rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_key),
        cmocka_unit_test(every_mistake_has_its_line),
        cmocka_unit_test(values_fit_their_aggregate),
        cmocka_unit_test(own_carts_are_known),
        cmocka_unit_test(feeds_are_shared_by_what_is_observed),
        cmocka_unit_test(keys_and_conditions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

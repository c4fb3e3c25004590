/* Each rule that is shipped speaks when it should and is silent just below: events in, hits out. */
#include "fraud/replay.h"
#include "fraud/rules_file.h"
#include "proto/payment_event.h"
#include <stdio.h>

#include "tests/unit/test.h"

static const int64_t S = 1000000;
/* 12:00 UTC of some day. */
static const int64_t NOON_US = INT64_C(1795262400000000);

struct scene {
    struct rules rules;
    struct replay replay;
    struct sightings sightings;
    int next_id;
    int64_t at_us; /* of the next event */
    const char *cart, *user, *ip, *device, *token;
    int64_t opened_at_us;
    struct fraud_verdict verdict;
    enum fraud_event_type type;
};

static void begin(struct scene *scene)
{
    struct error err = {.message = ""};
    *scene = (struct scene){.at_us = NOON_US, .cart = "c1", .user = "u1", .ip = "", .device = ""};
    scene->token = "tok_1";
    if (rules_load("fraud/rules.ini", &err, &scene->rules) != 0)
        fail_msg("%s", err.message);
    scene->replay = (struct replay){.rules = &scene->rules, .observations_max = 100000};
}

static void end(struct scene *scene)
{
    replay_free(&scene->replay);
    sightings_free(&scene->sightings);
    rules_free(&scene->rules);
}

static struct cart_event event_of(struct scene *scene, enum cart_event_type type)
{
    struct cart_event event = {
        .cart_id = slice_of(scene->cart),
        .version = ++scene->next_id,
        .occurred_at_us = scene->at_us,
        .actor = slice_of(scene->user[0] != '\0' ? scene->user : "anonymous"),
        .client_ip = slice_of(scene->ip),
        .device_id = slice_of(scene->device),
        .type = type,
    };
    memcpy(event.event_id.bytes, &scene->next_id, sizeof(scene->next_id));
    return event;
}

static void see(struct scene *scene, const struct cart_event *event)
{
    sightings_of_cart(event, &scene->sightings);
    replay_observe(&scene->replay, &scene->sightings);
}

static void add(struct scene *scene, const char *product)
{
    struct cart_event event = event_of(scene, CART_EVENT_ITEM_ADDED);
    event.item_added = (struct item_added){.product_id = slice_of(product),
                                           .product_name = slice_of("A product"),
                                           .currency = slice_of("EUR"),
                                           .price_minor = 100,
                                           .quantity = 1};
    see(scene, &event);
}

static void take_out(struct scene *scene)
{
    struct cart_event event = event_of(scene, CART_EVENT_ITEM_REMOVED);
    event.item_removed = (struct item_removed){slice_of("p1"), 1};
    see(scene, &event);
}

static void open_cart(struct scene *scene)
{
    struct cart_event event = event_of(scene, CART_EVENT_OPENED);
    event.opened.user_id = slice_of(scene->user);
    see(scene, &event);
}

static void merge(struct scene *scene)
{
    struct cart_event event = event_of(scene, CART_EVENT_MERGED);
    event.merged.from_cart_id = slice_of("guest");
    event.merged.into_cart_id = slice_of(scene->cart);
    event.merged.user_id = slice_of(scene->user);
    see(scene, &event);
}

static void decline(struct scene *scene, const char *code)
{
    struct payment_event event = {.payment_id = slice_of("pay_1"),
                                  .occurred_at_us = scene->at_us,
                                  .cart_id = slice_of(scene->cart),
                                  .user_id = slice_of(scene->user),
                                  .type = PAYMENT_EVENT_FAILED};
    scene->next_id++;
    memcpy(event.event_id.bytes, &scene->next_id, sizeof(scene->next_id));
    event.failed.code = slice_of(code);
    sightings_of_payment(&event, &scene->sightings);
    replay_observe(&scene->replay, &scene->sightings);
}

/* A checkout of one line, and its verdict. */
static void check_out(struct scene *scene, const char *product, int64_t price_minor, int quantity)
{
    struct cart_event event = event_of(scene, CART_EVENT_CHECKED_OUT);
    struct sold_line line = {slice_of(product), slice_of("A product"), price_minor,
                             price_minor * quantity, quantity};
    event.checked_out = (struct cart_checked_out){
        .order_id = slice_of("ord_1"),
        .user_id = slice_of(scene->user),
        .currency = slice_of("EUR"),
        .lines = &line,
        .line_count = 1,
        .total_quantity = quantity,
        .total_minor = price_minor * quantity,
        .payment_token = slice_of(scene->token),
        .opened_at_us = scene->opened_at_us > 0 ? scene->opened_at_us : scene->at_us - 600 * S,
    };
    see(scene, &event);
    scene->type = replay_judge(&scene->replay, &scene->sightings, &scene->verdict);
}

static const struct fraud_hit *hit_of(const struct scene *scene, const char *rule)
{
    for (size_t i = 0; i < scene->verdict.hit_count; i++) {
        if (slice_equal(scene->verdict.hits[i].rule, slice_of(rule)))
            return &scene->verdict.hits[i];
    }
    return NULL;
}

/* ---- each takes one step more when it is to fire */

static void adds_per_minute(struct scene *scene, bool fire)
{
    for (int i = 0; i < (fire ? 61 : 60); i++, scene->at_us += S / 2)
        add(scene, "p1");
    scene->at_us += 3600 * S; /* it is remembered */
    check_out(scene, "p1", 100, 1);
}

static void carts_per_ip(struct scene *scene, bool fire)
{
    static char names[60][16];
    scene->ip = "192.0.2.1";
    for (int i = 0; i < (fire ? 51 : 50); i++, scene->at_us += S) {
        snprintf(names[i], sizeof(names[i]), "c%d", i);
        scene->cart = names[i];
        add(scene, "p1");
        add(scene, "p1");
    }
    check_out(scene, "p1", 100, 1);
}

static void quantity_of_product(struct scene *scene, bool fire)
{
    check_out(scene, "p1", 100, 60);
    scene->at_us += 3600 * S;
    scene->cart = "c2";
    check_out(scene, "p1", 100, fire ? 41 : 40);
}

static void bulk_order(struct scene *scene, bool fire)
{
    check_out(scene, "p1", 100, fire ? 501 : 500);
}

static void churn(struct scene *scene, bool fire)
{
    for (int i = 0; i < (fire ? 31 : 30); i++, scene->at_us += 19 * S)
        take_out(scene);
    check_out(scene, "p1", 100, 1);
}

static void too_fast(struct scene *scene, bool fire)
{
    scene->opened_at_us = scene->at_us - (fire ? 499000 : 500000);
    check_out(scene, "p1", 100, 1);
}

static void against_own_median(struct scene *scene, bool fire)
{
    static const char *const carts[] = {"c1", "c2", "c3"};
    for (size_t i = 0; i < ARRAY_SIZE(carts); i++, scene->at_us += 86400 * S) {
        scene->cart = carts[i];
        check_out(scene, "p1", 1000, 1);
        assert_null(hit_of(scene, "order-against-own-median"));
    }
    scene->cart = "c4";
    check_out(scene, "p2", fire ? 10001 : 10000, 1);
}

static void declined(struct scene *scene, bool fire)
{
    for (int i = 0; i < 20; i++, scene->at_us += S)
        decline(scene, "blocked_by_fraud"); /* another reason does not count */
    for (int i = 0; i < (fire ? 11 : 10); i++, scene->at_us += 300 * S)
        decline(scene, "card_declined");
    check_out(scene, "p1", 100, 1);
}

static void card_tokens(struct scene *scene, bool fire)
{
    static const char *const tokens[] = {"t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9"};
    for (size_t i = 0; i < (fire ? 9 : 8); i++, scene->at_us += 3600 * S) {
        scene->token = tokens[i];
        check_out(scene, "p1", 100, 1);
        check_out(scene, "p1", 100, 1);
    }
}

static void unlike_others(struct scene *scene, bool fire)
{
    static const char *const carts[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < ARRAY_SIZE(carts); i++, scene->at_us += 3600 * S) {
        scene->cart = carts[i];
        check_out(scene, "p1", 3000 + (int64_t)i, 1);
    }
    scene->cart = "cheap";
    check_out(scene, "p1", fire ? 1000 : 1001, 1);
}

static void guests_per_ip(struct scene *scene, bool fire)
{
    static char names[40][16];
    scene->ip = "192.0.2.1";
    for (int i = 0; i < 10; i++) {
        scene->cart = "somebody's"; /* a user's cart is no guest's */
        open_cart(scene);
    }
    scene->user = "";
    for (int i = 0; i < (fire ? 31 : 30); i++, scene->at_us += 60 * S) {
        snprintf(names[i], sizeof(names[i]), "g%d", i);
        scene->cart = names[i];
        open_cart(scene);
    }
    check_out(scene, "p1", 100, 1);
}

static void night_time(struct scene *scene, bool fire)
{
    scene->at_us += (12 * 3600 + 60) * S; /* 00:01 */
    for (int i = 0; i < 5; i++, scene->at_us += 1800 * S)
        check_out(scene, "p1", 100, 1);
    if (fire)
        check_out(scene, "p1", 100, 1);
    assert_int_equal(hit_of(scene, "night-time-burst") != NULL, fire);
    scene->at_us = NOON_US + (12 + 5) * 3600 * S; /* 05:00 is day */
    for (int i = 0; !fire && i < 5; i++)
        check_out(scene, "p1", 100, 1);
}

static void repeated_merge(struct scene *scene, bool fire)
{
    for (int i = 0; i < (fire ? 11 : 10); i++, scene->at_us += 3600 * S)
        merge(scene);
    check_out(scene, "p1", 100, 1);
}

static void users_per_token(struct scene *scene, bool fire)
{
    static const char *const users[] = {"u1", "u2", "u3", "u4"};
    for (size_t i = 0; i < (fire ? 4 : 3); i++, scene->at_us += 86400 * S) {
        scene->user = users[i];
        check_out(scene, "p1", 100, 1);
    }
}

static void users_per_device(struct scene *scene, bool fire)
{
    static const char *const users[] = {"u1", "u2", "u3", "u4", "u5", "u6"};
    scene->device = "phone";
    for (size_t i = 0; i < (fire ? 6 : 5); i++, scene->at_us += 86400 * S) {
        scene->user = users[i];
        check_out(scene, "p1", 100, 1);
    }
}

static const struct {
    const char *rule;
    void (*play)(struct scene *scene, bool fire);
} plays[] = {
    {"adds-per-minute", adds_per_minute},
    {"carts-per-ip-per-hour", carts_per_ip},
    {"quantity-of-product-per-day", quantity_of_product},
    {"bulk-order", bulk_order},
    {"add-remove-churn", churn},
    {"checkout-too-fast", too_fast},
    {"order-against-own-median", against_own_median},
    {"declined-payments-per-hour", declined},
    {"card-tokens-per-user", card_tokens},
    {"price-unlike-others", unlike_others},
    {"guests-per-ip", guests_per_ip},
    {"night-time-burst", night_time},
    {"repeated-merge", repeated_merge},
    {"users-per-card-token", users_per_token},
    {"users-per-device", users_per_device},
};

static void each_speaks_and_is_silent(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(plays); i++) {
        for (int fire = 0; fire <= 1; fire++) {
            struct scene scene;
            begin(&scene);
            plays[i].play(&scene, fire == 1);
            const struct fraud_hit *hit = hit_of(&scene, plays[i].rule);
            if ((hit != NULL) != (fire == 1))
                fail_msg("%s %s", plays[i].rule, fire ? "is silent" : "speaks");
            if (hit != NULL) {
                assert_true(hit->event_count > 0);
                assert_true(hit->key.len > 0);
            }
            end(&scene);
        }
    }
}

static void every_shipped_rule_is_played(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    assert_int_equal(scene.rules.count, ARRAY_SIZE(plays));
    for (size_t i = 0; i < scene.rules.count; i++)
        assert_string_equal(scene.rules.items[i].name, plays[i].rule);
    end(&scene);
}

/* What is built in is the file that is shipped. */
static void built_in_rules_are_the_file(void **state)
{
    (void)state;
    struct scene scene;
    struct rules built_in;
    struct error err;
    begin(&scene);
    assert_int_equal(rules_load("", &err, &built_in), 0);
    assert_int_equal(built_in.count, scene.rules.count);
    for (size_t i = 0; i < built_in.count; i++)
        assert_int_equal(built_in.items[i].feed, scene.rules.items[i].feed);
    rules_free(&built_in);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_speaks_and_is_silent),
        cmocka_unit_test(every_shipped_rule_is_played),
        cmocka_unit_test(built_in_rules_are_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

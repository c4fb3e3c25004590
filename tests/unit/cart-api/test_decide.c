/* The cart's rules: which events, which refusals.
 * Owner: tests. Thread: single.
 */
#include "../test.h"

#include <stdlib.h>

#include "base/memory.h"
#include "cart-api/decide.h"

static const struct cart_limits limits = {"USD", 999, 200};

struct run {
    struct cart cart;
    struct cart *from; /* merge: the cart that ends */
    struct verdict verdict;
    struct touched_line touched[COMMAND_ITEMS_MAX];
};

/* Decides, and applies the events as the committer does. */
static enum refusal run(struct run *run, const struct cart_command *command,
                        const struct cart_limits *with)
{
    run->verdict.touched = run->touched;
    cart_decide(&run->cart, run->from, command, with, &run->verdict);
    for (size_t i = 0; i < run->verdict.event_count; i++) {
        struct error err;
        struct cart_event event = {.cart_id = command->cart_id,
                                   .version = run->cart.version + 1,
                                   .actor = slice_of("anna")};
        struct cart *cart = run->from != NULL && i == 1 ? run->from : &run->cart;
        event.version = cart->version + 1;
        if (cart == run->from)
            event.cart_id = command->from_cart_id;
        cart_decided_event(&run->cart, command, &run->verdict, i, &event);
        assert_int_equal(cart_evolve(cart, &event, &err), 0);
    }
    if (run->verdict.refusal != REFUSED_NOT)
        assert_non_null(run->verdict.because);
    verdict_free(&run->verdict);
    return run->verdict.refusal;
}

static struct add_item item(const char *product, int64_t price_minor, int64_t quantity)
{
    return (struct add_item){slice_of(product), slice_of("Name"), price_minor, quantity};
}

static struct cart_command add(const struct add_item *items, size_t count)
{
    return (struct cart_command){.type = CART_ADD_ITEMS,
                                 .cart_id = slice_of("c1"),
                                 .user_id = slice_of("anna"),
                                 .items = items,
                                 .item_count = count};
}

static enum refusal run_add(struct run *r, const char *product, int64_t price_minor,
                            int64_t quantity)
{
    struct add_item one = item(product, price_minor, quantity);
    struct cart_command command = add(&one, 1);
    return run(r, &command, &limits);
}

static enum refusal run_line(struct run *r, enum cart_command_type type, const char *product,
                             int64_t quantity)
{
    struct cart_command command = {.type = type,
                                   .cart_id = slice_of("c1"),
                                   .product_id = slice_of(product),
                                   .quantity = quantity};
    return run(r, &command, &limits);
}

static void the_first_add_opens_the_cart(void **state)
{
    (void)state;
    struct run r = {0};
    assert_int_equal(run_add(&r, "p1", 250, 2), REFUSED_NOT);
    assert_true(r.verdict.opens);
    assert_int_equal(r.verdict.event_count, 1);
    assert_string_equal(r.cart.currency, "USD");
    assert_slice(cart_user(&r.cart), "anna");
    assert_int_equal(r.cart.total_minor, 500);
    cart_free(&r.cart);
}

static void adding_again_adds_up_and_the_newest_price_stands(void **state)
{
    (void)state;
    struct run r = {0};
    run_add(&r, "p1", 250, 2);
    assert_int_equal(run_add(&r, "p1", 300, 1), REFUSED_NOT);
    assert_false(r.verdict.opens);
    assert_int_equal(r.cart.line_count, 1);
    assert_int_equal(r.cart.total_minor, 900);
    assert_int_equal(r.touched[0].old_price_minor, 250);
    assert_int_equal(r.touched[0].price_minor, 300);
    cart_free(&r.cart);
}

static void several_items_are_several_events_or_none(void **state)
{
    (void)state;
    struct run r = {0};
    struct add_item items[] = {item("p1", 100, 1), item("p2", 200, 1), item("p1", 100, 4)};
    struct cart_command command = add(items, 3);
    assert_int_equal(run(&r, &command, &limits), REFUSED_NOT);
    assert_int_equal(r.verdict.event_count, 3);
    assert_int_equal(r.verdict.touched_count, 2);
    assert_int_equal(r.cart.version, 3);
    assert_int_equal(r.cart.total_quantity, 6);

    items[2].quantity = 995; /* 5 + 995 > 999 */
    assert_int_equal(run(&r, &command, &limits), REFUSED_QUANTITY_LIMIT);
    assert_int_equal(r.verdict.item, 2);
    assert_string_equal(r.verdict.field, "quantity");
    assert_int_equal(r.cart.version, 3);
    cart_free(&r.cart);
}

static void numbers_out_of_range_are_refused(void **state)
{
    (void)state;
    static const struct {
        int64_t price_minor, quantity;
        enum refusal refusal;
    } rows[] = {
        {100, 0, REFUSED_QUANTITY_LIMIT},
        {100, -1, REFUSED_QUANTITY_LIMIT},
        {100, 1000, REFUSED_QUANTITY_LIMIT},
        {100, INT64_MAX, REFUSED_QUANTITY_LIMIT},
        {-1, 1, REFUSED_INVALID_VALUE},
        {AMOUNT_MAX_MINOR + 1, 1, REFUSED_INVALID_VALUE},
        {AMOUNT_MAX_MINOR, 2, REFUSED_AMOUNT_LIMIT},
        {AMOUNT_MAX_MINOR, 999, REFUSED_AMOUNT_LIMIT},
        {AMOUNT_MAX_MINOR, 1, REFUSED_NOT},
        {0, 999, REFUSED_NOT},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct run r = {0};
        assert_int_equal(run_add(&r, "p1", rows[i].price_minor, rows[i].quantity), rows[i].refusal);
        cart_free(&r.cart);
    }
}

static void the_total_counts_with_what_is_there(void **state)
{
    (void)state;
    struct run r = {0};
    run_add(&r, "p1", AMOUNT_MAX_MINOR - 1, 1);
    assert_int_equal(run_add(&r, "p2", 2, 1), REFUSED_AMOUNT_LIMIT);
    assert_int_equal(run_add(&r, "p2", 1, 1), REFUSED_NOT);
    assert_int_equal(run_line(&r, CART_SET_QUANTITY, "p2", 2), REFUSED_AMOUNT_LIMIT);
    assert_int_equal(run_add(&r, "p1", 1, 1),
                     REFUSED_NOT); /* the new price is for the whole line */
    assert_int_equal(r.cart.total_minor, 3);
    cart_free(&r.cart);
}

static void lines_are_limited(void **state)
{
    (void)state;
    static const struct cart_limits two_lines = {"USD", 999, 2};
    struct run r = {0};
    struct add_item items[] = {item("p1", 1, 1), item("p2", 1, 1), item("p2", 1, 1),
                               item("p3", 1, 1)};
    struct cart_command command = add(items, 4);
    assert_int_equal(run(&r, &command, &two_lines), REFUSED_LINE_LIMIT);
    assert_int_equal(r.verdict.item, 3);
    command.item_count = 3;
    assert_int_equal(run(&r, &command, &two_lines), REFUSED_NOT);
    assert_int_equal(run(&r, &command, &two_lines), REFUSED_NOT); /* no new lines */
    cart_free(&r.cart);
}

static void one_cart_has_one_currency(void **state)
{
    (void)state;
    struct run r = {0};
    struct add_item one = item("p1", 1, 1);
    struct cart_command command = add(&one, 1);
    command.currency = slice_of("EUR");
    assert_int_equal(run(&r, &command, &limits), REFUSED_NOT);
    assert_string_equal(r.cart.currency, "EUR");
    command.currency = slice_of("USD");
    assert_int_equal(run(&r, &command, &limits), REFUSED_CURRENCY_MISMATCH);
    command.currency = (struct slice){"", 0};
    assert_int_equal(run(&r, &command, &limits), REFUSED_NOT);
    assert_string_equal(r.cart.currency, "EUR");
    cart_free(&r.cart);
}

static void setting_a_quantity(void **state)
{
    (void)state;
    struct run r = {0};
    assert_int_equal(run_line(&r, CART_SET_QUANTITY, "p1", 1), REFUSED_CART_NOT_FOUND);
    run_add(&r, "p1", 100, 2);
    assert_int_equal(run_line(&r, CART_SET_QUANTITY, "p2", 1), REFUSED_ITEM_NOT_IN_CART);
    assert_int_equal(run_line(&r, CART_SET_QUANTITY, "p1", 1000), REFUSED_QUANTITY_LIMIT);
    assert_int_equal(run_line(&r, CART_SET_QUANTITY, "p1", -1), REFUSED_QUANTITY_LIMIT);
    assert_int_equal(run_line(&r, CART_SET_QUANTITY, "p1", 2), REFUSED_NOT);
    assert_int_equal(r.cart.version, 1); /* nothing changed */
    assert_int_equal(run_line(&r, CART_SET_QUANTITY, "p1", 7), REFUSED_NOT);
    assert_int_equal(r.cart.total_minor, 700);
    assert_int_equal(run_line(&r, CART_SET_QUANTITY, "p1", 0), REFUSED_NOT);
    assert_int_equal(r.cart.line_count, 0);
    assert_int_equal(r.cart.version, 3);
    cart_free(&r.cart);
}

static void removing_some_or_all(void **state)
{
    (void)state;
    struct run r = {0};
    run_add(&r, "p1", 100, 5);
    assert_int_equal(run_line(&r, CART_REMOVE_ITEM, "p1", 2), REFUSED_NOT);
    assert_int_equal(r.cart.total_quantity, 3);
    assert_int_equal(run_line(&r, CART_REMOVE_ITEM, "p1", 9), REFUSED_NOT);
    assert_int_equal(r.cart.line_count, 0);
    assert_int_equal(run_line(&r, CART_REMOVE_ITEM, "p1", 0), REFUSED_ITEM_NOT_IN_CART);
    run_add(&r, "p1", 100, 5);
    assert_int_equal(run_line(&r, CART_REMOVE_ITEM, "p1", 0), REFUSED_NOT);
    assert_int_equal(r.cart.line_count, 0);
    cart_free(&r.cart);
}

static void clearing(void **state)
{
    (void)state;
    struct run r = {0};
    struct cart_command command = {.type = CART_CLEAR, .cart_id = slice_of("c1")};
    assert_int_equal(run(&r, &command, &limits), REFUSED_CART_NOT_FOUND);
    run_add(&r, "p1", 100, 5);
    run_add(&r, "p2", 100, 5);
    assert_int_equal(run(&r, &command, &limits), REFUSED_NOT);
    assert_int_equal(r.cart.version, 3);
    assert_int_equal(r.cart.total_minor, 0);
    assert_int_equal(run(&r, &command, &limits), REFUSED_NOT);
    assert_int_equal(r.cart.version, 3);
    cart_free(&r.cart);
}

static void another_users_cart_is_none(void **state)
{
    (void)state;
    struct run r = {0};
    struct add_item one = item("p1", 1, 1);
    struct cart_command command = add(&one, 1);
    run(&r, &command, &limits);
    command.user_id = slice_of("bert");
    command.if_match = (struct if_match){.given = true, .count = 1, .versions = {99}};
    assert_int_equal(run(&r, &command, &limits), REFUSED_CART_NOT_FOUND);
    cart_free(&r.cart);
}

static void preconditions(void **state)
{
    (void)state;
    struct run r = {0};
    struct add_item one = item("p1", 1, 1);
    struct cart_command command = add(&one, 1);
    command.if_match = (struct if_match){.given = true, .any = true};
    assert_int_equal(run(&r, &command, &limits), REFUSED_VERSION_MISMATCH); /* no cart yet */
    command.if_match.given = false;
    assert_int_equal(run(&r, &command, &limits), REFUSED_NOT);
    command.if_match.given = true;
    assert_int_equal(run(&r, &command, &limits), REFUSED_NOT);
    command.if_match = (struct if_match){.given = true, .count = 2, .versions = {0, 2}};
    assert_int_equal(run(&r, &command, &limits), REFUSED_NOT);
    assert_int_equal(run(&r, &command, &limits), REFUSED_VERSION_MISMATCH); /* it is 3 now */
    cart_free(&r.cart);
}

static void closed_carts_stay_as_they_are(void **state)
{
    (void)state;
    struct run r = {0};
    run_add(&r, "p1", 100, 1);
    r.cart.status = CART_CHECKED_OUT;
    assert_int_equal(run_add(&r, "p1", 100, 1), REFUSED_CHECKED_OUT);
    assert_int_equal(run_line(&r, CART_SET_QUANTITY, "p1", 2), REFUSED_CHECKED_OUT);
    assert_int_equal(run_line(&r, CART_REMOVE_ITEM, "p2", 0), REFUSED_CHECKED_OUT);
    r.cart.status = CART_EXPIRED;
    assert_int_equal(run_add(&r, "p1", 100, 1), REFUSED_EXPIRED);
    r.cart.status = CART_MERGED;
    r.cart.merged_into = mem_strdup("c2");
    assert_int_equal(run_add(&r, "p1", 100, 1), REFUSED_MERGED);
    assert_string_equal(r.verdict.instead, "c2");
    cart_free(&r.cart);
}

static struct cart_command check_out(void)
{
    return (struct cart_command){.type = CART_CHECK_OUT,
                                 .cart_id = slice_of("c1"),
                                 .order_id = slice_of("ord_1"),
                                 .payment_token = slice_of("tok_1"),
                                 .contact = {slice_of("a@example.org"), {"", 0}, {"", 0}}};
}

static void a_checkout_freezes_the_cart(void **state)
{
    (void)state;
    struct run r = {0};
    struct cart_event event = {0};
    struct cart_command command = check_out();
    run_add(&r, "p1", 250, 2);
    run_add(&r, "p2", 5, 1);
    const struct contact known = {slice_of("b@example.org"), slice_of("+491234567"),
                                  slice_of("de-DE")};
    cart_set_contact(&r.cart, &known);
    r.cart.opened_at_us = 77;
    r.verdict.touched = r.touched;
    cart_decide(&r.cart, NULL, &command, &limits, &r.verdict);
    assert_int_equal(r.verdict.refusal, REFUSED_NOT);
    assert_int_equal(r.verdict.event_count, 1);
    cart_decided_event(&r.cart, &command, &r.verdict, 0, &event);
    assert_int_equal(event.type, CART_EVENT_CHECKED_OUT);
    const struct cart_checked_out *body = &event.checked_out;
    assert_slice(body->order_id, "ord_1");
    assert_slice(body->user_id, "anna");
    assert_slice(body->currency, "USD");
    assert_slice(body->payment_token, "tok_1");
    assert_slice(body->contact.email, "a@example.org"); /* the newest */
    assert_slice(body->contact.phone, "+491234567");    /* as known */
    assert_slice(body->contact.locale, "de-DE");
    assert_int_equal(body->opened_at_us, 77);
    assert_int_equal(body->line_count, 2);
    assert_slice(body->lines[0].product_id, "p1");
    assert_slice(body->lines[0].product_name, "Name");
    assert_int_equal(body->lines[0].line_total_minor, 500);
    assert_int_equal(body->total_quantity, 3);
    assert_int_equal(body->total_minor, 505);
    assert_int_equal(run(&r, &command, &limits), REFUSED_NOT);
    assert_int_equal(run(&r, &command, &limits), REFUSED_ALREADY_CHECKED_OUT);
    assert_string_equal(r.verdict.instead, "ord_1");
    assert_int_equal(run_add(&r, "p1", 1, 1), REFUSED_CHECKED_OUT);
    assert_string_equal(r.verdict.instead, "ord_1");
    cart_free(&r.cart);
}

static void what_cannot_be_checked_out(void **state)
{
    (void)state;
    struct run r = {0};
    struct cart_command command = check_out();
    assert_int_equal(run(&r, &command, &limits), REFUSED_CART_NOT_FOUND);
    run_add(&r, "p1", 250, 2);
    command.user_id = slice_of("bert");
    assert_int_equal(run(&r, &command, &limits), REFUSED_CART_NOT_FOUND);
    command.user_id = slice_of("anna");
    command.if_match = (struct if_match){.given = true, .count = 1, .versions = {2}};
    assert_int_equal(run(&r, &command, &limits), REFUSED_VERSION_MISMATCH);
    command.if_match.versions[0] = 1;
    run_line(&r, CART_REMOVE_ITEM, "p1", 0);
    command.if_match.given = false;
    assert_int_equal(run(&r, &command, &limits), REFUSED_CART_EMPTY);
    r.cart.status = CART_EXPIRED;
    assert_int_equal(run(&r, &command, &limits), REFUSED_EXPIRED);
    cart_free(&r.cart);
}

/* A cart that was opened without an item takes its currency from the first. */
static void a_cart_without_currency(void **state)
{
    (void)state;
    struct run r = {.cart = {.version = 1}};
    struct add_item one = item("p1", 1, 1);
    struct cart_command command = add(&one, 1);
    command.user_id = (struct slice){"", 0};
    command.currency = slice_of("EUR");
    assert_int_equal(run(&r, &command, &limits), REFUSED_NOT);
    assert_string_equal(r.cart.currency, "EUR");
    assert_false(r.verdict.opens);
    cart_free(&r.cart);
}

/* ---- merge */

struct merge_case {
    enum merge_strategy strategy;
    int64_t into, from; /* quantities of one product, 0: no line; prices are 100 and 90 */
    enum refusal refusal;
    int64_t quantity, total_minor; /* of the target afterwards */
};

static struct cart_command merge(enum merge_strategy strategy)
{
    return (struct cart_command){.type = CART_MERGE,
                                 .cart_id = slice_of("c1"),
                                 .from_cart_id = slice_of("guest"),
                                 .strategy = strategy};
}

static void quantities_of_a_merge(void **state)
{
    (void)state;
    static const struct merge_case rows[] = {
        {MERGE_ADD, 2, 3, REFUSED_NOT, 5, 450},
        {MERGE_MAX, 2, 3, REFUSED_NOT, 3, 270},
        {MERGE_MAX, 3, 2, REFUSED_NOT, 3, 270},
        {MERGE_REPLACE, 3, 2, REFUSED_NOT, 2, 180},
        {MERGE_ADD, 0, 3, REFUSED_NOT, 3, 270},
        {MERGE_ADD, 3, 0, REFUSED_NOT, 3, 300},
        {MERGE_MAX, 3, 0, REFUSED_NOT, 3, 300},
        {MERGE_REPLACE, 3, 0, REFUSED_NOT, 3, 300}, /* lines of the target stay */
        {MERGE_ADD, 998, 1, REFUSED_NOT, 999, 89910},
        {MERGE_ADD, 999, 1, REFUSED_QUANTITY_LIMIT, 999, 99900},
        {MERGE_MAX, 999, 999, REFUSED_NOT, 999, 89910},
        {MERGE_REPLACE, 999, 1, REFUSED_NOT, 1, 90},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct run r = {0}, guest = {0};
        struct cart_command command = merge(rows[i].strategy);
        run_add(&r, "other", 0, 1);
        run_add(&guest, "third", 0, 1);
        if (rows[i].into > 0)
            run_add(&r, "p1", 100, rows[i].into);
        if (rows[i].from > 0)
            run_add(&guest, "p1", 90, rows[i].from);
        int32_t before = r.cart.version;
        r.from = &guest.cart;
        assert_int_equal(run(&r, &command, &limits), rows[i].refusal);
        assert_int_equal(cart_find(&r.cart, slice_of("p1"))->quantity, rows[i].quantity);
        assert_int_equal(r.cart.total_minor, rows[i].total_minor);
        bool done = rows[i].refusal == REFUSED_NOT;
        assert_int_equal(r.cart.version, before + (done ? 1 : 0));
        assert_int_equal(guest.cart.status, done ? CART_MERGED : CART_OPEN);
        cart_free(&r.cart);
        cart_free(&guest.cart);
    }
}

static void a_merge_tells_changed_prices_and_keeps_the_order(void **state)
{
    (void)state;
    struct run r = {0}, guest = {0};
    struct cart_command command = merge(MERGE_ADD);
    run_add(&r, "b", 100, 1);
    run_add(&r, "a", 100, 1);
    run_add(&guest, "c", 5, 1);
    run_add(&guest, "a", 90, 1);
    r.verdict.touched = r.touched;
    cart_decide(&r.cart, &guest.cart, &command, &limits, &r.verdict);
    assert_int_equal(r.verdict.event_count, 2);
    assert_int_equal(r.verdict.merged_count, 2);
    assert_int_equal(r.verdict.merged[1].old_price_minor, 100);
    assert_int_equal(r.verdict.merged[1].price_minor, 90);
    r.from = &guest.cart;
    run(&r, &command, &limits);
    assert_slice(cart_line_product(&r.cart.lines[0]), "b");
    assert_slice(cart_line_product(&r.cart.lines[1]), "a");
    assert_slice(cart_line_product(&r.cart.lines[2]), "c");
    assert_string_equal(guest.cart.merged_into, "c1");
    cart_free(&r.cart);
    cart_free(&guest.cart);
}

static void a_merge_again_changes_nothing(void **state)
{
    (void)state;
    struct run r = {0}, guest = {0};
    struct cart_command command = merge(MERGE_ADD);
    run_add(&r, "p1", 100, 1);
    run_add(&guest, "p1", 100, 1);
    r.from = &guest.cart;
    assert_int_equal(run(&r, &command, &limits), REFUSED_NOT);
    int32_t version = r.cart.version;
    assert_int_equal(run(&r, &command, &limits), REFUSED_NOT);
    command.if_match = (struct if_match){.given = true, .count = 1, .versions = {1}};
    assert_int_equal(run(&r, &command, &limits), REFUSED_NOT); /* done is done */
    assert_int_equal(r.cart.version, version);
    command.if_match.given = false;
    command.cart_id = slice_of("c2");
    assert_int_equal(run(&r, &command, &limits), REFUSED_MERGED);
    assert_string_equal(r.verdict.instead, "c1");
    cart_free(&r.cart);
    cart_free(&guest.cart);
}

static void what_cannot_be_merged(void **state)
{
    (void)state;
    static const struct cart_limits two_lines = {"USD", 999, 2};
    struct run r = {0}, guest = {0};
    struct cart_command command = merge(MERGE_ADD);
    r.from = &guest.cart;
    assert_int_equal(run(&r, &command, &limits), REFUSED_CART_NOT_FOUND); /* nobody's target */
    run_add(&r, "p1", 100, 1);
    assert_int_equal(run(&r, &command, &limits), REFUSED_CART_NOT_FOUND);
    assert_string_equal(r.verdict.field, "from");
    run_add(&guest, "p2", AMOUNT_MAX_MINOR - 1, 1);
    run_add(&guest, "p3", 1, 1);
    assert_int_equal(run(&r, &command, &two_lines), REFUSED_LINE_LIMIT);
    assert_int_equal(run(&r, &command, &limits), REFUSED_AMOUNT_LIMIT);
    command.user_id = slice_of("bert");
    assert_int_equal(run(&r, &command, &limits), REFUSED_CART_NOT_FOUND);
    command.user_id = (struct slice){"", 0};
    memcpy(guest.cart.currency, "EUR", 3);
    assert_int_equal(run(&r, &command, &limits), REFUSED_CURRENCY_MISMATCH);
    guest.cart.status = CART_EXPIRED;
    assert_int_equal(run(&r, &command, &limits), REFUSED_EXPIRED);
    guest.cart.status = CART_CHECKED_OUT;
    guest.cart.order_id = mem_strdup("ord_1");
    assert_int_equal(run(&r, &command, &limits), REFUSED_CHECKED_OUT);
    assert_string_equal(r.verdict.instead, "ord_1");
    r.cart.status = CART_EXPIRED;
    assert_int_equal(run(&r, &command, &limits), REFUSED_EXPIRED);
    assert_int_equal(r.cart.version, 1);
    cart_free(&r.cart);
    cart_free(&guest.cart);
}

/* Whose the cart that ends may be: the caller's, or a guest's whose token the caller has. */
static void a_merge_wants_both_carts_to_be_the_callers(void **state)
{
    (void)state;
    static const char hash[GUEST_TOKEN_HASH_BYTES] = "0123456789abcdef0123456789abcde";
    static const char other[GUEST_TOKEN_HASH_BYTES] = "x";
    struct slice none = {"", 0};
    const struct {
        const char *principal;
        bool guest; /* the cart that ends is a guest's, else anna's */
        struct slice from_guest_hash;
        enum refusal refusal;
    } rows[] = {
        {"user:anna", false, none, REFUSED_NOT},
        {"user:anna", true, none, REFUSED_CART_NOT_FOUND},
        {"user:anna", true, {other, sizeof(other)}, REFUSED_CART_NOT_FOUND},
        {"user:anna", true, {hash, sizeof(hash)}, REFUSED_NOT},
        {"user:bert", false, none, REFUSED_CART_NOT_FOUND}, /* the target is anna's */
        {"", true, none, REFUSED_NOT},                      /* who may change everybody's */
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct run r = {0}, guest = {0};
        struct cart_command command = merge(MERGE_ADD);
        run_add(&r, "p1", 100, 1);
        run_add(&guest, "p1", 100, 1);
        if (rows[i].guest) {
            free(guest.cart.user_id);
            guest.cart.user_id = NULL;
            guest.cart.guest = true;
            memcpy(guest.cart.guest_token_hash, hash, sizeof(hash));
        }
        r.from = &guest.cart;
        command.principal = slice_of(rows[i].principal);
        command.from_guest_hash = rows[i].from_guest_hash;
        assert_int_equal(run(&r, &command, &limits), rows[i].refusal);
        cart_free(&r.cart);
        cart_free(&guest.cart);
    }
}

static void a_merge_opens_its_users_cart(void **state)
{
    (void)state;
    struct run r = {0}, guest = {0};
    struct cart_command command = merge(MERGE_ADD);
    run_add(&guest, "p1", 100, 2);
    r.from = &guest.cart;
    command.user_id = slice_of("bert");
    assert_int_equal(run(&r, &command, &limits), REFUSED_NOT);
    assert_slice(cart_user(&r.cart), "bert");
    assert_string_equal(r.cart.currency, "USD");
    assert_int_equal(r.cart.total_minor, 200);
    cart_free(&r.cart);
    cart_free(&guest.cart);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_add_opens_the_cart),
        cmocka_unit_test(adding_again_adds_up_and_the_newest_price_stands),
        cmocka_unit_test(several_items_are_several_events_or_none),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(the_total_counts_with_what_is_there),
        cmocka_unit_test(lines_are_limited),
        cmocka_unit_test(one_cart_has_one_currency),
        cmocka_unit_test(setting_a_quantity),
        cmocka_unit_test(removing_some_or_all),
        cmocka_unit_test(clearing),
        cmocka_unit_test(another_users_cart_is_none),
        cmocka_unit_test(preconditions),
        cmocka_unit_test(closed_carts_stay_as_they_are),
        cmocka_unit_test(a_checkout_freezes_the_cart),
        cmocka_unit_test(what_cannot_be_checked_out),
        cmocka_unit_test(a_cart_without_currency),
        cmocka_unit_test(quantities_of_a_merge),
        cmocka_unit_test(a_merge_tells_changed_prices_and_keeps_the_order),
        cmocka_unit_test(a_merge_again_changes_nothing),
        cmocka_unit_test(what_cannot_be_merged),
        cmocka_unit_test(a_merge_wants_both_carts_to_be_the_callers),
        cmocka_unit_test(a_merge_opens_its_users_cart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

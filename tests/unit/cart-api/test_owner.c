/* Whose a cart is decides who may change it: users, guests, and the local operator.
 * Owner: tests. Thread: single.
 */
#include "../test.h"

#include "cart-api/caller.h"

static const struct cart_limits limits = {"USD", 999, 200};
static const char hash[PRINCIPAL_HASH_BYTES] = "01234567890123456789012345678901";

static char principals[4][PRINCIPAL_MAX];

static struct slice alice(void)
{
    return principal_of_user(slice_of("alice"), principals[0]);
}

static struct slice bob(void)
{
    return principal_of_user(slice_of("bob"), principals[1]);
}

static struct slice guest(void)
{
    return principal_of_guest((const uint8_t *)hash, principals[2]);
}

static enum refusal run(struct cart *cart, struct cart_command command)
{
    struct touched_line touched[1];
    struct verdict verdict = {.touched = touched};
    static const struct add_item item = {{"p1", 2}, {"Name", 4}, 100, 1};
    command.cart_id = slice_of("c1");
    command.items = &item;
    command.item_count = 1;
    cart_decide(cart, NULL, &command, &limits, &verdict);
    for (size_t i = 0; i < verdict.event_count; i++) {
        struct error err;
        struct cart_event event = {.cart_id = command.cart_id, .version = cart->version + 1};
        cart_decided_event(cart, &command, &verdict, i, &event);
        assert_int_equal(cart_evolve(cart, &event, &err), 0);
    }
    verdict_free(&verdict);
    return verdict.refusal;
}

static struct cart_command by(enum cart_command_type type, struct slice principal,
                              const char *user_id)
{
    return (struct cart_command){
        .type = type, .principal = principal, .user_id = slice_of(user_id)};
}

static void a_users_cart(void **state)
{
    (void)state;
    struct cart cart = {0};
    char text[PRINCIPAL_MAX];
    assert_int_equal(run(&cart, by(CART_ADD_ITEMS, alice(), "alice")), REFUSED_NOT);
    assert_slice(cart_owner(&cart, text), "user:alice");
    assert_int_equal(run(&cart, by(CART_ADD_ITEMS, bob(), "bob")), REFUSED_CART_NOT_FOUND);
    assert_int_equal(run(&cart, by(CART_CLEAR, bob(), "bob")), REFUSED_CART_NOT_FOUND);
    assert_int_equal(run(&cart, by(CART_CHECK_OUT, bob(), "bob")), REFUSED_CART_NOT_FOUND);
    assert_int_equal(run(&cart, by(CART_CLEAR, guest(), "")), REFUSED_CART_NOT_FOUND);
    assert_int_equal(run(&cart, by(CART_ADD_ITEMS, alice(), "alice")), REFUSED_NOT);
    cart_free(&cart);
}

static void a_guests_cart(void **state)
{
    (void)state;
    struct cart cart = {0};
    char text[PRINCIPAL_MAX];
    struct cart_command open = by(CART_OPEN_EMPTY, (struct slice){"", 0}, "");
    open.guest_token_hash = (struct slice){hash, sizeof(hash)};
    struct cart_command add = by(CART_ADD_ITEMS, guest(), "");
    add.guest = true;
    assert_int_equal(run(&cart, add), REFUSED_CART_NOT_FOUND); /* a token that opened nothing */
    assert_int_equal(run(&cart, open), REFUSED_NOT);
    assert_int_equal(cart.version, 1);
    assert_true(slice_equal(cart_owner(&cart, text), guest()));
    assert_int_equal(run(&cart, add), REFUSED_NOT);
    assert_int_equal(run(&cart, by(CART_ADD_ITEMS, alice(), "alice")), REFUSED_CART_NOT_FOUND);
    assert_int_equal(run(&cart, open), REFUSED_CART_NOT_FOUND); /* the id is taken */
    cart_free(&cart);
}

static void the_local_operator(void **state)
{
    (void)state;
    struct cart cart = {0}, guests = {0}, mine = {0};
    char text[PRINCIPAL_MAX];
    const struct slice nobody = {"", 0};
    assert_int_equal(run(&cart, by(CART_ADD_ITEMS, nobody, "alice")), REFUSED_NOT);
    assert_int_equal(run(&cart, by(CART_ADD_ITEMS, nobody, "bob")), REFUSED_CART_NOT_FOUND);
    assert_int_equal(run(&cart, by(CART_CLEAR, nobody, "")), REFUSED_NOT);
    struct cart_command open = by(CART_OPEN_EMPTY, nobody, "");
    open.guest_token_hash = (struct slice){hash, sizeof(hash)};
    assert_int_equal(run(&guests, open), REFUSED_NOT);
    assert_int_equal(run(&guests, by(CART_ADD_ITEMS, nobody, "user-1")), REFUSED_NOT);
    assert_true(slice_equal(cart_owner(&guests, text), guest())); /* and it stays the guest's */
    assert_int_equal(run(&mine, by(CART_OPEN_EMPTY, alice(), "alice")), REFUSED_NOT);
    assert_slice(cart_owner(&mine, text), "user:alice");
    cart_free(&cart);
    cart_free(&guests);
    cart_free(&mine);
}

static void who_may_read(void **state)
{
    (void)state;
    const struct slice owner = slice_of("user:alice"), unknown = {NULL, 0};
    const struct auth_identity user = {.kind = AUTH_USER, .principal = alice()};
    const struct auth_identity other = {.kind = AUTH_USER, .principal = bob()};
    const struct auth_identity visitor = {.kind = AUTH_GUEST, .principal = guest()};
    const struct auth_identity local = {.kind = AUTH_LOCAL, .principal = slice_of("anonymous")};
    struct auth_identity support = other, admin = other;
    struct caller kept;
    support.roles = AUTH_SUPPORT;
    admin.roles = AUTH_ADMIN;
    assert_true(caller_may_read(&user, owner));
    assert_false(caller_may_read(&other, owner));
    assert_false(caller_may_read(&visitor, owner));
    assert_false(caller_may_read(&admin, owner));
    assert_true(caller_may_read(&support, owner));
    assert_true(caller_may_read(&local, owner));
    assert_false(caller_may_read(&user, unknown));
    caller_keep(&user, &kept);
    assert_true(caller_may_read(&kept.identity, owner));
    caller_keep(&support, &kept);
    assert_true(caller_may_read(&kept.identity, owner));
    caller_keep(&visitor, &kept);
    assert_false(caller_may_read(&kept.identity, owner));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_users_cart),
        cmocka_unit_test(a_guests_cart),
        cmocka_unit_test(the_local_operator),
        cmocka_unit_test(who_may_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Events onto states: what fits, what is refused, and that a state goes on where it was. */
#include "denormalizer/project.h"

#include "cart/cart_claim.h"
#include "cart/cart_snapshot.h"
#include "tests/unit/test.h"

static struct cart_event added(int32_t version)
{
    struct cart_event event = {
        .cart_id = slice_of("c1"),
        .version = version,
        .occurred_at_us = 1795262400000000 + version,
        .actor = slice_of("user-1"),
        .type = CART_EVENT_ITEM_ADDED,
    };
    memset(event.event_id.bytes, version, sizeof(event.event_id.bytes));
    event.correlation_id = event.causation_id = event.event_id;
    event.item_added = (struct item_added){.product_id = slice_of("p1"),
                                           .product_name = slice_of("One"),
                                           .currency = slice_of("EUR"),
                                           .user_id = slice_of("user-1"),
                                           .price_minor = 100,
                                           .quantity = 2};
    return event;
}

static int decode(struct slice payload, const char *id, const char *type, int32_t version,
                  struct cart_decoded *decoded, struct error *err)
{
    struct cart_claim claim = {slice_of(id), slice_of(type), payload, version};
    return cart_claim_decode(&claim, decoded, err);
}

static void takes_an_event_for_what_it_is(void **state)
{
    (void)state;
    struct cart_decoded decoded = {.line_capacity = 0};
    struct buf bytes = {0};
    struct error err = {.message = ""};
    struct cart_event event = added(3);
    cart_event_encode(&event, &bytes);
    struct slice whole = buf_slice(&bytes);
    assert_int_equal(decode(whole, "c1", "ItemAdded", 3, &decoded, &err), 0);
    assert_int_equal(decoded.event.version, 3);
    assert_int_equal(decode(whole, "c2", "ItemAdded", 3, &decoded, &err), -1);
    assert_non_null(strstr(err.message, "another cart"));
    assert_int_equal(decode(whole, "c1", "ItemAdded", 4, &decoded, &err), -1);
    assert_int_equal(decode(whole, "c1", "ItemRemoved", 3, &decoded, &err), -1);
    assert_int_equal(err.kind, ERROR_PERMANENT);
    for (size_t length = 0; length < whole.len; length++)
        assert_int_equal(
            decode((struct slice){whole.data, length}, "c1", "ItemAdded", 3, &decoded, &err), -1);
    cart_decoded_free(&decoded);
    buf_free(&bytes);
}

static void compares_versions(void **state)
{
    (void)state;
    struct cart cart = {.version = 5};
    assert_int_equal(project_fit(&cart, 1), PROJECT_OLD);
    assert_int_equal(project_fit(&cart, 5), PROJECT_OLD);
    assert_int_equal(project_fit(&cart, 6), PROJECT_NEXT);
    assert_int_equal(project_fit(&cart, 7), PROJECT_AHEAD);
    assert_int_equal(project_fit(&cart, INT32_MAX), PROJECT_AHEAD);
}

/* Folding on from what Redis keeps gives what folding in one go gives. */
static void goes_on_from_its_own_state(void **state)
{
    (void)state;
    struct cart whole = {0}, part = {0}, restored = {0};
    struct buf view = {0}, bytes = {0}, view_again = {0}, bytes_again = {0};
    for (int32_t version = 1; version <= 4; version++) {
        struct cart_event event = added(version);
        assert_int_equal(cart_evolve(&whole, &event, NULL), 0);
        if (version <= 2)
            assert_int_equal(cart_evolve(&part, &event, NULL), 0);
    }
    project_render(slice_of("c1"), &part, &view, &bytes);
    assert_int_equal(cart_snapshot_decode(buf_slice(&bytes), slice_of("c1"), &restored, NULL), 0);
    for (int32_t version = 3; version <= 4; version++) {
        struct cart_event event = added(version);
        assert_int_equal(project_fit(&restored, version), PROJECT_NEXT);
        assert_int_equal(cart_evolve(&restored, &event, NULL), 0);
    }
    project_render(slice_of("c1"), &whole, &view, &bytes);
    project_render(slice_of("c1"), &restored, &view_again, &bytes_again);
    assert_true(slice_equal(buf_slice(&view), buf_slice(&view_again)));
    assert_true(slice_equal(buf_slice(&bytes), buf_slice(&bytes_again)));
    assert_non_null(strstr(buf_cstr(&view), "\"version\":4"));
    cart_free(&whole);
    cart_free(&part);
    cart_free(&restored);
    buf_free(&view);
    buf_free(&bytes);
    buf_free(&view_again);
    buf_free(&bytes_again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_an_event_for_what_it_is),
        cmocka_unit_test(compares_versions),
        cmocka_unit_test(goes_on_from_its_own_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

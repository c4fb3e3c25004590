/* The readers' connections to Redis: one for each, the one used last first, none of them needed. */
#include "cart-api/view_links.h"

#include "tests/unit/test.h"

static void gives_each_its_own(void **state)
{
    struct error err;
    struct view_links *links;
    (void)state;
    assert_int_equal(view_links_new("127.0.0.1:1", 2, &err, &links), 0);
    struct view_connection *first = view_links_take(links), *second = view_links_take(links);
    assert_ptr_not_equal(first, second);
    view_links_give(links, first);
    view_links_give(links, second);
    assert_ptr_equal(view_links_take(links), second);
    view_links_give(links, second);
    view_links_free(links);
    view_links_free(NULL);
}

static void an_absent_redis_is_an_error_and_a_pause(void **state)
{
    struct error err;
    struct view_links *links;
    (void)state;
    assert_int_equal(view_links_new("127.0.0.1:1", 1, &err, &links), 0);
    struct view_connection *views = view_links_take(links);
    assert_int_equal(view_connection_use(views, &err), -1);
    assert_int_equal(err.kind, ERROR_RETRIABLE);
    assert_int_equal(views->attempt, 1);
    assert_int_equal(view_connection_use(views, NULL), -1);
    assert_int_equal(views->attempt, 1); /* not tried again so soon */
    view_links_give(links, views);
    view_links_free(links);
}

static void a_wrong_address_is_refused(void **state)
{
    struct error err;
    struct view_links *links = NULL;
    (void)state;
    assert_int_equal(view_links_new("nowhere", 1, &err, &links), -1);
    assert_int_equal(err.kind, ERROR_PERMANENT);
    assert_null(links);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_each_its_own),
        cmocka_unit_test(an_absent_redis_is_an_error_and_a_pause),
        cmocka_unit_test(a_wrong_address_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Which path and method reach which route.
 * Owner: lib/http. Thread: one.
 */
#include "http/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void handle(struct http_request *request, void *context)
{
    (void)request;
    (void)context;
}

static const struct http_route routes[] = {
    {"GET", "/", "root", handle, HTTP_PUBLIC},
    {"POST", "/api/cart/{cartId}/items", "add", handle, HTTP_PUBLIC},
    {"DELETE", "/api/cart/{cartId}/items", "clear", handle, HTTP_PUBLIC},
    {"PUT", "/api/cart/{cartId}/items/{productId}", "set", handle, HTTP_PUBLIC},
    {"GET", "/api/cart/{cartId}/events", "events", handle, HTTP_PUBLIC},
    {"GET", "/api/cart/view/{cartId}", "view", handle, HTTP_PUBLIC},
};
static const struct http_route more[] = {{"GET", "/healthz", "healthz", handle, HTTP_PUBLIC}};

struct row {
    const char *method, *path;
    enum route_result result;
    const char *name;   /* of the route found, or the Allow list */
    const char *params; /* joined by | */
};

static const struct row rows[] = {
    {"GET", "/", ROUTE_FOUND, "root", ""},
    {"HEAD", "/", ROUTE_FOUND, "root", ""},
    {"GET", "/healthz", ROUTE_FOUND, "healthz", ""},
    {"POST", "/api/cart/c1/items", ROUTE_FOUND, "add", "c1"},
    {"PUT", "/api/cart/c1/items/p-9", ROUTE_FOUND, "set", "c1|p-9"},
    {"GET", "/api/cart/view/c1", ROUTE_FOUND, "view", "c1"},
    /* the fixed segment wins where two patterns fit */
    {"GET", "/api/cart/view/events", ROUTE_FOUND, "view", "events"},
    {"POST", "/api/cart/view/items", ROUTE_FOUND, "add", "view"},
    /* decoded once, never twice */
    {"GET", "/api/cart/view/a%20b", ROUTE_FOUND, "view", "a b"},
    {"GET", "/api/cart/view/%2520", ROUTE_FOUND, "view", "%20"},
    {"GET", "/api/cart/view/%C3%A9", ROUTE_FOUND, "view", "\xC3\xA9"},
    {"GET", "/api/c%61rt/view/x", ROUTE_FOUND, "view", "x"},
    {"GET", "/api/cart/view/a+b", ROUTE_FOUND, "view", "a+b"},

    {"GET", "/api/cart/c1/items", ROUTE_NO_METHOD, "POST, DELETE, OPTIONS", ""},
    {"POST", "/api/cart/view/c1", ROUTE_NO_METHOD, "GET, HEAD, OPTIONS", ""},
    {"get", "/", ROUTE_NO_METHOD, "GET, HEAD, OPTIONS", ""},
    {"OPTIONS", "/api/cart/c1/items/p", ROUTE_OPTIONS, "PUT, OPTIONS", ""},

    {"GET", "", ROUTE_NO_PATH, NULL, ""},
    {"GET", "healthz", ROUTE_NO_PATH, NULL, ""},
    {"GET", "/healthz/", ROUTE_NO_PATH, NULL, ""},
    {"GET", "//healthz", ROUTE_NO_PATH, NULL, ""},
    {"GET", "/api/cart/view/", ROUTE_NO_PATH, NULL, ""},
    {"POST", "/api/cart//items", ROUTE_NO_PATH, NULL, ""},
    {"GET", "/healthz/../healthz", ROUTE_NO_PATH, NULL, ""},
    {"GET", "/api/cart/view/..", ROUTE_NO_PATH, NULL, ""},
    {"GET", "/api/cart/view/%2e%2E", ROUTE_NO_PATH, NULL, ""},
    {"GET", "/api/cart/view/.", ROUTE_NO_PATH, NULL, ""},
    {"GET", "/API/cart/view/c1", ROUTE_NO_PATH, NULL, ""},
    {"GET", "/a/b/c/d/e/f/g/h/i/j/k", ROUTE_NO_PATH, NULL, ""},

    {"GET", "/api/cart/view/%00", ROUTE_BAD_PATH, NULL, ""},
    {"GET", "/api/cart/view/a%2fb", ROUTE_BAD_PATH, NULL, ""},
    {"GET", "/api/cart/view/a%2Fb", ROUTE_BAD_PATH, NULL, ""},
    {"GET", "/api/cart/view/a%5cb", ROUTE_BAD_PATH, NULL, ""},
    {"GET", "/api/cart/view/a\\b", ROUTE_BAD_PATH, NULL, ""},
    {"GET", "/api/cart/view/%", ROUTE_BAD_PATH, NULL, ""},
    {"GET", "/api/cart/view/%4", ROUTE_BAD_PATH, NULL, ""},
    {"GET", "/api/cart/view/%zz", ROUTE_BAD_PATH, NULL, ""},
    {"GET", "/api/cart/view/%ff", ROUTE_BAD_PATH, NULL, ""},
    {"GET", "/api/cart/view/%C0%AF", ROUTE_BAD_PATH, NULL, ""},
    {"GET", "/a/b/c/d/e/f/g/h/i/%00", ROUTE_BAD_PATH, NULL, ""},
};

static void check(const struct route_table *table, const struct row *row)
{
    struct route_match match = {.number = 0};
    size_t length = strlen(row->path);
    char *scratch = malloc(length + 1);
    enum route_result result = route_match(table, slice_of(row->method), slice_of(row->path),
                                           strchr(row->path, '%') != NULL ? scratch : NULL, &match);
    if (result != row->result)
        fail_msg("%s %s: result %d", row->method, row->path, result);
    if (result == ROUTE_FOUND) {
        assert_string_equal(match.route->name, row->name);
        assert_string_equal(route_name(table, match.number), row->name);
        char params[64] = "";
        for (size_t i = 0; i < match.param_count; i++)
            snprintf(params + strlen(params), sizeof(params) - strlen(params), "%s%.*s",
                     i > 0 ? "|" : "", (int)match.params[i].len, match.params[i].data);
        assert_string_equal(params, row->params);
    } else if (row->name != NULL) {
        assert_string_equal(match.allow, row->name);
    }
    free(scratch);
}

static void test_table(void **state)
{
    (void)state;
    int marker = 0;
    struct route_table *table = route_table_new();
    route_table_add(table, routes, ARRAY_SIZE(routes), &marker);
    route_table_add(table, more, ARRAY_SIZE(more), table);
    assert_int_equal(route_count(table), ARRAY_SIZE(routes) + 1);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        check(table, &rows[i]);
    struct route_match match;
    assert_int_equal(route_match(table, slice_of("GET"), slice_of("/healthz"), NULL, &match),
                     ROUTE_FOUND);
    assert_ptr_equal(match.context, table);
    assert_int_equal(match.number, ARRAY_SIZE(routes));
    assert_int_equal(
        route_match(table, slice_of("PUT"), slice_of("/api/cart/c/items/p"), NULL, &match),
        ROUTE_FOUND);
    assert_ptr_equal(match.context, &marker);
    assert_true(slice_equal(match.param_names[1], slice_of("productId")));
    route_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

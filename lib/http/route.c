/* The routes, compiled once.
 * Owner: lib/http. Thread: a table is read-only after route_table_new, any thread may match.
 */
#include "http/route.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "http/uri.h"

struct compiled {
    const struct http_route *row;
    void *context;
    unsigned number;
    size_t segment_count;
    struct slice segments[ROUTE_SEGMENTS_MAX]; /* data NULL: a parameter */
    size_t param_count;
    struct slice param_names[ROUTE_PARAMS_MAX];
    struct slice method;
};

struct route_table {
    struct compiled *routes; /* those with earlier fixed segments first */
    size_t count;
    const char **names; /* by number */
};

struct route_table *route_table_new(void)
{
    return mem_calloc(1, sizeof(struct route_table));
}

void route_table_free(struct route_table *table)
{
    if (table == NULL)
        return;
    free(table->routes);
    free(table->names);
    free(table);
}

size_t route_count(const struct route_table *table)
{
    return table->count;
}

const char *route_name(const struct route_table *table, unsigned number)
{
    CHECK(number < table->count);
    return table->names[number];
}

static void compile(struct compiled *route, const struct http_route *row)
{
    route->row = row;
    route->method = slice_of(row->method);
    const char *at = row->pattern;
    CHECK(*at == '/');
    while (*at == '/') {
        at++;
        size_t length = strcspn(at, "/");
        CHECK(route->segment_count < ROUTE_SEGMENTS_MAX);
        struct slice *segment = &route->segments[route->segment_count++];
        if (at[0] == '{') {
            CHECK(length > 2 && at[length - 1] == '}' && route->param_count < ROUTE_PARAMS_MAX);
            route->param_names[route->param_count++] = (struct slice){at + 1, length - 2};
            *segment = (struct slice){NULL, 0};
        } else {
            *segment = (struct slice){at, length};
        }
        at += length;
    }
    CHECK(*at == '\0');
}

/** Negative: a is the more specific one and comes first; 0: neither. */
static int compare_patterns(const struct compiled *a, const struct compiled *b)
{
    for (size_t i = 0; i < a->segment_count && i < b->segment_count; i++) {
        bool a_fixed = a->segments[i].data != NULL, b_fixed = b->segments[i].data != NULL;
        if (a_fixed != b_fixed)
            return a_fixed ? -1 : 1;
    }
    return 0;
}

void route_table_add(struct route_table *table, const struct http_route *rows, size_t count,
                     void *context)
{
    size_t total = table->count + count;
    table->routes = mem_realloc(table->routes, (total > 0 ? total : 1) * sizeof(*table->routes));
    table->names = mem_realloc(table->names, (total > 0 ? total : 1) * sizeof(*table->names));
    for (size_t i = 0; i < count; i++) {
        struct compiled route = {.context = context, .number = (unsigned)table->count};
        compile(&route, &rows[i]);
        table->names[table->count] = rows[i].name;
        size_t place = table->count++;
        for (; place > 0 && compare_patterns(&route, &table->routes[place - 1]) < 0; place--)
            table->routes[place] = table->routes[place - 1];
        table->routes[place] = route;
        for (size_t k = 0; k < table->count; k++)
            CHECK(k == place || strcmp(table->routes[k].row->pattern, rows[i].pattern) != 0 ||
                  strcmp(table->routes[k].row->method, rows[i].method) != 0);
    }
}

static bool is_dots(struct slice segment)
{
    return slice_equal(segment, slice_of(".")) || slice_equal(segment, slice_of(".."));
}

/** The decoded segments of path; their number, or a negative route_result. */
static enum route_result split(struct slice path, char *scratch, struct slice *segments,
                               size_t *ret_count)
{
    size_t count = 0;
    enum route_result result = path.len > 0 && path.data[0] == '/' ? ROUTE_FOUND : ROUTE_NO_PATH;
    for (size_t at = 0; at < path.len && path.data[at] == '/';) {
        at++;
        const char *end = memchr(path.data + at, '/', path.len - at);
        struct slice segment = {path.data + at,
                                end != NULL ? (size_t)(end - path.data) - at : path.len - at};
        at += segment.len;
        if (scratch != NULL && memchr(segment.data, '%', segment.len) != NULL) {
            size_t length;
            if (!uri_decode(segment, false, scratch, &length) ||
                memchr(scratch, '/', length) != NULL || memchr(scratch, '\\', length) != NULL)
                return ROUTE_BAD_PATH;
            segment = (struct slice){scratch, length};
            scratch += length;
        }
        if (memchr(segment.data, '\\', segment.len) != NULL)
            return ROUTE_BAD_PATH;
        if (is_dots(segment) || count == ROUTE_SEGMENTS_MAX)
            result = ROUTE_NO_PATH; /* and still look for bad escapes */
        else
            segments[count++] = segment;
    }
    *ret_count = count;
    return result;
}

static bool fits(const struct compiled *route, const struct slice *segments, size_t count)
{
    if (route->segment_count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (route->segments[i].data == NULL ? segments[i].len == 0
                                            : !slice_equal(route->segments[i], segments[i]))
            return false;
    }
    return true;
}

static void found(const struct compiled *route, const struct slice *segments,
                  struct route_match *match)
{
    match->route = route->row;
    match->context = route->context;
    match->number = route->number;
    match->param_names = route->param_names;
    match->param_count = route->param_count;
    for (size_t i = 0, param = 0; i < route->segment_count; i++) {
        if (route->segments[i].data == NULL)
            match->params[param++] = segments[i];
    }
}

static void allow(const char *method, char text[ROUTE_ALLOW_SIZE])
{
    size_t length = strlen(text);
    if (strstr(text, method) == NULL)
        snprintf(text + length, ROUTE_ALLOW_SIZE - length, "%s, ", method);
}

enum route_result route_match(const struct route_table *table, struct slice method,
                              struct slice path, char *scratch, struct route_match *ret_match)
{
    struct slice segments[ROUTE_SEGMENTS_MAX];
    size_t count;
    enum route_result result = split(path, scratch, segments, &count);
    if (result != ROUTE_FOUND)
        return result;
    bool head = slice_equal(method, slice_of("HEAD"));
    struct slice wanted = head ? slice_of("GET") : method;
    bool known = false;
    ret_match->allow[0] = '\0';
    for (size_t i = 0; i < table->count; i++) {
        const struct compiled *route = &table->routes[i];
        if (!fits(route, segments, count))
            continue;
        if (slice_equal(route->method, wanted)) {
            found(route, segments, ret_match);
            return ROUTE_FOUND;
        }
        known = true;
        allow(route->row->method, ret_match->allow);
        if (slice_equal(route->method, slice_of("GET")))
            allow("HEAD", ret_match->allow);
    }
    if (!known)
        return ROUTE_NO_PATH;
    strncat(ret_match->allow, "OPTIONS", ROUTE_ALLOW_SIZE - strlen(ret_match->allow) - 1);
    return slice_equal(method, slice_of("OPTIONS")) ? ROUTE_OPTIONS : ROUTE_NO_METHOD;
}

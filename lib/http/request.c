/* What a handler may ask about its request.
 * Owner: lib/http. Thread: the worker's.
 */
#include "http/internal.h"

#include <strings.h>

#include "http/trace.h"
#include "http/uri.h"

struct http_worker *http_request_worker(struct http_request *request)
{
    return request->worker;
}

struct slice http_param(const struct http_request *request, const char *name)
{
    struct slice wanted = slice_of(name);
    size_t i = 0;
    while (i < request->match.param_count && !slice_equal(request->match.param_names[i], wanted))
        i++;
    CHECK(i < request->match.param_count);
    return request->match.params[i];
}

bool http_query(struct http_request *request, const char *name, struct slice *ret_value)
{
    struct slice query = request->head.query, key, value, wanted = slice_of(name);
    while (uri_next_pair(&query, &key, &value)) {
        if (!uri_decodes_to(key, true, wanted))
            continue;
        char *decoded = http_alloc(request, value.len);
        size_t length;
        if (!uri_decode(value, true, decoded, &length))
            return false;
        *ret_value = (struct slice){decoded, length};
        return true;
    }
    return false;
}

bool http_query_valid(struct http_request *request, const char *const *names, struct slice *ret_bad)
{
    struct slice query = request->head.query, key, value;
    uint64_t seen = 0;
    if (query.len == 0)
        return true;
    char *decoded = http_alloc(request, query.len);
    while (uri_next_pair(&query, &key, &value)) {
        size_t i = 0, length;
        while (names[i] != NULL && !uri_decodes_to(key, true, slice_of(names[i])))
            i++;
        CHECK(i < 64);
        if (names[i] == NULL || (seen >> i & 1) != 0 ||
            !uri_decode(value, true, decoded, &length)) {
            *ret_bad = key;
            return false;
        }
        seen |= (uint64_t)1 << i;
    }
    return true;
}

/** The index of the next header called name after index, or -1. */
static ssize_t find(const struct http_request *request, struct slice name, ssize_t index)
{
    const h2o_headers_t *headers = &request->req->headers;
    for (size_t i = (size_t)(index + 1); i < headers->size; i++) {
        const h2o_iovec_t *have = headers->entries[i].name;
        if (have->len == name.len && memcmp(have->base, name.data, name.len) == 0)
            return (ssize_t)i;
    }
    return -1;
}

bool http_header(const struct http_request *request, const char *name, struct slice *ret_value)
{
    struct slice wanted = slice_of(name);
    /* libh2o keeps these two apart from the others. */
    if (slice_equal(wanted, slice_of("host"))) {
        *ret_value = request->head.host;
        return ret_value->data != NULL;
    }
    if (slice_equal(wanted, slice_of("upgrade"))) {
        *ret_value = (struct slice){request->req->upgrade.base, request->req->upgrade.len};
        return ret_value->data != NULL;
    }
    ssize_t index = find(request, wanted, -1);
    if (index < 0)
        return false;
    const h2o_iovec_t *value = &request->req->headers.entries[index].value;
    *ret_value = (struct slice){value->base, value->len};
    while (ret_value->len > 0 && (ret_value->data[ret_value->len - 1] == ' ' ||
                                  ret_value->data[ret_value->len - 1] == '\t'))
        ret_value->len--; /* the parser leaves trailing white space */
    return true;
}

int http_header_count(const struct http_request *request, const char *name)
{
    struct slice wanted = slice_of(name);
    int count = 0;
    for (ssize_t i = find(request, wanted, -1); i >= 0; i = find(request, wanted, i))
        count++;
    return count;
}

static struct slice trim(struct slice text)
{
    while (text.len > 0 && (*text.data == ' ' || *text.data == '\t')) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static bool is(struct slice text, const char *literal)
{
    return text.len == strlen(literal) && strncasecmp(text.data, literal, text.len) == 0;
}

/** Takes the text before the next semicolon off *rest. */
static struct slice take_part(struct slice *rest)
{
    const char *end = memchr(rest->data, ';', rest->len);
    size_t length = end != NULL ? (size_t)(end - rest->data) : rest->len;
    struct slice part = {rest->data, length};
    size_t taken = end != NULL ? length + 1 : length;
    rest->data += taken;
    rest->len -= taken;
    return trim(part);
}

bool http_content_is_json(const struct http_request *request)
{
    struct slice value;
    if (http_header_count(request, "content-type") != 1 ||
        !http_header(request, "content-type", &value))
        return false;
    if (!is(take_part(&value), "application/json"))
        return false;
    while (value.len > 0) {
        struct slice parameter = take_part(&value);
        if (parameter.len >= 8 && strncasecmp(parameter.data, "charset=", 8) == 0 &&
            !is(parameter, "charset=utf-8") && !is(parameter, "charset=\"utf-8\""))
            return false;
    }
    return true;
}

struct slice http_body(const struct http_request *request)
{
    return (struct slice){request->req->entity.base, request->req->entity.len};
}

struct slice http_path(const struct http_request *request)
{
    return request->head.path;
}

struct slice http_method(const struct http_request *request)
{
    return request->head.method;
}

const struct http_trace *http_trace_of(struct http_request *request)
{
    if (request->traced)
        return &request->trace;
    struct uuid_source *random = &request->worker->random;
    struct slice parent;
    request->trace.flags = 0;
    if (http_header_count(request, "traceparent") != 1 ||
        !http_header(request, "traceparent", &parent) || !trace_parse(parent, &request->trace))
        uuid_random(random, request->trace.trace_id, sizeof(request->trace.trace_id));
    uuid_random(random, request->trace.span_id, sizeof(request->trace.span_id));
    request->traced = true;
    return &request->trace;
}

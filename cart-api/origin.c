/* Which web pages may open a live connection. Pure.
 * Owner: cart-api. Thread: any.
 */
#include "cart-api/origin.h"

#include <strings.h>

static bool is_separator(char c)
{
    return c == ',' || c == ' ' || c == '\t';
}

/** Takes the next entry off *rest; false when there is none. */
static bool take_entry(struct slice *rest, struct slice *ret_entry)
{
    while (rest->len > 0 && is_separator(*rest->data)) {
        rest->data++;
        rest->len--;
    }
    size_t length = 0;
    while (length < rest->len && !is_separator(rest->data[length]))
        length++;
    *ret_entry = (struct slice){rest->data, length};
    rest->data += length;
    rest->len -= length;
    return length > 0;
}

static bool equal_ignoring_case(struct slice a, struct slice b)
{
    return a.len == b.len && strncasecmp(a.data, b.data, a.len) == 0;
}

static bool starts_with(struct slice text, const char *start)
{
    return text.len >= strlen(start) && strncasecmp(text.data, start, strlen(start)) == 0;
}

/** What stands behind `http://` or `https://`; empty for anything else, e.g. `null`. */
static struct slice authority_of(struct slice origin)
{
    size_t scheme = starts_with(origin, "http://") ? 7 : starts_with(origin, "https://") ? 8 : 0;
    struct slice authority = {origin.data + scheme, origin.len - scheme};
    if (scheme == 0 || memchr(authority.data, '/', authority.len) != NULL)
        return (struct slice){"", 0};
    return authority;
}

static bool is_loopback(struct slice authority)
{
    static const char suffix[] = ".localhost";
    const char *end = memchr(authority.data, ':', authority.len);
    if (starts_with(authority, "[::1]"))
        return authority.len == 5 || authority.data[5] == ':';
    struct slice host = {authority.data,
                         end != NULL ? (size_t)(end - authority.data) : authority.len};
    if (equal_ignoring_case(host, slice_of("localhost")))
        return true;
    if (host.len > sizeof(suffix) - 1 &&
        strncasecmp(host.data + host.len - (sizeof(suffix) - 1), suffix, sizeof(suffix) - 1) == 0)
        return true;
    if (!starts_with(host, "127."))
        return false;
    for (size_t i = 0; i < host.len; i++) { /* not 127.example.org */
        if (host.data[i] != '.' && (host.data[i] < '0' || host.data[i] > '9'))
            return false;
    }
    return true;
}

bool origin_allowed(struct slice origin, struct slice host, const char *allowed)
{
    struct slice authority = authority_of(origin), rest = slice_of(allowed), entry;
    if (authority.len == 0)
        return false;
    if (equal_ignoring_case(authority, host))
        return true;
    bool any = false;
    while (take_entry(&rest, &entry)) {
        any = true;
        if (equal_ignoring_case(entry, origin))
            return true;
    }
    return !any && is_loopback(authority);
}

int origin_list_check(const char *allowed, struct error *err)
{
    struct slice rest = slice_of(allowed), entry;
    while (take_entry(&rest, &entry)) {
        if (authority_of(entry).len == 0)
            return error_set(err, ERROR_PERMANENT,
                             "allowed_origins has `%.*s`; write origins as https://shop.example, "
                             "without a path",
                             entry.len < 100 ? (int)entry.len : 100, entry.data);
    }
    return 0;
}

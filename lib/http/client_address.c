/* The address that a request comes from: the connection's, or what proxies that are trusted say.
 * Owner: lib/http. Thread: the request's worker.
 */
#include "http/internal.h"

static const char header[] = "x-forwarded-for";

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

/** Takes the last of the addresses off *list. */
static struct slice take_last(struct slice *list)
{
    size_t start = list->len;
    while (start > 0 && list->data[start - 1] != ',')
        start--;
    struct slice last = {list->data + start, list->len - start};
    list->len = start > 0 ? start - 1 : 0;
    return trim(last);
}

/** Each proxy has added the address that it was called from, at the end: what trusted ones have
 * added is true, up to the first address that is no trusted proxy's. What is no address ends it. */
static bool follow(const struct ip_ranges *trusted, struct slice list, struct ip *ip)
{
    while (list.len > 0) {
        struct ip before;
        if (!ip_parse(take_last(&list), &before))
            return false;
        *ip = before;
        if (!ip_ranges_hold(trusted, ip))
            return false;
    }
    return true;
}

bool http_client_address(const struct http_request *request, struct ip *ret_ip)
{
    const struct ip_ranges *trusted = request->worker->server->options.trusted_proxies;
    h2o_req_t *req = request->req;
    struct sockaddr_storage address;
    socklen_t length = req->conn->callbacks->get_peername(req->conn, (struct sockaddr *)&address);
    if (length == 0 || !ip_of_socket((struct sockaddr *)&address, ret_ip))
        return false;
    if (trusted == NULL || trusted->count == 0 || !ip_ranges_hold(trusted, ret_ip))
        return true;
    /* Several headers are one list; the newest proxy's is the last. */
    for (size_t i = req->headers.size; i > 0; i--) {
        const h2o_header_t *entry = &req->headers.entries[i - 1];
        if (!h2o_lcstris(entry->name->base, entry->name->len, header, sizeof(header) - 1))
            continue;
        if (!follow(trusted, (struct slice){entry->value.base, entry->value.len}, ret_ip))
            break;
    }
    return true;
}

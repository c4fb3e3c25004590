/* IP addresses and ranges of them, as values. Pure.
 * Owner: lib/base. Thread: any.
 */
#include "base/ip.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { V4_OFFSET = 12, V4_BITS = 32, BITS = 128 };

static const uint8_t v4_mapped[V4_OFFSET] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

static void from_v4(const void *four_bytes, struct ip *ip)
{
    memcpy(ip->bytes, v4_mapped, sizeof(v4_mapped));
    memcpy(ip->bytes + V4_OFFSET, four_bytes, 4);
}

static bool is_v4(const struct ip *ip)
{
    return memcmp(ip->bytes, v4_mapped, sizeof(v4_mapped)) == 0;
}

bool ip_parse(struct slice text, struct ip *ret_ip)
{
    char name[IP_TEXT_SIZE];
    struct in_addr v4;
    struct in6_addr v6;
    if (text.len == 0 || text.len >= sizeof(name) || memchr(text.data, '\0', text.len) != NULL)
        return false;
    memcpy(name, text.data, text.len);
    name[text.len] = '\0';
    if (inet_pton(AF_INET, name, &v4) == 1) {
        from_v4(&v4, ret_ip);
        return true;
    }
    if (inet_pton(AF_INET6, name, &v6) != 1)
        return false;
    memcpy(ret_ip->bytes, &v6, sizeof(ret_ip->bytes));
    return true;
}

bool ip_of_socket(const struct sockaddr *address, struct ip *ret_ip)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)address;
        from_v4(&v4->sin_addr, ret_ip);
        return true;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)address;
        memcpy(ret_ip->bytes, &v6->sin6_addr, sizeof(ret_ip->bytes));
        return true;
    }
    return false;
}

struct slice ip_format(const struct ip *ip, char text[IP_TEXT_SIZE])
{
    const char *done = is_v4(ip) ? inet_ntop(AF_INET, ip->bytes + V4_OFFSET, text, IP_TEXT_SIZE)
                                 : inet_ntop(AF_INET6, ip->bytes, text, IP_TEXT_SIZE);
    CHECK(done != NULL);
    return slice_of(text);
}

/* Digits of a prefix length up to most; -1 for anything else. */
static int prefix_of(struct slice text, int most)
{
    int value = 0;
    if (text.len == 0 || text.len > 3)
        return -1;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return -1;
        value = value * 10 + (text.data[i] - '0');
    }
    return value <= most ? value : -1;
}

static bool parse_range(struct slice text, struct ip *ret_first, int *ret_prefix)
{
    const char *slash = memchr(text.data, '/', text.len);
    struct slice address = {text.data, slash != NULL ? (size_t)(slash - text.data) : text.len};
    if (!ip_parse(address, ret_first))
        return false;
    *ret_prefix = BITS;
    if (slash == NULL)
        return true;
    struct slice bits = {slash + 1, text.len - address.len - 1};
    int prefix = prefix_of(bits, is_v4(ret_first) ? V4_BITS : BITS);
    *ret_prefix = is_v4(ret_first) ? prefix + BITS - V4_BITS : prefix;
    return prefix >= 0;
}

int ip_ranges_parse(const char *text, struct error *err, struct ip_ranges *ret_ranges)
{
    struct ip_ranges ranges = {0};
    while (*text != '\0') {
        text += strspn(text, " ,");
        struct slice part = {text, strcspn(text, " ,")};
        text += part.len;
        if (part.len == 0)
            break;
        if (ranges.count == IP_RANGES_MAX)
            return error_set(err, ERROR_PERMANENT, "more than %d addresses", IP_RANGES_MAX);
        if (!parse_range(part, &ranges.ranges[ranges.count].first,
                         &ranges.ranges[ranges.count].prefix))
            return error_set(err, ERROR_PERMANENT,
                             "`%.*s` is no IP address and no range such as 10.0.0.0/8",
                             part.len < 64 ? (int)part.len : 64, part.data);
        ranges.count++;
    }
    *ret_ranges = ranges;
    return 0;
}

static bool same_prefix(const struct ip *a, const struct ip *b, int bits)
{
    int bytes = bits / 8, rest = bits % 8;
    if (memcmp(a->bytes, b->bytes, (size_t)bytes) != 0)
        return false;
    return rest == 0 || ((a->bytes[bytes] ^ b->bytes[bytes]) >> (8 - rest)) == 0;
}

bool ip_ranges_hold(const struct ip_ranges *ranges, const struct ip *ip)
{
    for (size_t i = 0; i < ranges->count; i++) {
        if (same_prefix(&ranges->ranges[i].first, ip, ranges->ranges[i].prefix))
            return true;
    }
    return false;
}

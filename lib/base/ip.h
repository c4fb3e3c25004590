/* IP addresses and ranges of them, as values. IPv4 is held as ::ffff:a.b.c.d. Pure.
 * Owner: lib/base. Thread: any.
 */
#ifndef CARTWRIGHT_BASE_IP_H
#define CARTWRIGHT_BASE_IP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct ip {
    uint8_t bytes[16];
};

enum { IP_TEXT_SIZE = 46, IP_RANGES_MAX = 32 };

/** An address without port, brackets or zone; false for anything else. */
bool ip_parse(struct slice text, struct ip *ret_ip);
/** Of a socket address; false when it is of no IP family. */
struct sockaddr;
bool ip_of_socket(const struct sockaddr *address, struct ip *ret_ip);
/** The usual text, an IPv4 address dotted. */
struct slice ip_format(const struct ip *ip, char text[IP_TEXT_SIZE]);

struct ip_ranges {
    size_t count;
    struct {
        struct ip first;
        int prefix; /* bits */
    } ranges[IP_RANGES_MAX];
};

/** Addresses and ranges such as 10.0.0.0/8, separated by commas; empty: none. -1 with err that
 * quotes the part that is neither. */
int ip_ranges_parse(const char *text, struct error *err, struct ip_ranges *ret_ranges) WARN_UNUSED;
bool ip_ranges_hold(const struct ip_ranges *ranges, const struct ip *ip);

#endif

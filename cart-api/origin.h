/* Which web pages may open a live connection. A browser sends the page's origin and lets the page
 * read what comes, cookies or not; so the server has to look. Pure. Source: RFC 6454, RFC
 * 6455 10.2. Owner: cart-api. Thread: any.
 */
#ifndef CARTWRIGHT_CART_API_ORIGIN_H
#define CARTWRIGHT_CART_API_ORIGIN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"

/** Whether a request with this Origin and Host may listen. allowed is a list of origins separated
 * by commas or blanks; when it is empty, pages of this machine (loopback) may, too. A page of the
 * same host always may. */
bool origin_allowed(struct slice origin, struct slice host, const char *allowed);

/** 0, or -1 with err that names the entry that is not `scheme://host[:port]`. */
int origin_list_check(const char *allowed, struct error *err) WARN_UNUSED;

#endif

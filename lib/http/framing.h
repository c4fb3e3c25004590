/* Strict framing: a pure check over the raw bytes of a request's head. libh2o's parser lets pass
 * what two servers in a row may read differently (request smuggling); this does not. Sources: RFC
 * 9112 (sections 2 to 6), RFC 9110 (5.5, 7.2, 8.6), RFC 3986. Owner: lib/http. Thread: any.
 */
#ifndef CARTWRIGHT_HTTP_FRAMING_H
#define CARTWRIGHT_HTTP_FRAMING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum { FRAMING_HEAD_MAX = 16 * 1024, FRAMING_TARGET_MAX = 2 * 1024 };

enum framing_verdict {
    FRAMING_OK,
    FRAMING_BAD,            /* 400 */
    FRAMING_URI_TOO_LONG,   /* 414 */
    FRAMING_HEAD_TOO_LARGE, /* 431 */
};

/** What the head says; slices point into the raw bytes. */
struct framing_head {
    struct slice method;
    struct slice path;  /* "/…" without query; "*" for OPTIONS * */
    struct slice query; /* without '?'; data NULL when there is none */
    struct slice host;  /* value of Host; data NULL in HTTP/1.0 without */
    int minor_version;
    bool chunked, has_length;
    bool close; /* Connection has the option close */
    uint64_t content_length;
    size_t length; /* of the head with its empty line */
};

/** Checks the head at the start of raw (which may go on with the body). Head is complete on
 * FRAMING_OK only; otherwise *ret_why is a literal sentence. method, path and query are set as far
 * as read. */
enum framing_verdict framing_check(struct slice raw, struct framing_head *head,
                                   const char **ret_why);

#endif

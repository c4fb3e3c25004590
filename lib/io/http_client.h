/* Calls to other people's HTTP services, one at a time: the door to libcurl for HTTP.
 * Owner: lib/io. Thread: blocking; any thread, each call is on its own.
 */
#ifndef CARTWRIGHT_IO_HTTP_CLIENT_H
#define CARTWRIGHT_IO_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/** Once, before the first thread; what it prepares lives until the process ends. */
void curl_door_open(void);

enum { HTTP_CLIENT_HEADERS_MAX = 8 };

struct http_client_call {
    const char *method;                           /* "GET", "POST" */
    const char *url;                              /* http:// or https:// */
    const char *headers[HTTP_CLIENT_HEADERS_MAX]; /* "Name: value", NULL-terminated if fewer */
    const char *username, *password;              /* basic authentication, or NULL */
    struct slice body;
    const char *ca_file;     /* certificates to trust instead of the system's, or NULL */
    int connect_timeout_ms;  /* for name, TCP and TLS */
    int timeout_ms;          /* for everything */
    size_t answer_bytes_max; /* a longer answer is an unknown outcome */
};

struct http_client_answer {
    int status;            /* 200 … 599 */
    int64_t retry_after_s; /* what Retry-After says in seconds; -1: nothing, or a date */
    struct buf body;       /* the caller's: http_client_answer_free */
};

/** Makes the call: no redirects, no proxy from the environment, no connection kept, so that libcurl
 * never repeats a call by itself. 0 whatever the status is; -1 retriable: the request has not left
 * us; unknown: it has and there is no whole answer; permanent: the URL or a header is no such
 * thing.
 */
int http_client_run(const struct http_client_call *call, struct error *err,
                    struct http_client_answer *ret_answer) WARN_UNUSED;

void http_client_answer_free(struct http_client_answer *answer);

/** Appends text as application/x-www-form-urlencoded does: for form bodies and query strings. */
void http_client_escape(struct buf *out, struct slice text);

#endif

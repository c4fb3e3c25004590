/* What the two doors to libcurl share; nobody else includes it.
 * Owner: lib/io. Thread: a handle belongs to the call that made it.
 */
#ifndef CARTWRIGHT_IO_CURL_INTERNAL_H
#define CARTWRIGHT_IO_CURL_INTERNAL_H

#include <curl/curl.h>

#include "base/check.h"

/** A handle for one call to url over the protocols ("http,https") that keeps no connection and
 * heeds no signal and no environment. error_text has CURL_ERROR_SIZE bytes and outlives it. */
CURL *curl_begin(const char *url, const char *protocols, char *error_text);

void curl_set_long(CURL *curl, CURLoption option, long value);
void curl_set_text(CURL *curl, CURLoption option, const void *value);

#endif

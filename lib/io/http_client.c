/* Calls to other people's HTTP services, one at a time.
 * Owner: lib/io. Thread: any; blocking.
 */
#include "io/http_client.h"

#include <ctype.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "io/curl_internal.h"

struct reading {
    struct buf body;
    size_t max;
    bool overflowed;
    int64_t retry_after_s;
};

static pthread_once_t door = PTHREAD_ONCE_INIT;

static void open_door(void)
{
    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

void curl_door_open(void)
{
    CHECK(pthread_once(&door, open_door) == 0);
}

CURL *curl_begin(const char *url, const char *protocols, char *error_text)
{
    curl_door_open();
    CURL *curl = curl_easy_init();
    CHECK(curl != NULL);
    error_text[0] = '\0';
    curl_set_text(curl, CURLOPT_ERRORBUFFER, error_text);
    curl_set_text(curl, CURLOPT_URL, url);
    curl_set_text(curl, CURLOPT_PROTOCOLS_STR, protocols);
    curl_set_text(curl, CURLOPT_PROXY, "");
    curl_set_long(curl, CURLOPT_NOSIGNAL, 1);
    curl_set_long(curl, CURLOPT_FRESH_CONNECT, 1);
    curl_set_long(curl, CURLOPT_FORBID_REUSE, 1);
    curl_set_long(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    return curl;
}

/* Only a bug or a libcurl without the feature makes these fail. */
void curl_set_long(CURL *curl, CURLoption option, long value)
{
    CHECK(curl_easy_setopt(curl, option, value) == CURLE_OK);
}

void curl_set_text(CURL *curl, CURLoption option, const void *value)
{
    CHECK(curl_easy_setopt(curl, option, value) == CURLE_OK);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *argument)
{
    struct reading *reading = argument;
    size_t length = size * count;
    if (length > reading->max - reading->body.len) {
        reading->overflowed = true;
        return 0;
    }
    buf_append(&reading->body, bytes, length);
    return length;
}

/* Source: RFC 9110, 10.2.3; the form with a date is for browsers, no provider sends it. */
static size_t take_header(char *line, size_t size, size_t count, void *argument)
{
    static const char name[] = "retry-after:";
    struct reading *reading = argument;
    size_t length = size * count, at = sizeof(name) - 1;
    if (length <= at || strncasecmp(line, name, at) != 0)
        return length;
    while (at < length && (line[at] == ' ' || line[at] == '\t'))
        at++;
    int64_t seconds = -1;
    for (; at < length && isdigit((unsigned char)line[at]) && seconds < 1000000; at++)
        seconds = (seconds < 0 ? 0 : seconds) * 10 + (line[at] - '0');
    reading->retry_after_s = seconds;
    return length;
}

static struct curl_slist *header_list(const struct http_client_call *call)
{
    /* Expect: 100-continue would only add a second of waiting with servers that do not know it. */
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; i < HTTP_CLIENT_HEADERS_MAX && call->headers[i] != NULL; i++)
        list = curl_slist_append(list, call->headers[i]);
    CHECK(list != NULL);
    return list;
}

static bool headers_are_lines(const struct http_client_call *call)
{
    for (size_t i = 0; i < HTTP_CLIENT_HEADERS_MAX && call->headers[i] != NULL; i++) {
        if (strpbrk(call->headers[i], "\r\n") != NULL)
            return false;
    }
    return true;
}

static void set_options(CURL *curl, const struct http_client_call *call, struct reading *reading)
{
    curl_set_text(curl, CURLOPT_CUSTOMREQUEST, call->method);
    curl_set_long(curl, CURLOPT_CONNECTTIMEOUT_MS, call->connect_timeout_ms);
    curl_set_long(curl, CURLOPT_TIMEOUT_MS, call->timeout_ms);
    if (call->body.len > 0 || strcmp(call->method, "POST") == 0) {
        curl_set_long(curl, CURLOPT_POSTFIELDSIZE, (long)call->body.len);
        curl_set_text(curl, CURLOPT_POSTFIELDS, call->body.len > 0 ? call->body.data : "");
    }
    if (call->username != NULL) {
        curl_set_long(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_set_text(curl, CURLOPT_USERNAME, call->username);
        curl_set_text(curl, CURLOPT_PASSWORD, call->password != NULL ? call->password : "");
    }
    if (call->ca_file != NULL)
        curl_set_text(curl, CURLOPT_CAINFO, call->ca_file);
    CHECK(curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK);
    CHECK(curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK);
    curl_set_text(curl, CURLOPT_WRITEDATA, reading);
    curl_set_text(curl, CURLOPT_HEADERDATA, reading);
}

static int judge_failure(CURL *curl, CURLcode code, const char *text, bool overflowed,
                         struct error *err)
{
    long sent = 0;
    curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
    const char *why = text[0] != '\0' ? text : curl_easy_strerror(code);
    if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
        return error_set(err, ERROR_PERMANENT, "%s", why);
    if (sent == 0)
        return error_set(err, ERROR_RETRIABLE, "not sent: %s", why);
    return error_set(err, ERROR_UNKNOWN, "%s", overflowed ? "the answer is too long" : why);
}

int http_client_run(const struct http_client_call *call, struct error *err,
                    struct http_client_answer *ret_answer)
{
    char text[CURL_ERROR_SIZE];
    struct reading reading = {.max = call->answer_bytes_max, .retry_after_s = -1};
    if (!headers_are_lines(call))
        return error_set(err, ERROR_PERMANENT, "a header of the request holds a line break");
    CURL *curl = curl_begin(call->url, "http,https", text);
    struct curl_slist *headers = header_list(call);
    set_options(curl, call, &reading);
    curl_set_text(curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(curl);
    long status = 0;
    int rc = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK)
        rc = judge_failure(curl, code, text, reading.overflowed, err);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (rc != 0) {
        buf_free(&reading.body);
        return rc;
    }
    *ret_answer = (struct http_client_answer){(int)status, reading.retry_after_s, reading.body};
    return 0;
}

void http_client_answer_free(struct http_client_answer *answer)
{
    buf_free(&answer->body);
    *answer = (struct http_client_answer){0};
}

void http_client_escape(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (isalnum(c) || strchr("-._~", c) != NULL)
            buf_char(out, (char)c);
        else
            buf_printf(out, "%%%02X", c);
    }
}

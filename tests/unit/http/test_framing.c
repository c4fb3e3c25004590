/* Which request heads are taken, and which are refused for what.
 * Owner: lib/http. Thread: one.
 */
#include "http/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define LINE "GET /p HTTP/1.1\r\n"
#define HOST "Host: a\r\n"
#define POST "POST /p HTTP/1.1\r\nHost: a\r\n"

struct row {
    const char *because;
    const char *head;
    enum framing_verdict verdict;
};

static const struct row rows[] = {
    {"the usual", LINE HOST "\r\n", FRAMING_OK},
    {"a body after the head is not looked at", POST "Content-Length: 3\r\n\r\n\n\n\1", FRAMING_OK},
    {"chunked", POST "Transfer-Encoding: chunked\r\n\r\n", FRAMING_OK},
    {"chunked in capitals", POST "TRANSFER-ENCODING: Chunked\r\n\r\n", FRAMING_OK},
    {"HTTP/1.0 without Host", "GET /p HTTP/1.0\r\n\r\n", FRAMING_OK},
    {"one empty line before (RFC 9112, 2.2)", "\r\n" LINE HOST "\r\n", FRAMING_OK},
    {"white space around a value", LINE "Host:  a \t\r\n\r\n", FRAMING_OK},
    {"an empty value", LINE HOST "X-Empty:\r\n\r\n", FRAMING_OK},
    {"obs-text in a value", LINE HOST "X: caf\xC3\xA9\r\n\r\n", FRAMING_OK},
    {"Host with a port", LINE "Host: a.example:8080\r\n\r\n", FRAMING_OK},
    {"Host with an IPv6 literal", LINE "Host: [::1]:5105\r\n\r\n", FRAMING_OK},
    {"absolute form, same host", "GET http://A/p HTTP/1.1\r\nHost: a\r\n\r\n", FRAMING_OK},
    {"OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", FRAMING_OK},
    {"a later minor version", "GET /p HTTP/1.2\r\nHost: a\r\n\r\n", FRAMING_OK},

    {"bare LF after the request line", "GET /p HTTP/1.1\nHost: a\r\n\r\n", FRAMING_BAD},
    {"bare LF after a header", LINE "Host: a\nX: b\r\n\r\n", FRAMING_BAD},
    {"bare LF as the empty line", LINE HOST "\n", FRAMING_BAD},
    {"bare CR in a value", LINE HOST "X: a\rb\r\n\r\n", FRAMING_BAD},
    {"obs-fold with a space", LINE HOST "X: a\r\n b\r\n\r\n", FRAMING_BAD},
    {"obs-fold with a tab", LINE HOST "X: a\r\n\tb\r\n\r\n", FRAMING_BAD},
    {"white space before the first header", LINE " " HOST "\r\n", FRAMING_BAD},
    {"no Host in HTTP/1.1", LINE "\r\n", FRAMING_BAD},
    {"two Hosts", LINE HOST "Host: b\r\n\r\n", FRAMING_BAD},
    {"two equal Hosts", LINE HOST "host: a\r\n\r\n", FRAMING_BAD},
    {"an empty Host", LINE "Host:\r\n\r\n", FRAMING_BAD},
    {"a list in Host", LINE "Host: a, b\r\n\r\n", FRAMING_BAD},
    {"user information in Host", LINE "Host: a@b\r\n\r\n", FRAMING_BAD},
    {"a path in Host", LINE "Host: a/b\r\n\r\n", FRAMING_BAD},
    {"letters in the port of Host", LINE "Host: a:8o\r\n\r\n", FRAMING_BAD},
    {"an unclosed bracket in Host", LINE "Host: [::1\r\n\r\n", FRAMING_BAD},
    {"different Content-Lengths", POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\n",
     FRAMING_BAD},
    {"repeated Content-Length", POST "Content-Length: 3\r\ncontent-length: 3\r\n\r\n", FRAMING_BAD},
    {"a list of Content-Lengths", POST "Content-Length: 3, 3\r\n\r\n", FRAMING_BAD},
    {"Content-Length with a sign", POST "Content-Length: +5\r\n\r\n", FRAMING_BAD},
    {"negative Content-Length", POST "Content-Length: -5\r\n\r\n", FRAMING_BAD},
    {"hexadecimal Content-Length", POST "Content-Length: 0x5\r\n\r\n", FRAMING_BAD},
    {"empty Content-Length", POST "Content-Length:\r\n\r\n", FRAMING_BAD},
    {"Content-Length with a space inside", POST "Content-Length: 1 2\r\n\r\n", FRAMING_BAD},
    {"Content-Length beyond 64 bits", POST "Content-Length: 99999999999999999999\r\n\r\n",
     FRAMING_BAD},
    {"Content-Length with Transfer-Encoding",
     POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", FRAMING_BAD},
    {"Transfer-Encoding with Content-Length",
     POST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", FRAMING_BAD},
    {"Transfer-Encoding in HTTP/1.0",
     "POST /p HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", FRAMING_BAD},
    {"Transfer-Encoding: gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n",
     FRAMING_BAD},
    {"Transfer-Encoding: identity", POST "Transfer-Encoding: identity\r\n\r\n", FRAMING_BAD},
    {"Transfer-Encoding: xchunked", POST "Transfer-Encoding: xchunked\r\n\r\n", FRAMING_BAD},
    {"Transfer-Encoding twice",
     POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", FRAMING_BAD},
    {"Transfer-Encoding with a vertical tab", POST "Transfer-Encoding: \vchunked\r\n\r\n",
     FRAMING_BAD},
    {"white space before a colon", POST "Content-Length : 3\r\n\r\n", FRAMING_BAD},
    {"an empty header name", LINE HOST ": x\r\n\r\n", FRAMING_BAD},
    {"a header without colon", LINE HOST "X\r\n\r\n", FRAMING_BAD},
    {"a bracket in a header name", LINE HOST "X[1]: a\r\n\r\n", FRAMING_BAD},
    {"UTF-8 in a header name", LINE HOST "X\xC3\xA9: a\r\n\r\n", FRAMING_BAD},
    {"a control character in a value", LINE HOST "X: a\1b\r\n\r\n", FRAMING_BAD},
    {"DEL in a value", LINE HOST "X: a\x7F\r\n\r\n", FRAMING_BAD},
    {"two empty lines before", "\r\n\r\n" LINE HOST "\r\n", FRAMING_BAD},
    {"a bare LF before", "\n" LINE HOST "\r\n", FRAMING_BAD},
    {"no method", " /p HTTP/1.1\r\nHost: a\r\n\r\n", FRAMING_BAD},
    {"no target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n", FRAMING_BAD},
    {"two spaces before the target", "GET  /p HTTP/1.1\r\nHost: a\r\n\r\n", FRAMING_BAD},
    {"a space after the version", "GET /p HTTP/1.1 \r\nHost: a\r\n\r\n", FRAMING_BAD},
    {"a tab between method and target", "GET\t/p HTTP/1.1\r\nHost: a\r\n\r\n", FRAMING_BAD},
    {"a fragment in the target", "GET /p#f HTTP/1.1\r\nHost: a\r\n\r\n", FRAMING_BAD},
    {"UTF-8 in the target", "GET /caf\xC3\xA9 HTTP/1.1\r\nHost: a\r\n\r\n", FRAMING_BAD},
    {"HTTP/0.9", "GET /p\r\n\r\n", FRAMING_BAD},
    {"HTTP/2.0", "GET /p HTTP/2.0\r\nHost: a\r\n\r\n", FRAMING_BAD},
    {"lower-case http", "GET /p http/1.1\r\nHost: a\r\n\r\n", FRAMING_BAD},
    {"absolute form, other host", "GET http://b/p HTTP/1.1\r\nHost: a\r\n\r\n", FRAMING_BAD},
    {"absolute form, other port", "GET http://a:1/p HTTP/1.1\r\nHost: a\r\n\r\n", FRAMING_BAD},
    {"another scheme", "GET ftp://a/p HTTP/1.1\r\nHost: a\r\n\r\n", FRAMING_BAD},
    {"authority form", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", FRAMING_BAD},
    {"GET *", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", FRAMING_BAD},
    {"a relative target", "GET p HTTP/1.1\r\nHost: a\r\n\r\n", FRAMING_BAD},
    {"the head's end is missing", LINE HOST, FRAMING_BAD},
    {"nothing at all", "", FRAMING_BAD},
};

/* A copy on the heap of exactly its length: the sanitizer sees a read beyond it. */
static enum framing_verdict check(const char *text, size_t length, struct framing_head *head,
                                  const char **why)
{
    char *copy = malloc(length > 0 ? length : 1);
    memcpy(copy, text, length);
    enum framing_verdict verdict = framing_check((struct slice){copy, length}, head, why);
    free(copy);
    return verdict;
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct framing_head head;
        const char *why = NULL;
        enum framing_verdict verdict = check(rows[i].head, strlen(rows[i].head), &head, &why);
        if (verdict != rows[i].verdict)
            fail_msg("%s: verdict %d (%s)", rows[i].because, verdict, why != NULL ? why : "-");
        assert_true((verdict == FRAMING_OK) == (why == NULL));
    }
}

static void test_nul_is_refused_everywhere(void **state)
{
    (void)state;
    const char good[] = LINE HOST "X: abc\r\n\r\n";
    for (size_t i = 0; i < sizeof(good) - 1; i++) {
        char text[sizeof(good)];
        struct framing_head head;
        const char *why = NULL;
        memcpy(text, good, sizeof(good));
        text[i] = '\0';
        assert_int_equal(check(text, sizeof(good) - 1, &head, &why), FRAMING_BAD);
        assert_int_equal(check(good, i, &head, &why), FRAMING_BAD); /* and every truncation */
    }
}

static void test_reads_the_parts(void **state)
{
    (void)state;
    const char text[] =
        "PUT http://h:1/a/b?c=d HTTP/1.1\r\nHost: h:1\r\nContent-Length: 12\r\n\r\nrest";
    struct framing_head head;
    const char *why = NULL;
    assert_int_equal(framing_check(slice_of(text), &head, &why), FRAMING_OK);
    assert_true(slice_equal(head.method, slice_of("PUT")));
    assert_true(slice_equal(head.path, slice_of("/a/b")));
    assert_true(slice_equal(head.query, slice_of("c=d")));
    assert_true(slice_equal(head.host, slice_of("h:1")));
    assert_true(head.has_length && !head.chunked);
    assert_int_equal(head.content_length, 12);
    assert_int_equal(head.length, sizeof(text) - 1 - 4);
}

static void test_close_option(void **state)
{
    static const struct {
        const char *lines;
        bool close;
    } options[] = {
        {"", false},
        {"Connection: keep-alive\r\n", false},
        {"Connection: close\r\n", true},
        {"connection: keep-alive, Close\r\n", true},
        {"Connection: x,close ,y\r\n", true},
        {"Connection: close\r\nConnection: keep-alive\r\n", true},
        {"Connection: closed, not-close\r\n", false},
        {"Connection: ,\"close\"\r\n", true},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        char text[128];
        struct framing_head head;
        const char *why = NULL;
        snprintf(text, sizeof(text), LINE HOST "%s\r\n", options[i].lines);
        assert_int_equal(check(text, strlen(text), &head, &why), FRAMING_OK);
        if (head.close != options[i].close)
            fail_msg("%s", options[i].lines);
    }
}

static enum framing_verdict check_sized(size_t target, size_t value)
{
    struct buf text = {0};
    buf_text(&text, "GET /");
    for (size_t i = 1; i < target; i++)
        buf_char(&text, 'a');
    buf_text(&text, " HTTP/1.1\r\nHost: a\r\nX: ");
    for (size_t i = 0; i < value; i++)
        buf_char(&text, 'v');
    buf_text(&text, "\r\n\r\n");
    struct framing_head head;
    const char *why = NULL;
    enum framing_verdict verdict = check(text.data, text.len, &head, &why);
    buf_free(&text);
    return verdict;
}

static void test_limits(void **state)
{
    (void)state;
    const size_t others = sizeof("GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n") - 1;
    assert_int_equal(check_sized(FRAMING_TARGET_MAX, 1), FRAMING_OK);
    assert_int_equal(check_sized(FRAMING_TARGET_MAX + 1, 1), FRAMING_URI_TOO_LONG);
    assert_int_equal(check_sized(100000, 1), FRAMING_URI_TOO_LONG);
    assert_int_equal(check_sized(1, FRAMING_HEAD_MAX - others), FRAMING_OK);
    assert_int_equal(check_sized(1, FRAMING_HEAD_MAX - others + 1), FRAMING_HEAD_TOO_LARGE);
    assert_int_equal(check_sized(1, 200000), FRAMING_HEAD_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),           cmocka_unit_test(test_nul_is_refused_everywhere),
        cmocka_unit_test(test_reads_the_parts), cmocka_unit_test(test_close_option),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

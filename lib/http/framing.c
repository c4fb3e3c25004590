/* Strict framing: a pure check over the raw bytes of a request's head.
 * Owner: lib/http. Thread: any.
 */
#include "http/framing.h"

#include <strings.h>

#define TOKEN 1  /* RFC 9110, 5.6.2 tchar */
#define VALUE 2  /* RFC 9110, 5.5 field-vchar, SP and HTAB */
#define TARGET 4 /* visible ASCII without '#': RFC 3986 has no more, and clients send no less */
#define HOST 8   /* RFC 3986, 3.2.2 without sub-delims and userinfo */

#define TEXT (VALUE | TARGET)
#define SIGN (TOKEN | VALUE | TARGET)
#define NAME (TOKEN | VALUE | TARGET | HOST)

static const uint8_t classes[256] = {
    ['\t'] = VALUE,       [' '] = VALUE,         ['!'] = SIGN,
    ['"'] = TEXT,         ['#'] = TOKEN | VALUE, ['$'] = SIGN,
    ['%'] = NAME,         ['&'] = SIGN,          ['\''] = SIGN,
    ['(' ... ')'] = TEXT, ['*' ... '+'] = SIGN,  [','] = TEXT,
    ['-' ... '.'] = NAME, ['/'] = TEXT,          ['0' ... '9'] = NAME,
    [':'] = TEXT | HOST,  [';' ... '@'] = TEXT,  ['A' ... 'Z'] = NAME,
    ['['] = TEXT | HOST,  ['\\'] = TEXT,         [']'] = TEXT | HOST,
    ['^'] = SIGN,         ['_'] = NAME,          ['`'] = SIGN,
    ['a' ... 'z'] = NAME, ['{'] = TEXT,          ['|'] = SIGN,
    ['}'] = TEXT,         ['~'] = NAME,          [0x80 ... 0xFF] = VALUE,
};

/* The bytes not yet read; why is set by the rule that refused. */
struct reader {
    const char *at, *end;
    const char *why;
};

static bool has_class(char c, unsigned wanted)
{
    return (classes[(unsigned char)c] & wanted) != 0;
}

static bool refuse(struct reader *in, const char *why)
{
    in->why = why;
    return false;
}

static struct slice take_class(struct reader *in, unsigned wanted)
{
    const char *start = in->at;
    while (in->at < in->end && has_class(*in->at, wanted))
        in->at++;
    return (struct slice){start, (size_t)(in->at - start)};
}

static bool take_char(struct reader *in, char c)
{
    if (in->at == in->end || *in->at != c)
        return false;
    in->at++;
    return true;
}

static bool take_crlf(struct reader *in)
{
    if (take_char(in, '\r') && take_char(in, '\n'))
        return true;
    return refuse(in, "a line does not end in CR LF, or holds a control character");
}

static bool equal_ignoring_case(struct slice a, struct slice b)
{
    return a.len == b.len && strncasecmp(a.data, b.data, a.len) == 0;
}

static bool host_valid(struct slice host)
{
    for (size_t i = 0; i < host.len; i++) {
        if (!has_class(host.data[i], HOST))
            return false;
    }
    size_t name_end = 0;
    if (host.len > 0 && host.data[0] == '[') {
        const char *bracket = memchr(host.data, ']', host.len);
        if (bracket == NULL || bracket == host.data + 1)
            return false;
        name_end = (size_t)(bracket - host.data) + 1;
    } else {
        while (name_end < host.len && host.data[name_end] != ':')
            name_end++;
        if (memchr(host.data, '[', host.len) != NULL || memchr(host.data, ']', host.len) != NULL)
            return false;
    }
    if (name_end == 0 || (name_end < host.len && host.data[name_end] != ':'))
        return false;
    for (size_t i = name_end + 1; i < host.len; i++) {
        if (host.data[i] < '0' || host.data[i] > '9')
            return false;
    }
    return host.len - name_end <= 6; /* ":65535" */
}

/** Splits the target; *ret_authority has data NULL unless it is in absolute form. */
static bool split_target(struct reader *in, struct slice target, struct framing_head *head,
                         struct slice *ret_authority)
{
    *ret_authority = (struct slice){NULL, 0};
    if (slice_equal(target, slice_of("*"))) {
        head->path = target;
        return slice_equal(head->method, slice_of("OPTIONS")) ||
               refuse(in, "the target * is for OPTIONS only");
    }
    if (target.data[0] != '/') {
        size_t scheme = target.len > 7 && strncasecmp(target.data, "http://", 7) == 0    ? 7
                        : target.len > 8 && strncasecmp(target.data, "https://", 8) == 0 ? 8
                                                                                         : 0;
        if (scheme == 0)
            return refuse(in, "the target is neither a path nor an http URL");
        size_t end = scheme;
        while (end < target.len && target.data[end] != '/' && target.data[end] != '?')
            end++;
        *ret_authority = (struct slice){target.data + scheme, end - scheme};
        target = (struct slice){target.data + end, target.len - end};
        if (target.len == 0 || target.data[0] == '?')
            return refuse(in, "the target has no path");
    }
    const char *mark = memchr(target.data, '?', target.len);
    size_t path_len = mark != NULL ? (size_t)(mark - target.data) : target.len;
    head->path = (struct slice){target.data, path_len};
    if (mark != NULL)
        head->query = (struct slice){mark + 1, target.len - path_len - 1};
    return true;
}

static enum framing_verdict read_request_line(struct reader *in, struct framing_head *head,
                                              struct slice *ret_authority)
{
    head->method = take_class(in, TOKEN);
    if (head->method.len == 0 || !take_char(in, ' ')) {
        refuse(in, "the request line does not start with a method and one space");
        return FRAMING_BAD;
    }
    struct slice target = take_class(in, TARGET);
    if (target.len > FRAMING_TARGET_MAX) {
        refuse(in, "the target is longer than 2 KiB");
        return FRAMING_URI_TOO_LONG;
    }
    if (target.len == 0 || !take_char(in, ' ')) {
        refuse(in, "the target is empty or holds a character that must be percent-encoded");
        return FRAMING_BAD;
    }
    if (!split_target(in, target, head, ret_authority))
        return FRAMING_BAD;
    if (in->end - in->at < 8 || memcmp(in->at, "HTTP/1.", 7) != 0 || in->at[7] < '0' ||
        in->at[7] > '9') {
        refuse(in, "the version is not HTTP/1.x");
        return FRAMING_BAD;
    }
    head->minor_version = in->at[7] - '0';
    in->at += 8;
    return take_crlf(in) ? FRAMING_OK : FRAMING_BAD;
}

static bool read_content_length(struct reader *in, struct slice value, struct framing_head *head)
{
    if (head->has_length)
        return refuse(in, "Content-Length is repeated");
    if (value.len == 0 || value.len > 18)
        return refuse(in, "Content-Length is not a number");
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return refuse(in, "Content-Length is not a number");
        head->content_length = head->content_length * 10 + (uint64_t)(value.data[i] - '0');
    }
    head->has_length = true;
    return true;
}

/** Whether the list has the option "close", whatever else it has. RFC 9112, 9.3. */
static bool has_close(struct slice list)
{
    for (size_t i = 0; i < list.len;) {
        size_t start = i;
        while (i < list.len && has_class(list.data[i], TOKEN))
            i++;
        if (equal_ignoring_case((struct slice){list.data + start, i - start}, slice_of("close")))
            return true;
        i += i == start;
    }
    return false;
}

/** The headers that decide where a request ends, what comes after, and whom it is for. */
static bool judge_header(struct reader *in, struct slice name, struct slice value,
                         struct framing_head *head)
{
    if (name.len == 4 && equal_ignoring_case(name, slice_of("host"))) {
        if (head->host.data != NULL)
            return refuse(in, "Host is repeated");
        head->host = value;
        return host_valid(value) || refuse(in, "Host is not a host name with an optional port");
    }
    if (name.len == 14 && equal_ignoring_case(name, slice_of("content-length")))
        return read_content_length(in, value, head);
    if (name.len == 17 && equal_ignoring_case(name, slice_of("transfer-encoding"))) {
        if (head->chunked)
            return refuse(in, "Transfer-Encoding is repeated");
        head->chunked = true;
        return equal_ignoring_case(value, slice_of("chunked")) ||
               refuse(in, "Transfer-Encoding is not chunked");
    }
    if (name.len == 10 && equal_ignoring_case(name, slice_of("connection")))
        head->close = head->close || has_close(value);
    return true;
}

static bool read_header(struct reader *in, struct framing_head *head)
{
    if (*in->at == ' ' || *in->at == '\t')
        return refuse(in, "a header line is folded or starts with white space");
    struct slice name = take_class(in, TOKEN);
    if (name.len == 0 || !take_char(in, ':'))
        return refuse(in, "a header name is empty or not followed by a colon");
    while (in->at < in->end && (*in->at == ' ' || *in->at == '\t'))
        in->at++;
    struct slice value = take_class(in, VALUE);
    if (!take_crlf(in))
        return false;
    while (value.len > 0 && (value.data[value.len - 1] == ' ' || value.data[value.len - 1] == '\t'))
        value.len--;
    return judge_header(in, name, value, head);
}

/** What only the whole head shows. */
static bool judge_head(struct reader *in, const struct framing_head *head, struct slice authority)
{
    if (head->chunked && head->has_length)
        return refuse(in, "Content-Length and Transfer-Encoding together");
    if (head->chunked && head->minor_version == 0)
        return refuse(in, "Transfer-Encoding in HTTP/1.0");
    if (head->host.data == NULL && head->minor_version > 0)
        return refuse(in, "Host is missing");
    if (authority.data != NULL && head->host.data != NULL &&
        !equal_ignoring_case(authority, head->host))
        return refuse(in, "Host is not the target's host");
    return true;
}

enum framing_verdict framing_check(struct slice raw, struct framing_head *head,
                                   const char **ret_why)
{
    size_t seen = raw.len < FRAMING_HEAD_MAX ? raw.len : FRAMING_HEAD_MAX;
    struct reader in = {raw.data, raw.data + seen, NULL};
    *head = (struct framing_head){0};
    if (in.at < in.end && *in.at == '\r') /* one empty line before is allowed: RFC 9112, 2.2 */
        in.at += in.end - in.at >= 2 && in.at[1] == '\n' ? 2 : 0;
    struct slice authority;
    enum framing_verdict verdict = read_request_line(&in, head, &authority);
    if (verdict == FRAMING_OK) {
        while (in.at < in.end && *in.at != '\r') {
            if (!read_header(&in, head)) {
                verdict = FRAMING_BAD;
                break;
            }
        }
    }
    if (verdict == FRAMING_OK && !(take_crlf(&in) && judge_head(&in, head, authority)))
        verdict = FRAMING_BAD;
    if (verdict == FRAMING_BAD && in.at == in.end && raw.len > FRAMING_HEAD_MAX) {
        refuse(&in, "the head is larger than 16 KiB"); /* it was cut there, not malformed */
        verdict = FRAMING_HEAD_TOO_LARGE;
    }
    head->length = (size_t)(in.at - raw.data);
    *ret_why = in.why;
    return verdict;
}

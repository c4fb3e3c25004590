/* JSON written piece by piece into a buffer, without a tree.
 * Owner: lib/base. Thread: one at a time.
 */
#include "base/json_writer.h"

#include "base/hex.h"

void json_comma(struct buf *buf)
{
    if (buf->len > 0 && buf->data[buf->len - 1] != '{' && buf->data[buf->len - 1] != '[')
        buf_char(buf, ',');
}

static void escape(struct buf *buf, unsigned char c)
{
    switch (c) {
    case '"':
        buf_append(buf, "\\\"", 2);
        return;
    case '\\':
        buf_append(buf, "\\\\", 2);
        return;
    case '\b':
        buf_append(buf, "\\b", 2);
        return;
    case '\f':
        buf_append(buf, "\\f", 2);
        return;
    case '\n':
        buf_append(buf, "\\n", 2);
        return;
    case '\r':
        buf_append(buf, "\\r", 2);
        return;
    case '\t':
        buf_append(buf, "\\t", 2);
        return;
    default: {
        char code[6] = {'\\', 'u', '0', '0'};
        hex_write(&c, 1, code + 4);
        buf_append(buf, code, sizeof(code));
    }
    }
}

void json_string(struct buf *buf, const char *text, size_t length)
{
    buf_reserve(buf, length + 2);
    buf_char(buf, '"');
    size_t plain = 0; /* start of the run that needs no escape */
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_append(buf, text + plain, i - plain);
        escape(buf, c);
        plain = i + 1;
    }
    buf_append(buf, text + plain, length - plain);
    buf_char(buf, '"');
}

void json_name(struct buf *buf, const char *name)
{
    json_comma(buf);
    buf_char(buf, '"');
    buf_text(buf, name);
    buf_append(buf, "\":", 2);
}

void json_string_member(struct buf *buf, const char *name, struct slice text)
{
    json_name(buf, name);
    json_string(buf, text.data, text.len);
}

void json_int_member(struct buf *buf, const char *name, int64_t value)
{
    json_name(buf, name);
    buf_int(buf, value);
}

/* A mail as bytes.
 * Owner: notifier. Thread: any.
 */
#include "notifier/mime.h"

#include <ctype.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/utf8.h"

enum {
    LINE_MAX_BYTES = 76,       /* RFC 2045, 6.7 */
    WORD_BYTES = 42,           /* of text in an encoded word: with its frame below 75 characters */
    PLAIN_SUBJECT_BYTES = 200, /* beyond it long words are broken up by encoding */
    DAY_SECONDS = 86400,
};

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void put_base64(struct buf *out, const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i += 3) {
        unsigned group = (unsigned)bytes[i] << 16;
        group |= i + 1 < length ? (unsigned)bytes[i + 1] << 8 : 0;
        group |= i + 2 < length ? (unsigned)bytes[i + 2] : 0;
        buf_char(out, base64_digits[group >> 18]);
        buf_char(out, base64_digits[group >> 12 & 63]);
        buf_char(out, i + 1 < length ? base64_digits[group >> 6 & 63] : '=');
        buf_char(out, i + 2 < length ? base64_digits[group & 63] : '=');
    }
}

/* As many bytes of text from at as fit into an encoded word without cutting a character. */
static size_t word_length(struct slice text, size_t at)
{
    size_t length = text.len - at < WORD_BYTES ? text.len - at : WORD_BYTES;
    while (at + length < text.len && ((unsigned char)text.data[at + length] & 0xc0) == 0x80)
        length--;
    return length;
}

static bool is_plain(struct slice text)
{
    size_t run = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        run = c == ' ' ? 0 : run + 1;
        if (c < ' ' || c > '~' || run > LINE_MAX_BYTES / 2)
            return false;
    }
    /* What looks like an encoded word would be decoded. */
    return text.len <= PLAIN_SUBJECT_BYTES && memmem(text.data, text.len, "=?", 2) == NULL;
}

/* Plain words, folded at blanks; the line has `used` characters already. */
static void put_folded(struct buf *out, size_t used, struct slice text)
{
    size_t at = 0;
    while (at < text.len) {
        size_t end = at + 1;
        while (end < text.len && text.data[end] != ' ')
            end++;
        if (used + (end - at) > LINE_MAX_BYTES && text.data[at] == ' ') {
            buf_text(out, "\r\n");
            used = 0;
        }
        buf_append(out, text.data + at, end - at);
        used += end - at;
        at = end;
    }
}

/* Unstructured text in a header field. Source: RFC 2047. */
static void put_text(struct buf *out, const char *name, struct slice text)
{
    size_t used = strlen(name) + 2;
    if (is_plain(text)) {
        put_folded(out, used, text);
        return;
    }
    for (size_t at = 0, length; at < text.len; at += length) {
        length = word_length(text, at);
        if (at > 0)
            buf_text(out, "\r\n ");
        buf_text(out, "=?UTF-8?B?");
        put_base64(out, (const unsigned char *)text.data + at, length);
        buf_text(out, "?=");
    }
}

static void put_text_field(struct buf *out, const char *name, struct slice text)
{
    buf_printf(out, "%s: ", name);
    put_text(out, name, text);
    buf_text(out, "\r\n");
}

/* Source: RFC 5322, 3.4; a plain name is quoted, since it may hold a dot or a comma. */
static void put_from(struct buf *out, struct slice name, struct slice address)
{
    buf_text(out, "From: ");
    if (name.len > 0 && is_plain(name)) {
        buf_char(out, '"');
        for (size_t i = 0; i < name.len; i++) {
            if (name.data[i] == '"' || name.data[i] == '\\')
                buf_char(out, '\\');
            buf_char(out, name.data[i]);
        }
        buf_text(out, "\" ");
    } else if (name.len > 0) {
        put_text(out, "From", name);
        buf_text(out, "\r\n ");
    }
    buf_printf(out, "<%.*s>\r\n", (int)address.len, address.data);
}

/* Source: RFC 5322, 3.3. */
static void put_date(struct buf *out, int64_t date_us)
{
    static const char days[][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char text[CLOCK_TEXT_SIZE];
    int64_t day = (date_us / 1000000 - (date_us < 0 ? DAY_SECONDS - 1 : 0)) / DAY_SECONDS;
    clock_format(date_us, text);
    int month = (text[5] - '0') * 10 + (text[6] - '0');
    buf_printf(out, "Date: %s, %.2s %s %.4s %.8s +0000\r\n", days[(day % 7 + 7) % 7], text + 8,
               months[month - 1], text, text + 11);
}

static bool is_quoted_printable_plain(unsigned char c)
{
    return (c >= ' ' && c <= '~' && c != '=') || c == '\t';
}

/* Source: RFC 2045, 6.7. Line ends come as LF or CRLF and leave as CRLF. */
static void put_quoted_printable(struct buf *out, struct slice text)
{
    size_t used = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool ends = i + 1 == text.len || text.data[i + 1] == '\n' || text.data[i + 1] == '\r';
        if (c == '\r' && i + 1 < text.len && text.data[i + 1] == '\n')
            continue;
        if (c == '\n') {
            buf_text(out, "\r\n");
            used = 0;
            continue;
        }
        bool plain = is_quoted_printable_plain(c) && !(ends && (c == ' ' || c == '\t'));
        size_t width = plain ? 1 : 3;
        if (used + width > LINE_MAX_BYTES - 1) {
            buf_text(out, "=\r\n");
            used = 0;
        }
        if (plain)
            buf_char(out, (char)c);
        else
            buf_printf(out, "=%02X", c);
        used += width;
    }
    if (used > 0)
        buf_text(out, "\r\n");
}

static void put_part(struct buf *out, const char *type, struct slice text)
{
    buf_printf(out,
               "Content-Type: %s; charset=utf-8\r\n"
               "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
               type);
    put_quoted_printable(out, text);
}

/* Neither kind of encoded text can hold "=_" (RFC 2045, 6.7), so no boundary is in the parts. */
static void put_alternatives(struct buf *out, const struct mime_mail *mail)
{
    uint64_t mark = hash_fnv1a(mail->message_id.data, mail->message_id.len);
    buf_printf(out, "Content-Type: multipart/alternative; boundary=\"=_%016lx\"\r\n\r\n", mark);
    buf_printf(out, "--=_%016lx\r\n", mark);
    put_part(out, "text/plain", mail->text);
    buf_printf(out, "--=_%016lx\r\n", mark);
    put_part(out, "text/html", mail->html);
    buf_printf(out, "--=_%016lx--\r\n", mark);
}

static int refuse(struct error *err, const char *what)
{
    return error_set(err, ERROR_PERMANENT, "%s holds what must not get into a header", what);
}

static int judge(const struct mime_mail *mail, struct error *err)
{
    if (!utf8_valid(mail->subject.data, mail->subject.len) ||
        !utf8_printable(mail->subject.data, mail->subject.len))
        return refuse(err, "the subject");
    if (!utf8_valid(mail->from_name.data, mail->from_name.len) ||
        !utf8_printable(mail->from_name.data, mail->from_name.len))
        return refuse(err, "the sender's name");
    if (!mime_address_safe(mail->from_address))
        return refuse(err, "the sender's address");
    if (!mime_address_safe(mail->to_address))
        return refuse(err, "the recipient's address");
    for (size_t i = 0; i < mail->unsubscribe_url.len; i++) {
        unsigned char c = (unsigned char)mail->unsubscribe_url.data[i];
        if (c <= ' ' || c >= 0x7f || c == '<' || c == '>')
            return refuse(err, "the link to unsubscribe");
    }
    return 0;
}

int mime_write(const struct mime_mail *mail, struct error *err, struct buf *out)
{
    if (judge(mail, err) != 0)
        return -1;
    put_from(out, mail->from_name, mail->from_address);
    buf_printf(out, "To: <%.*s>\r\n", (int)mail->to_address.len, mail->to_address.data);
    put_text_field(out, "Subject", mail->subject);
    put_date(out, mail->date_us);
    buf_printf(out, "Message-ID: %.*s\r\n", (int)mail->message_id.len, mail->message_id.data);
    buf_text(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n");
    if (mail->unsubscribe_url.len > 0)
        buf_printf(out,
                   "List-Unsubscribe: <%.*s>\r\n"
                   "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
                   (int)mail->unsubscribe_url.len, mail->unsubscribe_url.data);
    if (mail->html.len > 0)
        put_alternatives(out, mail);
    else
        put_part(out, "text/plain", mail->text);
    return 0;
}

static void put_id_part(struct buf *out, struct slice part)
{
    for (size_t i = 0; i < part.len; i++) {
        unsigned char c = (unsigned char)part.data[i];
        if (isalnum(c) || c == '-')
            buf_char(out, (char)c);
        else
            buf_printf(out, "_%02x", c);
    }
}

void mime_message_id(struct slice kind, struct slice subject, struct slice domain, struct buf *out)
{
    buf_char(out, '<');
    put_id_part(out, kind);
    buf_char(out, '.');
    put_id_part(out, subject);
    buf_char(out, '@');
    buf_append(out, domain.data, domain.len);
    buf_char(out, '>');
}

bool mime_address_safe(struct slice address)
{
    for (size_t i = 0; i < address.len; i++) {
        unsigned char c = (unsigned char)address.data[i];
        if (c <= ' ' || c >= 0x7f || strchr("<>,;:\"\\()[]", c) != NULL)
            return false;
    }
    return address.len > 0;
}

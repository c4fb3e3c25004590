/* Text inside of HTML.
 * Owner: lib/base. Thread: any.
 */
#include "base/html.h"

void html_char(struct buf *out, char c)
{
    switch (c) {
    case '&':
        buf_text(out, "&amp;");
        break;
    case '<':
        buf_text(out, "&lt;");
        break;
    case '>':
        buf_text(out, "&gt;");
        break;
    case '"':
        buf_text(out, "&quot;");
        break;
    case '\'':
        buf_text(out, "&#39;");
        break;
    default:
        buf_char(out, c);
    }
}

void html_text(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        html_char(out, text.data[i]);
}

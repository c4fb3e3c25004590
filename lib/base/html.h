/* Text inside of HTML.
 * Owner: lib/base. Thread: any.
 */
#ifndef CARTWRIGHT_BASE_HTML_H
#define CARTWRIGHT_BASE_HTML_H

#include "base/buf.h"

/** Appends c so that it stands for itself in an element and in a quoted attribute. */
void html_char(struct buf *out, char c);

/** Each byte of text by html_char. */
void html_text(struct buf *out, struct slice text);

#endif

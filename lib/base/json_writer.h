/* JSON written piece by piece into a buffer, without a tree. Source: RFC 8259.
 * Owner: lib/base. Thread: one at a time.
 */
#ifndef CARTWRIGHT_BASE_JSON_WRITER_H
#define CARTWRIGHT_BASE_JSON_WRITER_H

#include <stdint.h>

#include "base/buf.h"

/** A quoted string. text must be valid UTF-8; quotes, backslashes and controls are escaped. */
void json_string(struct buf *buf, const char *text, size_t length);

/** `"name":` — with a comma before it unless it is the first member of its object. name is plain
 * ASCII without anything to escape. */
void json_name(struct buf *buf, const char *name);

/** `"name":"text"`, with the comma as json_name. */
void json_string_member(struct buf *buf, const char *name, struct slice text);

/** `"name":value`, with the comma as json_name. */
void json_int_member(struct buf *buf, const char *name, int64_t value);

/** A comma unless the buffer ends in an opening brace or bracket: before each element. */
void json_comma(struct buf *buf);

#endif

/* The language of the templates: {{name}} is a value, {{#name}} … {{/name}} is repeated for each
 * item of a list, or shown when a text is not empty. Nothing else. Pure. Owner: notifier. Thread:
 * any; a compiled template is read-only.
 */
#ifndef CARTWRIGHT_NOTIFIER_TEMPLATE_H
#define CARTWRIGHT_NOTIFIER_TEMPLATE_H

#include "base/buf.h"
#include "base/error.h"

enum {
    TEMPLATE_BYTES_MAX = 64 * 1024,
    TEMPLATE_OUTPUT_BYTES_MAX = 1024 * 1024,
    TEMPLATE_DEPTH_MAX = 4, /* sections within sections */
};

/** What happens to values on their way into the text. */
enum template_escape {
    TEMPLATE_PLAIN, /* control characters become blanks */
    TEMPLATE_HTML,  /* as TEMPLATE_PLAIN, and & < > " ' become entities */
    TEMPLATE_LINE,  /* for a header: the template is one line; a control character in a value is an
                     * error, not something to repair: somebody tries to write headers of theirs */
};

/** A name that a template may use. Tables of these end with a NULL name. */
struct template_field {
    const char *name;                   /* letters and digits */
    size_t id;                          /* of its value */
    const struct template_field *items; /* a list: what each item has; NULL: a text */
};

/** A list's items stand one after the other, each with stride values. */
struct template_value {
    struct slice text; /* UTF-8 */
    const struct template_value *items;
    size_t count, stride;
};

struct template;

/** Compiles text (copied). A name that is not in fields, a tag that is not closed, a list within a
 * list: -1 with the line and what to do. */
int template_compile(struct slice text, const struct template_field *fields,
                     enum template_escape escape, struct error *err,
                     struct template **ret_template) WARN_UNUSED;
void template_free(struct template *template);

/** Appends the text with values[id] for each name to out. -1 (permanent): a value that must not be
 * in a header, or a text beyond TEMPLATE_OUTPUT_BYTES_MAX; out then holds a part. */
int template_render(const struct template *template, const struct template_value *values,
                    struct error *err, struct buf *out) WARN_UNUSED;

#endif

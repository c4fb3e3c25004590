/* The language of the templates: compiled once to a list of steps, rendered many times.
 * Owner: notifier. Thread: any.
 */
#include "notifier/template.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/html.h"
#include "base/memory.h"
#include "base/utf8.h"

enum step_type { STEP_TEXT, STEP_VALUE, STEP_SECTION, STEP_END };

struct step {
    enum step_type type;
    struct slice text; /* STEP_TEXT: into the template's copy */
    const struct template_field *field;
    bool of_item; /* the field is one of the list that is being repeated */
    size_t end;   /* STEP_SECTION: where its STEP_END is */
};

struct template
{
    char *text;
    enum template_escape escape;
    struct step *steps;
    size_t count, capacity;
};

struct compiler {
    struct template *template;
    const struct template_field *fields;
    size_t open[TEMPLATE_DEPTH_MAX]; /* steps of the sections around */
    size_t depth;
    const char *start, *at, *limit;
    struct error *err;
};

static size_t line_of(const struct compiler *compiler, const char *place)
{
    size_t line = 1;
    for (const char *c = compiler->start; c < place; c++)
        line += *c == '\n';
    return line;
}

static int refuse(const struct compiler *compiler, const char *what, struct slice name)
{
    return error_set(compiler->err, ERROR_PERMANENT, "line %zu: %s%s%.*s%s",
                     line_of(compiler, compiler->at), what, name.len > 0 ? " `" : "",
                     (int)(name.len < 40 ? name.len : 40), name.data, name.len > 0 ? "`" : "");
}

static struct step *add_step(struct template *template, enum step_type type)
{
    template->steps = mem_grown(template->steps, template->count, &template->capacity,
                                sizeof(template->steps[0]));
    template->steps[template->count] = (struct step){.type = type};
    return &template->steps[template->count++];
}

static void add_text(struct compiler *compiler, const char *from, const char *to)
{
    if (to > from)
        add_step(compiler->template, STEP_TEXT)->text = (struct slice){from, (size_t)(to - from)};
}

static const struct template_field *find_in(const struct template_field *fields, struct slice name)
{
    for (; fields != NULL && fields->name != NULL; fields++) {
        if (slice_equal(slice_of(fields->name), name))
            return fields;
    }
    return NULL;
}

/* The list that is open around, or NULL. */
static const struct template_field *open_list(const struct compiler *compiler)
{
    for (size_t i = 0; i < compiler->depth; i++) {
        const struct step *step = &compiler->template->steps[compiler->open[i]];
        if (step->field->items != NULL)
            return step->field;
    }
    return NULL;
}

static int resolve(struct compiler *compiler, struct slice name, struct step *ret_step)
{
    const struct template_field *list = open_list(compiler);
    const struct template_field *field = list != NULL ? find_in(list->items, name) : NULL;
    ret_step->of_item = field != NULL;
    if (field == NULL)
        field = find_in(compiler->fields, name);
    if (field == NULL)
        return refuse(compiler, "this kind of message has no", name);
    ret_step->field = field;
    return 0;
}

static int open_section(struct compiler *compiler, struct slice name)
{
    struct step step = {.type = STEP_SECTION};
    if (resolve(compiler, name, &step) != 0)
        return -1;
    CHECK(step.field != NULL);
    if (step.field->items != NULL && open_list(compiler) != NULL)
        return refuse(compiler, "a list within a list:", name);
    if (compiler->depth == TEMPLATE_DEPTH_MAX)
        return refuse(compiler, "sections are nested too deep at", name);
    compiler->open[compiler->depth++] = compiler->template->count;
    *add_step(compiler->template, STEP_SECTION) = step;
    return 0;
}

static int close_section(struct compiler *compiler, struct slice name)
{
    struct template *template = compiler->template;
    if (compiler->depth == 0)
        return refuse(compiler, "nothing is open that could end here:", name);
    size_t open = compiler->open[compiler->depth - 1];
    if (!slice_equal(slice_of(template->steps[open].field->name), name))
        return refuse(compiler, "another section has to end before", name);
    compiler->depth--;
    add_step(template, STEP_END);
    template->steps[open].end = template->count - 1;
    return 0;
}

static int add_value(struct compiler *compiler, struct slice name)
{
    struct step step = {.type = STEP_VALUE};
    if (resolve(compiler, name, &step) != 0)
        return -1;
    CHECK(step.field != NULL);
    if (step.field->items != NULL)
        return refuse(compiler, "is a list, to be used as {{#…}}:", name);
    *add_step(compiler->template, STEP_VALUE) = step;
    return 0;
}

static const char *find_pair(const char *from, const char *limit, char c)
{
    for (; from + 1 < limit; from++) {
        if (from[0] == c && from[1] == c)
            return from;
    }
    return NULL;
}

static bool name_valid(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (!isalnum((unsigned char)name.data[i]))
            return false;
    }
    return name.len > 0;
}

/* A section's tag that is alone on its line takes the line with it. */
static void take_line(const char *start, const char **text_end, const char *limit, const char **at)
{
    const char *before = *text_end, *after = *at;
    while (before > start && (before[-1] == ' ' || before[-1] == '\t'))
        before--;
    while (after < limit && (*after == ' ' || *after == '\t' || *after == '\r'))
        after++;
    if ((before > start && before[-1] != '\n') || (after < limit && *after != '\n'))
        return;
    *text_end = before;
    *at = after < limit ? after + 1 : after;
}

/* compiler->at is on "{{"; text is what stands before it. */
static int take_tag(struct compiler *compiler, const char *text)
{
    const char *open = compiler->at, *text_end = open;
    const char *close = find_pair(open + 2, compiler->limit, '}');
    if (close == NULL)
        return refuse(compiler, "{{ without }}", (struct slice){0});
    char mark = open[2];
    bool section = mark == '#' || mark == '/';
    const char *name_start = open + 2 + (section ? 1 : 0);
    struct slice name = {name_start, close > name_start ? (size_t)(close - name_start) : 0};
    if (!name_valid(name))
        return refuse(compiler, "a name is letters and digits, without blanks, not", name);
    const char *next = close + 2;
    if (section)
        take_line(compiler->start, &text_end, compiler->limit, &next);
    if (text_end > text)
        add_text(compiler, text, text_end);
    int rc = mark == '#'   ? open_section(compiler, name)
             : mark == '/' ? close_section(compiler, name)
                           : add_value(compiler, name);
    compiler->at = next;
    return rc;
}

static int compile(struct compiler *compiler)
{
    while (compiler->at < compiler->limit) {
        const char *text = compiler->at;
        const char *open = find_pair(text, compiler->limit, '{');
        const char *stray = find_pair(text, open != NULL ? open : compiler->limit, '}');
        if (stray != NULL) {
            compiler->at = stray;
            return refuse(compiler, "}} without {{", (struct slice){0});
        }
        if (open == NULL) {
            add_text(compiler, text, compiler->limit);
            break;
        }
        compiler->at = open;
        if (take_tag(compiler, text) != 0)
            return -1;
    }
    if (compiler->depth > 0)
        return refuse(
            compiler, "never ends:",
            slice_of(compiler->template->steps[compiler->open[compiler->depth - 1]].field->name));
    return 0;
}

static int judge_text(struct slice text, enum template_escape escape, struct error *err)
{
    if (text.len > TEMPLATE_BYTES_MAX)
        return error_set(err, ERROR_PERMANENT, "longer than %d bytes", TEMPLATE_BYTES_MAX);
    if (!utf8_valid(text.data, text.len) || memchr(text.data, '\0', text.len) != NULL)
        return error_set(err, ERROR_PERMANENT, "not UTF-8 text");
    if (escape == TEMPLATE_LINE && (text.len == 0 || !utf8_printable(text.data, text.len)))
        return error_set(err, ERROR_PERMANENT, "must be one line of text");
    return 0;
}

int template_compile(struct slice text, const struct template_field *fields,
                     enum template_escape escape, struct error *err, struct template **ret_template)
{
    if (escape == TEMPLATE_LINE && text.len > 0 && text.data[text.len - 1] == '\n')
        text.len--;
    if (text.data == NULL)
        text.data = "";
    if (judge_text(text, escape, err) != 0)
        return -1;
    struct template *template = mem_calloc(1, sizeof(*template));
    template->text = mem_strndup(text.data, text.len);
    template->escape = escape;
    struct compiler compiler = {
        .template = template,
        .fields = fields,
        .start = template->text,
        .at = template->text,
        .limit = template->text + text.len,
        .err = err,
    };
    if (compile(&compiler) != 0) {
        template_free(template);
        return -1;
    }
    *ret_template = template;
    return 0;
}

void template_free(struct template *template)
{
    if (template == NULL)
        return;
    free(template->text);
    free(template->steps);
    free(template);
}

/* ---- rendering */

static int put_value(const struct template *template, const struct step *step, struct slice text,
                     struct error *err, struct buf *out)
{
    if (template->escape == TEMPLATE_LINE && !utf8_printable(text.data, text.len))
        return error_set(err, ERROR_PERMANENT,
                         "%s holds a control character, which must not get into a header",
                         step->field->name);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if ((unsigned char)c < ' ' || c == 0x7f)
            c = ' ';
        if (template->escape == TEMPLATE_HTML)
            html_char(out, c);
        else
            buf_char(out, c);
    }
    return 0;
}

static const struct template_value *value_of(const struct step *step,
                                             const struct template_value *values,
                                             const struct template_value *item)
{
    const struct template_value *from = step->of_item ? item : values;
    CHECK(from != NULL); /* a list's own names are known within it only */
    return &from[step->field->id];
}

static int render(const struct template *template, size_t from, size_t to,
                  const struct template_value *values, const struct template_value *item,
                  struct error *err, struct buf *out);

static int render_section(const struct template *template, size_t at,
                          const struct template_value *values, const struct template_value *item,
                          struct error *err, struct buf *out)
{
    const struct step *step = &template->steps[at];
    const struct template_value *value = value_of(step, values, item);
    if (step->field->items == NULL)
        return value->text.len == 0 ? 0
                                    : render(template, at + 1, step->end, values, item, err, out);
    for (size_t i = 0; i < value->count; i++) {
        if (render(template, at + 1, step->end, values, value->items + i * value->stride, err,
                   out) != 0)
            return -1;
    }
    return 0;
}

/* The recursion is as deep as the sections: TEMPLATE_DEPTH_MAX. */
static int render(const struct template *template, size_t from, size_t to,
                  const struct template_value *values, const struct template_value *item,
                  struct error *err, struct buf *out)
{
    int rc = 0;
    for (size_t at = from; at < to && rc == 0; at++) {
        const struct step *step = &template->steps[at];
        if (out->len + step->text.len > TEMPLATE_OUTPUT_BYTES_MAX)
            return error_set(err, ERROR_PERMANENT, "the message is longer than %d bytes",
                             TEMPLATE_OUTPUT_BYTES_MAX);
        switch (step->type) {
        case STEP_TEXT:
            buf_append(out, step->text.data, step->text.len);
            break;
        case STEP_VALUE:
            rc = put_value(template, step, value_of(step, values, item)->text, err, out);
            break;
        case STEP_SECTION:
            rc = render_section(template, at, values, item, err, out);
            at = step->end;
            break;
        case STEP_END:
            NOT_REACHED();
        }
    }
    return rc;
}

int template_render(const struct template *template, const struct template_value *values,
                    struct error *err, struct buf *out)
{
    return render(template, 0, template->count, values, NULL, err, out);
}

/* Templates: refused with a reason, or rendered within the bound and without a raw mark of a value.
 */
#include "tests/fuzz/fuzz.h"

#include "base/utf8.h"
#include "notifier/template.h"

static const struct template_field item_fields[] = {{"name", 0, NULL}, {0}};
static const struct template_field fields[] = {
    {"title", 0, NULL}, {"items", 1, item_fields}, {"empty", 2, NULL}, {0}};

/* Bytes that no template of the corpus has but values do: 0x01 must never come out. */
static const struct template_value items[] = {{.text = {"<\x01>", 3}}, {.text = {"b", 1}}};
static const struct template_value values[] = {
    {.text = {"a&'\"\x01", 5}}, {.items = items, .count = 2, .stride = 1}, {.text = {"", 0}}};

static void try_escape(struct slice text, enum template_escape escape)
{
    struct template *template;
    struct error err = {.message = ""};
    struct buf out = {0};
    if (template_compile(text, fields, escape, &err, &template) != 0) {
        CHECK(err.message[0] != '\0' && err.kind == ERROR_PERMANENT);
        return;
    }
    if (template_render(template, values, &err, &out) == 0) {
        CHECK(utf8_valid(out.data, out.len));
        if (escape == TEMPLATE_LINE)
            CHECK(utf8_printable(out.data, out.len));
        if (memchr(text.data, '\x01', text.len) == NULL && out.len > 0)
            CHECK(memchr(out.data, '\x01', out.len) == NULL);
    }
    template_free(template);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct slice text = {length > 0 ? (const char *)bytes : "", length};
    try_escape(text, TEMPLATE_PLAIN);
    try_escape(text, TEMPLATE_HTML);
    try_escape(text, TEMPLATE_LINE);
    return 0;
}

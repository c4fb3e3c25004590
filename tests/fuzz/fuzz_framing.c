/* Heads of requests: refused with a reason, or sliced within the bytes that came. */
#include "tests/fuzz/fuzz.h"

#include "http/framing.h"

static void within(struct slice part, const uint8_t *bytes, size_t length)
{
    if (part.data == NULL)
        return;
    const uint8_t *at = (const uint8_t *)part.data;
    CHECK(at >= bytes && at + part.len <= bytes + length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct framing_head head = {0};
    const char *why = NULL;
    if (framing_check((struct slice){(const char *)bytes, length}, &head, &why) != FRAMING_OK) {
        CHECK(why != NULL);
        return 0;
    }
    CHECK(head.length <= length && head.length <= FRAMING_HEAD_MAX);
    CHECK(!(head.chunked && head.has_length));
    within(head.method, bytes, length);
    within(head.path, bytes, length);
    within(head.query, bytes, length);
    within(head.host, bytes, length);
    return 0;
}

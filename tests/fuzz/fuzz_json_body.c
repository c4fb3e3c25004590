/* Request bodies: refused with a reason, or readable as an item. */
#include "tests/fuzz/fuzz.h"

#include "base/utf8.h"
#include "http/json_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static const char *const names[] = {"userId", "productId", "price", "items", NULL};
    struct json_problem problem = {0};
    struct json *json = NULL;
    struct json_at items;
    struct slice text;
    int64_t price;
    size_t count;
    if (json_parse((struct slice){(const char *)bytes, length}, &problem, &json) != 0) {
        CHECK(problem.code != NULL && problem.message[0] != '\0');
        return 0;
    }
    struct json_at root = json_root(json);
    if (json_only(&root, names, &problem) == 0) {
        if (json_text(&root, "userId", 1, 128, &problem, &text) == 0)
            CHECK(utf8_valid(text.data, text.len));
        if (json_int(&root, "price", 0, 1000, &problem, &price) == 0)
            CHECK(price >= 0 && price <= 1000);
        if (json_list(&root, "items", 1, 10, &problem, &items, &count) == 0) {
            struct json_at first = json_element(&items, 0);
            if (json_only(&first, names, &problem) != 0)
                CHECK(problem.pointer[0] == '/');
        }
    }
    json_free(json);
    return 0;
}

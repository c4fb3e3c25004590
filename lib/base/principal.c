/* Who somebody is, as one text.
 * Owner: lib/base. Thread: any.
 */
#include "base/principal.h"

struct slice principal_of_user(struct slice user_id, char text[PRINCIPAL_MAX])
{
    CHECK(user_id.len <= PRINCIPAL_USER_MAX);
    memcpy(text, "user:", 5);
    memcpy(text + 5, user_id.data, user_id.len);
    return (struct slice){text, 5 + user_id.len};
}

struct slice principal_of_guest(const uint8_t hash[PRINCIPAL_HASH_BYTES], char text[PRINCIPAL_MAX])
{
    static const char digits[] = "0123456789abcdef";
    memcpy(text, "guest:", 6);
    char *at = text + 6;
    for (size_t i = 0; i < PRINCIPAL_HASH_BYTES; i++) {
        *at++ = digits[hash[i] >> 4];
        *at++ = digits[hash[i] & 15];
    }
    return (struct slice){text, (size_t)(at - text)};
}

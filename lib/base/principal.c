/* Who somebody is, as one text.
 * Owner: lib/base. Thread: any.
 */
#include "base/principal.h"

#include "base/hex.h"

struct slice principal_of_user(struct slice user_id, char text[PRINCIPAL_MAX])
{
    CHECK(user_id.len <= PRINCIPAL_USER_MAX);
    memcpy(text, "user:", 5);
    memcpy(text + 5, user_id.data, user_id.len);
    return (struct slice){text, 5 + user_id.len};
}

struct slice principal_of_guest(const uint8_t hash[PRINCIPAL_HASH_BYTES], char text[PRINCIPAL_MAX])
{
    memcpy(text, "guest:", 6);
    const char *end = hex_write(hash, PRINCIPAL_HASH_BYTES, text + 6);
    return (struct slice){text, (size_t)(end - text)};
}

/* Who somebody is, as one text.
 * Owner: lib/base. Thread: any.
 */
#include "base/principal.h"

#include "base/hex.h"

/* Kinds, as prefixes: characters, not texts that end in NUL. */
static const char user_prefix[] = {'u', 's', 'e', 'r', ':'};
static const char guest_prefix[] = {'g', 'u', 'e', 's', 't', ':'};

struct slice principal_of_user(struct slice user_id, char text[PRINCIPAL_MAX])
{
    CHECK(user_id.len <= PRINCIPAL_USER_MAX);
    memcpy(text, user_prefix, sizeof(user_prefix));
    memcpy(text + sizeof(user_prefix), user_id.data, user_id.len);
    return (struct slice){text, sizeof(user_prefix) + user_id.len};
}

struct slice principal_of_guest(const uint8_t hash[PRINCIPAL_HASH_BYTES], char text[PRINCIPAL_MAX])
{
    memcpy(text, guest_prefix, sizeof(guest_prefix));
    const char *end = hex_write(hash, PRINCIPAL_HASH_BYTES, text + sizeof(guest_prefix));
    return (struct slice){text, (size_t)(end - text)};
}

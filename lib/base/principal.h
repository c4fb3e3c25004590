/* Who somebody is, as one text: "user:alice", "guest:" and the SHA-256 of the guest's token in hex.
 * Of a caller, and of the owner of a thing: where both are equal, it is theirs. Owner: lib/base.
 * Thread: any.
 */
#ifndef CARTWRIGHT_BASE_PRINCIPAL_H
#define CARTWRIGHT_BASE_PRINCIPAL_H

#include <stdint.h>

#include "base/buf.h"

enum {
    PRINCIPAL_USER_MAX = 128, /* bytes of a user id */
    PRINCIPAL_HASH_BYTES = 32,
    PRINCIPAL_MAX = 5 + PRINCIPAL_USER_MAX
};

/** The principal of a user, and of a guest's hash, into text. */
struct slice principal_of_user(struct slice user_id, char text[PRINCIPAL_MAX]);
struct slice principal_of_guest(const uint8_t hash[PRINCIPAL_HASH_BYTES], char text[PRINCIPAL_MAX]);

#endif

/* Guests' tokens.
 * Owner: lib/http. Thread: any.
 */
#include "http/auth.h"

#include "base/base64url.h"
#include "base/uuid.h"

enum { TOKEN_BYTES = 32 };

static const char token_prefix[] = "guest_";

void guest_token_make(char token[GUEST_TOKEN_LENGTH + 1])
{
    struct uuid_source random = {.left = 0};
    uint8_t bytes[TOKEN_BYTES];
    struct buf text = {0};
    uuid_random(&random, bytes, sizeof(bytes));
    buf_text(&text, token_prefix);
    base64url_encode(&text, bytes, sizeof(bytes));
    CHECK(text.len == GUEST_TOKEN_LENGTH);
    memcpy(token, buf_cstr(&text), GUEST_TOKEN_LENGTH + 1);
    explicit_bzero(text.data, text.len);
    buf_free(&text);
    explicit_bzero(bytes, sizeof(bytes));
    explicit_bzero(&random, sizeof(random));
}

int guest_token_hash(struct slice token, uint8_t hash[DIGEST_SHA256_SIZE])
{
    const size_t prefix = sizeof(token_prefix) - 1;
    uint8_t bytes[BASE64URL_BYTES(GUEST_TOKEN_LENGTH)];
    size_t length;
    if (token.len != GUEST_TOKEN_LENGTH || memcmp(token.data, token_prefix, prefix) != 0 ||
        base64url_decode((struct slice){token.data + prefix, token.len - prefix}, bytes, &length) !=
            0)
        return -1;
    digest_sha256_of(token, hash);
    return 0;
}

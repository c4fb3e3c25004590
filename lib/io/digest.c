/* Digests: the one door to OpenSSL's.
 * Owner: lib/io. Thread: any.
 */
#include "io/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

void digest_sha256(const struct slice *parts, size_t count, uint8_t digest[DIGEST_SHA256_SIZE])
{
    /* Nothing here can fail but for want of memory or of the algorithm. */
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    CHECK(context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
    for (size_t i = 0; i < count; i++) {
        uint64_t length = parts[i].len;
        CHECK(EVP_DigestUpdate(context, &length, sizeof(length)) == 1);
        if (length > 0)
            CHECK(EVP_DigestUpdate(context, parts[i].data, parts[i].len) == 1);
    }
    CHECK(EVP_DigestFinal_ex(context, digest, NULL) == 1);
    EVP_MD_CTX_free(context);
}

void digest_sha256_of(struct slice bytes, uint8_t digest[DIGEST_SHA256_SIZE])
{
    CHECK(EVP_Digest(bytes.data, bytes.len, digest, NULL, EVP_sha256(), NULL) == 1);
}

void digest_hmac_sha256(struct slice key, const struct slice *parts, size_t count,
                        uint8_t digest[DIGEST_SHA256_SIZE])
{
    struct buf message = {0};
    unsigned length = DIGEST_SHA256_SIZE;
    for (size_t i = 0; i < count; i++)
        buf_append(&message, parts[i].data, parts[i].len);
    CHECK(HMAC(EVP_sha256(), key.data, (int)key.len, (const unsigned char *)buf_cstr(&message),
               message.len, digest, &length) != NULL);
    buf_free(&message);
}

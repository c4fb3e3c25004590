/* The opening handshake of a WebSocket, server's side. RFC 6455, 4.2.
 * Owner: lib/http. Thread: the worker's.
 */
#include <strings.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "http/internal.h"
#include "http/websocket.h"

enum { KEY_LENGTH = 24, SHA1_BYTES = 20 };

static bool is_base64(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

/** Base64 of 16 bytes. */
static bool key_valid(struct slice key)
{
    if (key.len != KEY_LENGTH || memcmp(key.data + KEY_LENGTH - 2, "==", 2) != 0)
        return false;
    for (size_t i = 0; i < KEY_LENGTH - 2; i++) {
        if (!is_base64(key.data[i]))
            return false;
    }
    return true;
}

enum websocket_handshake websocket_handshake(const struct http_request *request)
{
    struct slice upgrade, version, key;
    if (!slice_equal(request->head.method, slice_of("GET")) || request->head.minor_version < 1 ||
        !http_header(request, "upgrade", &upgrade) || upgrade.len != 9 ||
        strncasecmp(upgrade.data, "websocket", 9) != 0)
        return WEBSOCKET_HANDSHAKE_NOT;
    if (http_header_count(request, "sec-websocket-version") != 1 ||
        !http_header(request, "sec-websocket-version", &version) ||
        !slice_equal(version, slice_of("13")))
        return WEBSOCKET_HANDSHAKE_VERSION;
    if (http_header_count(request, "sec-websocket-key") != 1 ||
        !http_header(request, "sec-websocket-key", &key) || !key_valid(key))
        return WEBSOCKET_HANDSHAKE_BAD;
    return WEBSOCKET_HANDSHAKE_GOOD;
}

void websocket_accept(struct slice key, char text[WEBSOCKET_ACCEPT_SIZE])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char joined[KEY_LENGTH + sizeof(guid) - 1];
    unsigned char digest[SHA1_BYTES];
    CHECK(key.len == KEY_LENGTH);
    memcpy(joined, key.data, KEY_LENGTH);
    memcpy(joined + KEY_LENGTH, guid, sizeof(guid) - 1);
    SHA1((const unsigned char *)joined, sizeof(joined), digest);
    CHECK(EVP_EncodeBlock((unsigned char *)text, digest, SHA1_BYTES) == WEBSOCKET_ACCEPT_SIZE - 1);
}

static bool is_separator(char c)
{
    return c == ' ' || c == '\t' || c == ',';
}

bool websocket_offer(const struct http_request *request, size_t *at, struct slice *ret_protocol)
{
    const h2o_headers_t *headers = &request->req->headers;
    struct slice name = slice_of("sec-websocket-protocol");
    size_t skipped = 0;
    for (size_t i = 0; i < headers->size; i++) {
        const h2o_iovec_t *have = headers->entries[i].name;
        const h2o_iovec_t *value = &headers->entries[i].value;
        if (have->len != name.len || memcmp(have->base, name.data, name.len) != 0)
            continue;
        size_t k = *at - skipped; /* *at counts the bytes of all these headers together */
        skipped += value->len;
        if (*at >= skipped)
            continue;
        while (k < value->len && is_separator(value->base[k]))
            k++;
        size_t start = k;
        while (k < value->len && !is_separator(value->base[k]))
            k++;
        *at = skipped - value->len + k;
        if (k > start) {
            *ret_protocol = (struct slice){value->base + start, k - start};
            return true;
        }
    }
    return false;
}

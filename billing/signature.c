/* Whether a webhook comes from who knows the secret, and is of now.
 * Owner: billing. Thread: any; pure.
 */
#include "billing/signature.h"

#include <stdbool.h>

#include "base/hex.h"
#include "io/digest.h"

enum { HEX_SIZE = 2 * DIGEST_SHA256_SIZE, PARTS_MAX = 16, DIGITS_MAX = 12 };

/* Takes as long for a wrong text as for the right one. */
static bool same(const char *a, const char *b, size_t length)
{
    unsigned difference = 0;
    for (size_t i = 0; i < length; i++)
        difference |= (unsigned char)a[i] ^ (unsigned char)b[i];
    return difference == 0;
}

/* The next part between commas; false when there is none. */
static bool next_part(struct slice *rest, struct slice *ret_part)
{
    if (rest->len == 0)
        return false;
    const char *comma = memchr(rest->data, ',', rest->len);
    size_t length = comma != NULL ? (size_t)(comma - rest->data) : rest->len;
    *ret_part = (struct slice){rest->data, length};
    length += comma != NULL;
    *rest = (struct slice){rest->data + length, rest->len - length};
    return true;
}

static bool take_time(struct slice digits, int64_t *ret_s)
{
    int64_t value = 0;
    if (digits.len == 0 || digits.len > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        value = value * 10 + (digits.data[i] - '0');
    }
    *ret_s = value;
    return true;
}

static struct slice after(struct slice part, size_t length)
{
    return (struct slice){part.data + length, part.len - length};
}

static bool begins(struct slice part, const char *with)
{
    size_t length = strlen(with);
    return part.len >= length && memcmp(part.data, with, length) == 0;
}

/* The text of t=…, which is signed as it was sent. */
static bool find_time(struct slice header, struct slice *ret_text, int64_t *ret_s)
{
    struct slice part;
    int parts = 0;
    while (parts++ < PARTS_MAX && next_part(&header, &part)) {
        if (!begins(part, "t="))
            continue;
        *ret_text = after(part, 2);
        return take_time(*ret_text, ret_s);
    }
    return false;
}

const char *signature_refusal(struct slice header, struct slice body, struct slice secret,
                              int64_t now_s, int64_t window_s)
{
    uint8_t digest[DIGEST_SHA256_SIZE];
    char hex[HEX_SIZE];
    struct slice time, part;
    int64_t at_s;
    int parts = 0;
    bool good = false;
    if (!find_time(header, &time, &at_s))
        return "Stripe-Signature has no time.";
    const struct slice message[] = {time, slice_of("."), body};
    digest_hmac_sha256(secret, message, ARRAY_SIZE(message), digest);
    hex_write(digest, sizeof(digest), hex);
    while (parts++ < PARTS_MAX && next_part(&header, &part)) {
        if (begins(part, "v1=") && part.len == 3 + HEX_SIZE && same(part.data + 3, hex, HEX_SIZE))
            good = true;
    }
    if (!good)
        return "No signature in Stripe-Signature is right.";
    if (at_s < now_s - window_s || at_s > now_s + window_s)
        return "The signature is too old, or from the future.";
    return NULL;
}

/* What single fields of a request may hold: ids, numbers in text, entity tags. Pure.
 * Owner: cart-api. Thread: any.
 */
#include "cart-api/fields.h"

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool holds_only(struct slice text, size_t max, const char *others)
{
    if (text.len == 0 || text.len > max)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_alphanumeric(text.data[i]) &&
            (text.data[i] == '\0' || strchr(others, text.data[i]) == NULL))
            return false;
    }
    return true;
}

bool field_cart_id(struct slice text)
{
    return holds_only(text, CART_ID_MAX, "_-");
}

bool field_product_id(struct slice text)
{
    if (!holds_only(text, PRODUCT_ID_MAX, "._:~@+-"))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '.')
            return true;
    }
    return false;
}

static bool is_printable_ascii(struct slice text, size_t max)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] > 0x7E)
            return false;
    }
    return text.len >= 1 && text.len <= max;
}

bool field_idempotency_key(struct slice text)
{
    enum { KEY_MAX = 255 };
    return is_printable_ascii(text, KEY_MAX);
}

bool field_device_id(struct slice text)
{
    return is_printable_ascii(text, DEVICE_ID_MAX);
}

bool field_email(struct slice text)
{
    const char *at = NULL;
    if (text.len > EMAIL_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c <= 0x20 || c == 0x7F || strchr("<>()[],;:\\\"", c) != NULL)
            return false;
        if (c == '@' && at != NULL)
            return false;
        if (c == '@')
            at = text.data + i;
    }
    return at != NULL && at > text.data && at < text.data + text.len - 1;
}

bool field_phone(struct slice text)
{
    enum { DIGITS_MIN = 7 };
    if (text.len < 1 + DIGITS_MIN || text.len > PHONE_MAX || text.data[0] != '+' ||
        text.data[1] == '0')
        return false;
    for (size_t i = 1; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    }
    return true;
}

bool field_locale(struct slice text)
{
    enum { LANGUAGE_MIN = 2, SUBTAG_MAX = 8 };
    size_t length = 0, subtag = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool ends = text.data[i] == '-';
        if (!ends && !is_alphanumeric(text.data[i]))
            return false;
        if (subtag == 0 && !ends && text.data[i] <= '9')
            return false; /* a language has no digits */
        if (ends && (length == 0 || (subtag == 0 && length < LANGUAGE_MIN)))
            return false;
        subtag += ends ? 1 : 0;
        length = ends ? 0 : length + 1;
        if (length > SUBTAG_MAX)
            return false;
    }
    return text.len <= LOCALE_MAX && length > 0 && (subtag > 0 || length >= LANGUAGE_MIN);
}

int field_integer(struct slice text, int64_t min, int64_t max, int64_t *ret_value)
{
    int64_t value = 0;
    if (text.len == 0 || (text.data[0] == '0' && text.len > 1))
        return -1;
    for (size_t i = 0; i < text.len; i++) {
        int digit = text.data[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return -1;
    }
    if (value < min || value > max)
        return -1;
    *ret_value = value;
    return 0;
}

/* ---- entity tags */

static void skip_blanks(struct slice *rest)
{
    while (rest->len > 0 && (*rest->data == ' ' || *rest->data == '\t')) {
        rest->data++;
        rest->len--;
    }
}

static void skip(struct slice *rest, size_t count)
{
    rest->data += count;
    rest->len -= count;
}

/** Takes one entity tag off *rest; *ret_tag is what stands between the quotes. */
static bool take_tag(struct slice *rest, struct slice *ret_tag, bool *ret_weak)
{
    *ret_weak = rest->len >= 2 && rest->data[0] == 'W' && rest->data[1] == '/';
    if (*ret_weak)
        skip(rest, 2);
    if (rest->len == 0 || *rest->data != '"')
        return false;
    skip(rest, 1);
    size_t length = 0;
    while (length < rest->len && rest->data[length] != '"') {
        if ((unsigned char)rest->data[length] <= 0x20 || rest->data[length] == 0x7F)
            return false;
        length++;
    }
    if (length == rest->len)
        return false;
    *ret_tag = (struct slice){rest->data, length};
    skip(rest, length + 1);
    return true;
}

/** Takes the comma between two tags; false at the end or before something else. */
static bool take_comma(struct slice *rest)
{
    bool comma = false;
    skip_blanks(rest);
    while (rest->len > 0 && *rest->data == ',') { /* RFC 9110, 5.6.1: empty elements are skipped */
        comma = true;
        skip(rest, 1);
        skip_blanks(rest);
    }
    return comma && rest->len > 0;
}

static bool is_any(struct slice text)
{
    return text.len == 1 && *text.data == '*';
}

static int32_t version_of(struct slice tag)
{
    int64_t version;
    return field_integer(tag, 1, INT32_MAX, &version) == 0 ? (int32_t)version : 0;
}

int field_if_match(struct slice text, struct if_match *ret_match)
{
    struct if_match match = {.given = true, .any = is_any(text)};
    if (match.any) {
        *ret_match = match;
        return 0;
    }
    do {
        struct slice tag;
        bool weak;
        if (!take_tag(&text, &tag, &weak) || weak || match.count == IF_MATCH_MAX)
            return -1;
        match.versions[match.count++] = version_of(tag);
    } while (take_comma(&text));
    if (text.len > 0)
        return -1;
    *ret_match = match;
    return 0;
}

bool field_if_none_match(struct slice text, int32_t version)
{
    bool found = false, weak;
    struct slice tag;
    if (is_any(text))
        return true;
    do {
        if (!take_tag(&text, &tag, &weak))
            return false;
        found = found || version_of(tag) == version;
    } while (take_comma(&text));
    return found && text.len == 0;
}

struct slice field_etag(int32_t version, char text[ETAG_TEXT_SIZE])
{
    /* By hand and from the end: every answer has one. */
    char *at = text + ETAG_TEXT_SIZE, *end = at;
    CHECK(version >= 0);
    *--at = '"';
    do {
        *--at = (char)('0' + version % 10);
        version /= 10;
    } while (version > 0);
    *--at = '"';
    return (struct slice){at, (size_t)(end - at)};
}

/* UUID version 7: time-ordered ids.
 * Owner: lib/base. Thread: a struct uuid_source belongs to one thread.
 */
#include "base/uuid.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/hex.h"

void uuid_random(struct uuid_source *source, void *out, size_t length)
{
    CHECK(length <= sizeof(source->pool));
    if (source->left < length) {
        size_t filled = 0;
        while (filled < sizeof(source->pool)) {
            ssize_t n = getrandom(source->pool + filled, sizeof(source->pool) - filled, 0);
            CHECK(n > 0 || errno == EINTR);
            filled += n > 0 ? (size_t)n : 0;
        }
        source->left = sizeof(source->pool);
    }
    source->left -= length;
    memcpy(out, source->pool + source->left, length);
}

struct uuid uuid_v7(struct uuid_source *source, int64_t wall_us)
{
    struct uuid uuid;
    uuid_random(source, uuid.bytes + 6, 10);
    uint64_t ms = (uint64_t)(wall_us / 1000);
    for (int i = 0; i < 6; i++)
        uuid.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    uuid.bytes[6] = (uint8_t)(0x70 | (uuid.bytes[6] & 0x0F));
    uuid.bytes[8] = (uint8_t)(0x80 | (uuid.bytes[8] & 0x3F));
    return uuid;
}

void uuid_format(const struct uuid *uuid, char text[UUID_TEXT_SIZE])
{
    static const size_t lengths[] = {4, 2, 2, 2, 6};
    const uint8_t *from = uuid->bytes;
    char *out = text;
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        out = hex_write(from, lengths[i], out);
        from += lengths[i];
        *out++ = '-';
    }
    out[-1] = '\0';
}

int uuid_parse(const char *text, size_t length, struct uuid *ret_uuid)
{
    static const uint8_t places[] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
    struct uuid uuid;
    int values = 0; /* negative once one of them is */
    if (length != UUID_TEXT_SIZE - 1 || text[8] != '-' || text[13] != '-' || text[18] != '-' ||
        text[23] != '-')
        return -1;
    for (size_t i = 0; i < sizeof(uuid.bytes); i++) {
        int high = hex_value(text[places[i]]), low = hex_value(text[places[i] + 1]);
        values |= high | low;
        uuid.bytes[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
    }
    if (values < 0)
        return -1;
    *ret_uuid = uuid;
    return 0;
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

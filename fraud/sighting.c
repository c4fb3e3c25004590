/* Sightings: their words and numbers.
 * Owner: fraud. Thread: any.
 */
#include "fraud/sighting.h"

#include <stdlib.h>

#include "base/memory.h"

static const char *const kind_names[SIGHTING_KINDS] = {
    [SIGHTING_CART_OPENED] = "CartOpened",
    [SIGHTING_ITEM_ADDED] = "ItemAdded",
    [SIGHTING_ITEM_QUANTITY_CHANGED] = "ItemQuantityChanged",
    [SIGHTING_ITEM_REMOVED] = "ItemRemoved",
    [SIGHTING_CART_CLEARED] = "CartCleared",
    [SIGHTING_CART_CHECKED_OUT] = "CartCheckedOut",
    [SIGHTING_SOLD_LINE] = "SoldLine",
    [SIGHTING_CART_MERGED] = "CartMerged",
    [SIGHTING_PAYMENT_REQUESTED] = "PaymentRequested",
    [SIGHTING_PAYMENT_CAPTURED] = "PaymentCaptured",
    [SIGHTING_PAYMENT_FAILED] = "PaymentFailed",
    [SIGHTING_PAYMENT_REFUNDED] = "PaymentRefunded",
};
static const char *const field_names[FIELD_COUNT] = {
    [FIELD_CART] = "cart",         [FIELD_USER] = "user",       [FIELD_IP] = "ip",
    [FIELD_DEVICE] = "device",     [FIELD_PRODUCT] = "product", [FIELD_CARD_TOKEN] = "card_token",
    [FIELD_CURRENCY] = "currency", [FIELD_CODE] = "code",       [FIELD_QUANTITY] = "quantity",
    [FIELD_PRICE] = "price",       [FIELD_AMOUNT] = "amount",   [FIELD_ELAPSED] = "elapsed_ms",
    [FIELD_HOUR] = "hour",         [FIELD_VERSION] = "version",
};

static int find(const char *const *names, int count, struct slice name)
{
    for (int i = 0; i < count; i++) {
        if (slice_equal(name, slice_of(names[i])))
            return i;
    }
    return -1;
}

const char *sighting_kind_name(enum sighting_kind kind)
{
    CHECK((unsigned)kind < SIGHTING_KINDS);
    return kind_names[kind];
}

const char *sighting_field_name(enum sighting_field field)
{
    CHECK((unsigned)field < FIELD_COUNT);
    return field_names[field];
}

int sighting_kind_parse(struct slice name, enum sighting_kind *ret_kind)
{
    int found = find(kind_names, SIGHTING_KINDS, name);
    if (found >= 0)
        *ret_kind = (enum sighting_kind)found;
    return found >= 0 ? 0 : -1;
}

int sighting_field_parse(struct slice name, enum sighting_field *ret_field)
{
    int found = find(field_names, FIELD_COUNT, name);
    if (found >= 0)
        *ret_field = (enum sighting_field)found;
    return found >= 0 ? 0 : -1;
}

void sighting_set(struct sighting *sighting, enum sighting_field field, int64_t number)
{
    sighting->numbers[field - FIELD_TEXTS] = number;
    sighting->known |= 1u << (field - FIELD_TEXTS);
}

bool sighting_number(const struct sighting *sighting, enum sighting_field field,
                     int64_t *ret_number)
{
    CHECK(field >= FIELD_TEXTS && field < FIELD_COUNT);
    if ((sighting->known & 1u << (field - FIELD_TEXTS)) == 0)
        return false;
    *ret_number = sighting->numbers[field - FIELD_TEXTS];
    return true;
}

void sightings_add(struct sightings *sightings, const struct sighting *sighting)
{
    sightings->items = mem_grown(sightings->items, sightings->count, &sightings->capacity,
                                 sizeof(sightings->items[0]));
    sightings->items[sightings->count++] = *sighting;
}

void sightings_free(struct sightings *sightings)
{
    free(sightings->items);
    *sightings = (struct sightings){0};
}

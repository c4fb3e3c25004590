/* What rules see of an event: named fields. One event may be several sightings. Pure.
 * Owner: fraud. Thread: any; slices point into the event that the sighting was made of.
 */
#ifndef CARTWRIGHT_FRAUD_SIGHTING_H
#define CARTWRIGHT_FRAUD_SIGHTING_H

#include <stdbool.h>

#include "proto/cart_event.h"

enum sighting_kind {
    SIGHTING_CART_OPENED,
    SIGHTING_ITEM_ADDED,
    SIGHTING_ITEM_QUANTITY_CHANGED,
    SIGHTING_ITEM_REMOVED,
    SIGHTING_CART_CLEARED,
    SIGHTING_CART_CHECKED_OUT,
    SIGHTING_SOLD_LINE, /* each line of a checkout */
    SIGHTING_CART_MERGED,
    SIGHTING_PAYMENT_REQUESTED,
    SIGHTING_PAYMENT_CAPTURED,
    SIGHTING_PAYMENT_FAILED,
    SIGHTING_PAYMENT_REFUNDED,
    SIGHTING_KINDS,
};

enum sighting_field {
    /* text; empty: the event does not say */
    FIELD_CART,
    FIELD_USER,
    FIELD_IP,
    FIELD_DEVICE,
    FIELD_PRODUCT,
    FIELD_CARD_TOKEN,
    FIELD_CURRENCY,
    FIELD_CODE, /* of a failed payment */
    FIELD_TEXTS,
    /* numbers */
    FIELD_QUANTITY = FIELD_TEXTS,
    FIELD_PRICE,   /* of one piece, in minor units */
    FIELD_AMOUNT,  /* of a line, an order or a payment, in minor units */
    FIELD_ELAPSED, /* milliseconds since the cart's first event */
    FIELD_HOUR,    /* of the day in UTC, 0 to 23 */
    FIELD_VERSION, /* of the cart with this event */
    FIELD_COUNT,
};

struct sighting {
    enum sighting_kind kind;
    struct uuid event_id;
    int part; /* 0, 1, … within the event */
    int64_t at_us;
    struct slice texts[FIELD_TEXTS];
    int64_t numbers[FIELD_COUNT - FIELD_TEXTS];
    unsigned known; /* a bit per number that the event has */
};

/** Zero-initialise; sightings_of_* replaces the content, sightings_free ends it. */
struct sightings {
    struct sighting *items;
    size_t count, capacity;
};

struct payment_event;

void sightings_of_cart(const struct cart_event *event, struct sightings *sightings);
void sightings_of_payment(const struct payment_event *event, struct sightings *sightings);
void sightings_free(struct sightings *sightings);

void sightings_add(struct sightings *sightings, const struct sighting *sighting);
void sighting_set(struct sighting *sighting, enum sighting_field field, int64_t number);

/** The hour of the day in UTC. */
static inline int sighting_hour(int64_t at_us)
{
    return (int)(at_us / INT64_C(3600000000) % 24);
}

/** The number of a field; false when the event does not have it. */
bool sighting_number(const struct sighting *sighting, enum sighting_field field,
                     int64_t *ret_number);

/** "ItemAdded", "card_token": the words of the rules' file. */
const char *sighting_kind_name(enum sighting_kind kind);
const char *sighting_field_name(enum sighting_field field);
int sighting_kind_parse(struct slice name, enum sighting_kind *ret_kind) WARN_UNUSED;
int sighting_field_parse(struct slice name, enum sighting_field *ret_field) WARN_UNUSED;

#endif

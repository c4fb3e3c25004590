/* Events of payments as sightings.
 * Owner: fraud. Thread: any.
 */
#include "fraud/sighting.h"
#include "proto/payment_event.h"

static void take_money(const struct payment_event *event, struct sighting *sighting)
{
    sighting->texts[FIELD_CURRENCY] = event->money.currency;
    sighting_set(sighting, FIELD_AMOUNT, event->money.amount_minor);
}

static bool take_body(const struct payment_event *event, struct sighting *sighting)
{
    switch (event->type) {
    case PAYMENT_EVENT_REQUESTED:
        sighting->kind = SIGHTING_PAYMENT_REQUESTED;
        sighting->texts[FIELD_CURRENCY] = event->requested.currency;
        sighting->texts[FIELD_CARD_TOKEN] = event->requested.payment_token;
        sighting_set(sighting, FIELD_AMOUNT, event->requested.amount_minor);
        return true;
    case PAYMENT_EVENT_CAPTURED:
        sighting->kind = SIGHTING_PAYMENT_CAPTURED;
        take_money(event, sighting);
        return true;
    case PAYMENT_EVENT_FAILED:
        sighting->kind = SIGHTING_PAYMENT_FAILED;
        sighting->texts[FIELD_CODE] = event->failed.code;
        return true;
    case PAYMENT_EVENT_REFUNDED:
        sighting->kind = SIGHTING_PAYMENT_REFUNDED;
        take_money(event, sighting);
        return true;
    case PAYMENT_EVENT_AUTHORISED: /* what follows is what counts */
    case PAYMENT_EVENT_UNKNOWN:
    case PAYMENT_EVENT_MISMATCHED:
        return false;
    }
    NOT_REACHED();
}

void sightings_of_payment(const struct payment_event *event, struct sightings *sightings)
{
    struct sighting sighting = {.event_id = event->event_id, .at_us = event->occurred_at_us};
    sighting.texts[FIELD_CART] = event->cart_id;
    sighting.texts[FIELD_USER] = event->user_id;
    sighting_set(&sighting, FIELD_HOUR, sighting_hour(event->occurred_at_us));
    sightings->count = 0;
    if (take_body(event, &sighting))
        sightings_add(sightings, &sighting);
}

/* Events of carts as sightings.
 * Owner: fraud. Thread: any.
 */
#include "fraud/sighting.h"

/* Who did it: the event's own word for the owner, or the actor where the actor is a user. */
static struct slice user_of(struct slice user_id, struct slice actor)
{
    static const char *const nobody[] = {"anonymous", "guest", "system"};
    if (user_id.len > 0)
        return user_id;
    for (size_t i = 0; i < ARRAY_SIZE(nobody); i++) {
        if (slice_equal(actor, slice_of(nobody[i])))
            return (struct slice){0};
    }
    return actor;
}

static struct sighting cart_envelope(const struct cart_event *event)
{
    struct sighting sighting = {.event_id = event->event_id, .at_us = event->occurred_at_us};
    sighting.texts[FIELD_CART] = event->cart_id;
    sighting.texts[FIELD_USER] = user_of((struct slice){0}, event->actor);
    sighting.texts[FIELD_IP] = event->client_ip;
    sighting.texts[FIELD_DEVICE] = event->device_id;
    sighting_set(&sighting, FIELD_HOUR, sighting_hour(event->occurred_at_us));
    sighting_set(&sighting, FIELD_VERSION, event->version);
    return sighting;
}

static void of_item_added(const struct cart_event *event, struct sighting *sighting)
{
    const struct item_added *body = &event->item_added;
    int64_t amount;
    sighting->kind = SIGHTING_ITEM_ADDED;
    sighting->texts[FIELD_USER] = user_of(body->user_id, event->actor);
    sighting->texts[FIELD_PRODUCT] = body->product_id;
    sighting->texts[FIELD_CURRENCY] = body->currency;
    sighting_set(sighting, FIELD_QUANTITY, body->quantity);
    sighting_set(sighting, FIELD_PRICE, body->price_minor);
    if (!__builtin_mul_overflow(body->price_minor, (int64_t)body->quantity, &amount))
        sighting_set(sighting, FIELD_AMOUNT, amount);
}

/* The checkout itself and one sighting per line, which has the checkout's fields and its own. */
static void of_checked_out(const struct cart_event *event, struct sighting sighting,
                           struct sightings *sightings)
{
    const struct cart_checked_out *body = &event->checked_out;
    sighting.kind = SIGHTING_CART_CHECKED_OUT;
    sighting.texts[FIELD_USER] = body->user_id;
    sighting.texts[FIELD_CURRENCY] = body->currency;
    sighting.texts[FIELD_CARD_TOKEN] = body->payment_token;
    sighting_set(&sighting, FIELD_QUANTITY, body->total_quantity);
    sighting_set(&sighting, FIELD_AMOUNT, body->total_minor);
    if (body->opened_at_us > 0 && body->opened_at_us <= event->occurred_at_us)
        sighting_set(&sighting, FIELD_ELAPSED, (event->occurred_at_us - body->opened_at_us) / 1000);
    sightings_add(sightings, &sighting);
    for (size_t i = 0; i < body->line_count; i++) {
        sighting.kind = SIGHTING_SOLD_LINE;
        sighting.part = (int)i + 1;
        sighting.texts[FIELD_PRODUCT] = body->lines[i].product_id;
        sighting_set(&sighting, FIELD_QUANTITY, body->lines[i].quantity);
        sighting_set(&sighting, FIELD_PRICE, body->lines[i].price_minor);
        sighting_set(&sighting, FIELD_AMOUNT, body->lines[i].line_total_minor);
        sightings_add(sightings, &sighting);
    }
}

/* A merge is told in both carts; it counts once, in the target. */
static bool of_merged(const struct cart_event *event, struct sighting *sighting)
{
    const struct cart_merged *body = &event->merged;
    if (!slice_equal(event->cart_id, body->into_cart_id))
        return false;
    sighting->kind = SIGHTING_CART_MERGED;
    sighting->texts[FIELD_USER] = user_of(body->user_id, event->actor);
    sighting->texts[FIELD_CURRENCY] = body->currency;
    return true;
}

static bool of_simple(const struct cart_event *event, struct sighting *sighting)
{
    switch (event->type) {
    case CART_EVENT_OPENED:
        sighting->kind = SIGHTING_CART_OPENED;
        sighting->texts[FIELD_USER] = event->opened.user_id;
        return true;
    case CART_EVENT_ITEM_ADDED:
        of_item_added(event, sighting);
        return true;
    case CART_EVENT_ITEM_QUANTITY_CHANGED:
        sighting->kind = SIGHTING_ITEM_QUANTITY_CHANGED;
        sighting->texts[FIELD_PRODUCT] = event->item_quantity_changed.product_id;
        sighting_set(sighting, FIELD_QUANTITY, event->item_quantity_changed.quantity);
        return true;
    case CART_EVENT_ITEM_REMOVED:
        sighting->kind = SIGHTING_ITEM_REMOVED;
        sighting->texts[FIELD_PRODUCT] = event->item_removed.product_id;
        sighting_set(sighting, FIELD_QUANTITY, event->item_removed.quantity);
        return true;
    case CART_EVENT_CLEARED:
        sighting->kind = SIGHTING_CART_CLEARED;
        sighting_set(sighting, FIELD_QUANTITY, event->cleared.lines);
        return true;
    case CART_EVENT_MERGED:
        return of_merged(event, sighting);
    case CART_EVENT_CHECKED_OUT:
    case CART_EVENT_ABANDONED: /* nobody's doing */
    case CART_EVENT_EXPIRED:
        return false;
    }
    NOT_REACHED();
}

void sightings_of_cart(const struct cart_event *event, struct sightings *sightings)
{
    struct sighting sighting = cart_envelope(event);
    sightings->count = 0;
    if (event->type == CART_EVENT_CHECKED_OUT)
        of_checked_out(event, sighting, sightings);
    else if (of_simple(event, &sighting))
        sightings_add(sightings, &sighting);
}

/* The cart's rules: state and command in, events or a refusal out. Pure.
 * Owner: cart-api. Thread: any.
 */
#include "cart-api/decide.h"

#include <stdio.h>

#include "cart-api/decide_internal.h"

/* ---- rules on the cart as a whole, in the order in which they are asked */

static bool cart_is_unknown(const struct facts *facts)
{
    return facts->cart->version == 0;
}

/** A guest has the cart that its token opened, and no other. */
static bool guest_would_open(const struct facts *facts)
{
    return facts->cart->version == 0 && facts->command->guest;
}

static bool cart_is_known(const struct facts *facts)
{
    return facts->cart->version > 0;
}

static bool owner_is_another(const struct facts *facts)
{
    const struct cart *cart = facts->cart;
    const struct cart_command *command = facts->command;
    char owner[PRINCIPAL_MAX];
    if (cart->version == 0)
        return false;
    if (command->principal.len > 0)
        return !slice_equal(command->principal, cart_owner(cart, owner));
    /* Who may change everybody's carts still says whose cart it means. */
    return command->user_id.len > 0 && !cart->guest &&
           !slice_equal(command->user_id, cart_user(cart));
}

/** A merge opens a cart that is not there for the owner that it names. */
static bool nobody_would_own(const struct facts *facts)
{
    return facts->cart->version == 0 && facts->command->user_id.len == 0;
}

static bool version_is_another(const struct facts *facts)
{
    const struct if_match *match = &facts->command->if_match;
    if (!match->given)
        return false;
    if (facts->cart->version == 0)
        return true;
    for (size_t i = 0; i < match->count; i++) {
        if (match->versions[i] == facts->cart->version)
            return false;
    }
    return !match->any;
}

static bool is_checked_out(const struct facts *facts)
{
    return facts->cart->status == CART_CHECKED_OUT;
}

static bool is_merged(const struct facts *facts)
{
    return facts->cart->status == CART_MERGED;
}

static bool is_expired(const struct facts *facts)
{
    return facts->cart->status == CART_EXPIRED;
}

static bool is_empty(const struct facts *facts)
{
    return facts->cart->line_count == 0;
}

static bool line_is_missing(const struct facts *facts)
{
    return facts->line == NULL;
}

static bool quantity_is_out_of_range(const struct facts *facts)
{
    return facts->command->quantity < 0 || facts->command->quantity > facts->limits->quantity_max;
}

static bool currency_is_another(const struct facts *facts)
{
    return facts->cart->currency[0] != '\0' && facts->command->currency.len > 0 &&
           !slice_equal(facts->command->currency, slice_of(facts->cart->currency));
}

enum {
    ADD = 1 << CART_ADD_ITEMS,
    SET = 1 << CART_SET_QUANTITY,
    REMOVE = 1 << CART_REMOVE_ITEM,
    CLEAR = 1 << CART_CLEAR,
    CHECK_OUT = 1 << CART_CHECK_OUT,
    OPEN = 1 << CART_OPEN_EMPTY,
    MERGE = 1 << CART_MERGE,
    CHANGE = ADD | SET | REMOVE | CLEAR | MERGE,
    EVERY = CHANGE | CHECK_OUT
};

/* 403, or another word, would tell that it exists. */
const char decide_no_cart[] = "There is no such cart, or it is not yours.";

static const struct rule {
    int commands;
    enum refusal refusal;
    bool (*broken)(const struct facts *facts);
    const char *field;
    const char *because; /* the reason, as callers read it */
} rules[] = {
    {SET | REMOVE | CLEAR | CHECK_OUT, REFUSED_CART_NOT_FOUND, cart_is_unknown, NULL,
     decide_no_cart},
    {ADD, REFUSED_CART_NOT_FOUND, guest_would_open, NULL, decide_no_cart},
    {EVERY | OPEN, REFUSED_CART_NOT_FOUND, owner_is_another, NULL, decide_no_cart},
    {OPEN, REFUSED_CART_NOT_FOUND, cart_is_known, NULL,
     decide_no_cart}, /* an id of ours, given twice */
    {MERGE, REFUSED_CART_NOT_FOUND, nobody_would_own, NULL, decide_no_cart},
    {MERGE, REFUSED_NOT, merge_is_done, NULL, NULL}, /* as it was asked: no further rule counts */
    {EVERY, REFUSED_VERSION_MISMATCH, version_is_another, NULL,
     "The cart has not the version that If-Match names; read it again and decide anew."},
    {CHANGE, REFUSED_CHECKED_OUT, is_checked_out, NULL,
     "The cart is checked out and frozen; use another cart."},
    {CHECK_OUT, REFUSED_ALREADY_CHECKED_OUT, is_checked_out, NULL,
     "The cart is checked out already, as this order."},
    {EVERY, REFUSED_MERGED, is_merged, NULL, "The cart was merged into another; use that one."},
    {EVERY, REFUSED_EXPIRED, is_expired, NULL,
     "Nobody touched the cart for too long and it was closed; use another cart."},
    {CHECK_OUT, REFUSED_CART_EMPTY, is_empty, NULL, "The cart has no lines."},
    {SET | REMOVE, REFUSED_ITEM_NOT_IN_CART, line_is_missing, NULL,
     "The cart has no line with this product."},
    {SET, REFUSED_QUANTITY_LIMIT, quantity_is_out_of_range, "quantity",
     "A quantity is negative or more than a line may hold."},
    {ADD, REFUSED_CURRENCY_MISMATCH, currency_is_another, "currency",
     "One cart has one currency, that of its first item."},
};

/* ---- commands on one line or all */

static bool line_amount_is_too_large(const struct facts *facts)
{
    const struct cart_line *line = facts->line;
    int64_t others_minor = facts->cart->total_minor - cart_line_total(line), line_total;
    return __builtin_mul_overflow(line->price_minor, facts->command->quantity, &line_total) ||
           line_total > AMOUNT_MAX_MINOR - others_minor;
}

static void decide_set(const struct facts *facts, struct verdict *verdict)
{
    if (line_amount_is_too_large(facts)) {
        verdict->refusal = REFUSED_AMOUNT_LIMIT;
        verdict->field = "quantity";
        verdict->because = "The cart's total would be more than 9007199254740991 minor units.";
        return;
    }
    verdict->event_count = facts->command->quantity != facts->line->quantity ? 1 : 0;
}

static void touch_line(const struct facts *facts, struct verdict *verdict)
{
    const struct cart_line *line = facts->line;
    CHECK(line != NULL); /* a rule */
    verdict->previous_quantity = line->quantity;
    verdict->touched_count = 1;
    verdict->touched[0] = (struct touched_line){
        .product_id = facts->command->product_id,
        .quantity = line->quantity,
        .price_minor = line->price_minor,
        .old_price_minor = line->price_minor,
    };
}

/** Whether a rule ends it: with a refusal, or because there is nothing left to do. */
static bool rules_end(const struct facts *facts, struct verdict *verdict)
{
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
        const struct rule *rule = &rules[i];
        if ((rule->commands & 1 << facts->command->type) == 0 || !rule->broken(facts))
            continue;
        verdict->refusal = rule->refusal;
        verdict->because = rule->because;
        verdict->field = rule->field;
        return true;
    }
    return false;
}

/** Where a closed cart's life goes on. */
void set_instead(const struct cart *cart, struct verdict *verdict)
{
    const char *instead = cart->order_id != NULL ? cart->order_id : cart->merged_into;
    if (instead != NULL)
        snprintf(verdict->instead, sizeof(verdict->instead), "%s", instead);
}

static void set_currency(const struct facts *facts, struct verdict *verdict)
{
    struct slice currency = facts->command->currency;
    if (facts->cart->currency[0] != '\0')
        currency = slice_of(facts->cart->currency);
    else if (currency.len == 0)
        currency = slice_of(facts->limits->default_currency);
    CHECK(currency.len == 3);
    memcpy(verdict->currency, currency.data, 3);
}

void cart_decide(const struct cart *cart, const struct cart *from,
                 const struct cart_command *command, const struct cart_limits *limits,
                 struct verdict *verdict)
{
    struct facts facts = {.cart = cart, .command = command, .limits = limits, .from = from};
    verdict_free(verdict);
    *verdict = (struct verdict){.touched = verdict->touched};
    if (command->type == CART_SET_QUANTITY || command->type == CART_REMOVE_ITEM)
        facts.line = cart_find(cart, command->product_id);
    if (rules_end(&facts, verdict)) {
        set_instead(cart, verdict);
        return;
    }
    set_currency(&facts, verdict);
    switch (command->type) {
    case CART_ADD_ITEMS:
        decide_add(&facts, verdict);
        return;
    case CART_SET_QUANTITY:
        touch_line(&facts, verdict);
        decide_set(&facts, verdict);
        return;
    case CART_REMOVE_ITEM:
        touch_line(&facts, verdict);
        verdict->event_count = 1;
        return;
    case CART_CLEAR:
        verdict->line_count = (int32_t)cart->line_count;
        verdict->event_count = cart->line_count > 0 ? 1 : 0;
        return;
    case CART_CHECK_OUT:
        decide_check_out(&facts, verdict);
        return;
    case CART_OPEN_EMPTY:
        verdict->event_count = 1;
        verdict->opens = true;
        return;
    case CART_MERGE:
        decide_merge(&facts, verdict);
        return;
    }
    NOT_REACHED();
}

/* ---- events */

static void added_event(const struct cart_command *command, const struct verdict *verdict,
                        size_t index, struct cart_event *event)
{
    const struct add_item *item = &command->items[index];
    event->type = CART_EVENT_ITEM_ADDED;
    event->item_added = (struct item_added){
        .product_id = item->product_id,
        .product_name = item->product_name,
        .currency = slice_of(verdict->currency),
        .user_id = {"", 0},
        .price_minor = item->price_minor,
        .quantity = (int32_t)item->quantity,
    };
    if (verdict->opens && index == 0) {
        event->item_added.user_id = command->user_id;
        event->item_added.contact = command->contact;
    }
}

static void opened_event(const struct cart_command *command, struct cart_event *event)
{
    event->type = CART_EVENT_OPENED;
    event->opened = (struct cart_opened){
        .user_id = command->user_id,
        .guest_token_hash = command->guest_token_hash,
        .currency = command->currency,
    };
}

/** The line ends with quantity: changed when something is left, removed when not. */
static void line_event(const struct cart_command *command, const struct verdict *verdict,
                       int32_t quantity, struct cart_event *event)
{
    if (quantity > 0) {
        event->type = CART_EVENT_ITEM_QUANTITY_CHANGED;
        event->item_quantity_changed = (struct item_quantity_changed){
            .product_id = command->product_id,
            .quantity = quantity,
            .previous_quantity = verdict->previous_quantity,
        };
        return;
    }
    event->type = CART_EVENT_ITEM_REMOVED;
    event->item_removed = (struct item_removed){.product_id = command->product_id,
                                                .quantity = verdict->previous_quantity};
}

static int32_t left_after_removal(const struct cart_command *command, const struct verdict *verdict)
{
    if (command->quantity == 0 || command->quantity >= verdict->previous_quantity)
        return 0;
    return verdict->previous_quantity - (int32_t)command->quantity;
}

void cart_decided_event(const struct cart *cart, const struct cart_command *command,
                        const struct verdict *verdict, size_t index, struct cart_event *event)
{
    CHECK(verdict->refusal == REFUSED_NOT && index < verdict->event_count);
    switch (command->type) {
    case CART_ADD_ITEMS:
        added_event(command, verdict, index, event);
        return;
    case CART_SET_QUANTITY:
        line_event(command, verdict, (int32_t)command->quantity, event);
        return;
    case CART_REMOVE_ITEM:
        line_event(command, verdict, left_after_removal(command, verdict), event);
        return;
    case CART_CLEAR:
        event->type = CART_EVENT_CLEARED;
        event->cleared = (struct cart_cleared){.lines = verdict->line_count};
        return;
    case CART_CHECK_OUT:
        checked_out_event(cart, command, verdict, event);
        return;
    case CART_OPEN_EMPTY:
        opened_event(command, event);
        return;
    case CART_MERGE:
        merged_event(cart, command, verdict, index, event);
        return;
    }
    NOT_REACHED();
}

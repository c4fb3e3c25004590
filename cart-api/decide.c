/* The cart's rules: state and command in, events or a refusal out. Pure.
 * Owner: cart-api. Thread: any.
 */
#include "cart-api/decide.h"

/** What a rule may look at. */
struct facts {
    const struct cart *cart;
    const struct cart_command *command;
    const struct cart_limits *limits;
    const struct cart_line *line; /* that set or remove names; NULL: none */
};

/* ---- rules on the cart as a whole, in the order in which they are asked */

static bool cart_is_unknown(const struct facts *facts)
{
    return facts->cart->version == 0;
}

static bool owner_is_another(const struct facts *facts)
{
    return facts->cart->version > 0 && facts->command->user_id.len > 0 &&
           !slice_equal(facts->command->user_id, cart_user(facts->cart));
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

static bool is_closed(const struct facts *facts)
{
    return facts->cart->status != CART_OPEN;
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
    return facts->cart->version > 0 && facts->command->currency.len > 0 &&
           !slice_equal(facts->command->currency, slice_of(facts->cart->currency));
}

enum {
    ADD = 1 << CART_ADD_ITEMS,
    SET = 1 << CART_SET_QUANTITY,
    REMOVE = 1 << CART_REMOVE_ITEM,
    CLEAR = 1 << CART_CLEAR,
    EVERY = ADD | SET | REMOVE | CLEAR
};

static const struct rule {
    int commands;
    enum refusal refusal;
    bool (*broken)(const struct facts *facts);
    const char *field;
    const char *because; /* the reason, as callers read it */
} rules[] = {
    {SET | REMOVE | CLEAR, REFUSED_CART_NOT_FOUND, cart_is_unknown, NULL,
     "There is no such cart; adding an item opens one."},
    {EVERY, REFUSED_CART_NOT_FOUND, owner_is_another, NULL,
     "There is no such cart for this user."}, /* 403 would tell that it exists */
    {EVERY, REFUSED_VERSION_MISMATCH, version_is_another, NULL,
     "The cart has not the version that If-Match names; read it again and decide anew."},
    {EVERY, REFUSED_CHECKED_OUT, is_checked_out, NULL,
     "The cart is checked out and frozen; use another cart."},
    {EVERY, REFUSED_CLOSED, is_closed, NULL,
     "The cart was merged or has expired; use another cart."},
    {SET | REMOVE, REFUSED_ITEM_NOT_IN_CART, line_is_missing, NULL,
     "The cart has no line with this product."},
    {SET, REFUSED_QUANTITY_LIMIT, quantity_is_out_of_range, "quantity",
     "A quantity is negative or more than a line may hold."},
    {ADD, REFUSED_CURRENCY_MISMATCH, currency_is_another, "currency",
     "One cart has one currency, that of its first item."},
};

/* ---- rules on each item of an add, which sees what the items before it have done */

struct adding {
    const struct facts *facts;
    const struct add_item *item;
    struct touched_line *line;
    size_t line_count;   /* of the cart, with the item */
    int64_t total_minor; /* of the cart, without the line; never more than AMOUNT_MAX_MINOR */
};

static bool item_quantity_is_out_of_range(const struct adding *adding)
{
    return adding->item->quantity < 1 ||
           adding->item->quantity > adding->facts->limits->quantity_max;
}

static bool price_is_out_of_range(const struct adding *adding)
{
    return adding->item->price_minor < 0 || adding->item->price_minor > AMOUNT_MAX_MINOR;
}

static bool line_quantity_is_too_large(const struct adding *adding)
{
    return adding->line->quantity + adding->item->quantity > adding->facts->limits->quantity_max;
}

static bool lines_are_too_many(const struct adding *adding)
{
    return adding->line_count > (size_t)adding->facts->limits->lines_max && adding->line->added &&
           adding->line->quantity == 0;
}

static bool amount_is_too_large(const struct adding *adding)
{
    int64_t quantity = adding->line->quantity + adding->item->quantity, line_total;
    return __builtin_mul_overflow(adding->item->price_minor, quantity, &line_total) ||
           line_total > AMOUNT_MAX_MINOR - adding->total_minor;
}

static const struct item_rule {
    bool (*broken)(const struct adding *adding);
    enum refusal refusal;
    const char *field;
    const char *because;
} item_rules[] = {
    {item_quantity_is_out_of_range, REFUSED_QUANTITY_LIMIT, "quantity",
     "A quantity is less than 1 or more than a line may hold."},
    {price_is_out_of_range, REFUSED_INVALID_VALUE, "price",
     "A price is a whole number of minor units, 0 or more."},
    {line_quantity_is_too_large, REFUSED_QUANTITY_LIMIT, "quantity",
     "Together with what is in the cart, the line would hold more than a line may."},
    {lines_are_too_many, REFUSED_LINE_LIMIT, "productId",
     "The cart would have more lines than a cart may."},
    {amount_is_too_large, REFUSED_AMOUNT_LIMIT, "price",
     "The cart's total would be more than 9007199254740991 minor units."}, /* 2^53-1 */
};

/** The touched line of a product; made from the cart when the command has not touched it yet. */
static struct touched_line *touch(const struct cart *cart, const struct add_item *item,
                                  struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->touched_count; i++) {
        if (slice_equal(verdict->touched[i].product_id, item->product_id))
            return &verdict->touched[i];
    }
    const struct cart_line *line = cart_find(cart, item->product_id);
    struct touched_line *touched = &verdict->touched[verdict->touched_count++];
    *touched = (struct touched_line){
        .product_id = item->product_id,
        .quantity = line != NULL ? line->quantity : 0,
        .price_minor = line != NULL ? line->price_minor : item->price_minor,
        .old_price_minor = line != NULL ? line->price_minor : item->price_minor,
        .added = line == NULL,
    };
    return touched;
}

static bool item_is_refused(const struct adding *adding, size_t index, struct verdict *verdict)
{
    for (size_t i = 0; i < ARRAY_SIZE(item_rules); i++) {
        const struct item_rule *rule = &item_rules[i];
        if (!rule->broken(adding))
            continue;
        verdict->refusal = rule->refusal;
        verdict->because = rule->because;
        verdict->field = rule->field;
        verdict->item = index;
        return true;
    }
    return false;
}

static void decide_add(const struct facts *facts, struct verdict *verdict)
{
    const struct cart *cart = facts->cart;
    size_t line_count = cart->line_count;
    int64_t total_minor = cart->total_minor;
    for (size_t i = 0; i < facts->command->item_count; i++) {
        const struct add_item *item = &facts->command->items[i];
        struct touched_line *line = touch(cart, item, verdict);
        bool opens_line = line->added && line->quantity == 0;
        struct adding adding = {
            .facts = facts,
            .item = item,
            .line = line,
            .line_count = line_count + (opens_line ? 1 : 0),
            .total_minor = total_minor - line->price_minor * line->quantity,
        };
        if (item_is_refused(&adding, i, verdict))
            return;
        line->quantity += item->quantity;
        line->price_minor = item->price_minor;
        line_count = adding.line_count;
        total_minor = adding.total_minor + line->price_minor * line->quantity;
    }
    verdict->event_count = facts->command->item_count;
    verdict->opens = cart->version == 0;
}

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

static bool command_is_refused(const struct facts *facts, struct verdict *verdict)
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

static void set_currency(const struct facts *facts, struct verdict *verdict)
{
    struct slice currency = facts->command->currency;
    if (facts->cart->version > 0)
        currency = slice_of(facts->cart->currency);
    else if (currency.len == 0)
        currency = slice_of(facts->limits->default_currency);
    CHECK(currency.len == 3);
    memcpy(verdict->currency, currency.data, 3);
}

void cart_decide(const struct cart *cart, const struct cart_command *command,
                 const struct cart_limits *limits, struct verdict *verdict)
{
    struct facts facts = {.cart = cart, .command = command, .limits = limits};
    *verdict = (struct verdict){.touched = verdict->touched};
    if (command->type == CART_SET_QUANTITY || command->type == CART_REMOVE_ITEM)
        facts.line = cart_find(cart, command->product_id);
    if (command_is_refused(&facts, verdict))
        return;
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
        .user_id = verdict->opens && index == 0 ? command->user_id : (struct slice){"", 0},
        .price_minor = item->price_minor,
        .quantity = (int32_t)item->quantity,
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

void cart_decided_event(const struct cart_command *command, const struct verdict *verdict,
                        size_t index, struct cart_event *event)
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
    }
    NOT_REACHED();
}

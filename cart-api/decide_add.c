/* The rules on each item of an add, which sees what the items before it have done. Pure.
 * Owner: cart-api. Thread: any.
 */
#include "cart-api/decide_internal.h"

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

void decide_add(const struct facts *facts, struct verdict *verdict)
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

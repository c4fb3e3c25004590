/* The rules of a merge: what the target is afterwards, or why it cannot be. Pure.
 * Owner: cart-api. Thread: any.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "cart-api/decide_internal.h"

/* ---- rules on the cart that ends */

static bool from_is_unknown(const struct facts *facts)
{
    return facts->from->version == 0;
}

/** The caller's own cart, or a guest's whose token the caller has. */
static bool from_is_anothers(const struct facts *facts)
{
    const struct cart *from = facts->from;
    const struct cart_command *command = facts->command;
    char owner[PRINCIPAL_MAX];
    struct slice hash = {(const char *)from->guest_token_hash, sizeof(from->guest_token_hash)};
    if (command->principal.len == 0 || (from->guest && slice_equal(command->from_guest_hash, hash)))
        return false;
    return !slice_equal(command->principal, cart_owner(from, owner));
}

static bool from_is_checked_out(const struct facts *facts)
{
    return facts->from->status == CART_CHECKED_OUT;
}

static bool from_is_merged(const struct facts *facts)
{
    return facts->from->status == CART_MERGED;
}

static bool from_is_expired(const struct facts *facts)
{
    return facts->from->status == CART_EXPIRED;
}

static bool currencies_differ(const struct facts *facts)
{
    const struct cart *from = facts->from, *cart = facts->cart;
    return from->line_count > 0 && cart->currency[0] != '\0' &&
           strcmp(from->currency, cart->currency) != 0;
}

static const struct from_rule {
    bool (*broken)(const struct facts *facts);
    enum refusal refusal;
    const char *because;
} from_rules[] = {
    {from_is_unknown, REFUSED_CART_NOT_FOUND, decide_no_cart},
    {from_is_anothers, REFUSED_CART_NOT_FOUND, decide_no_cart},
    {from_is_checked_out, REFUSED_CHECKED_OUT, "The cart in `from` is checked out and frozen."},
    {from_is_merged, REFUSED_MERGED, "The cart in `from` was merged into another cart already."},
    {from_is_expired, REFUSED_EXPIRED,
     "Nobody touched the cart in `from` for too long and it was closed."},
    {currencies_differ, REFUSED_CURRENCY_MISMATCH, "The two carts have different currencies."},
};

bool merge_is_done(const struct facts *facts)
{
    const char *into = facts->from->merged_into;
    return into != NULL && slice_equal(slice_of(into), facts->command->cart_id);
}

/* ---- line by line */

/** Quantities of one product in the target and in the cart that ends. */
static int64_t add(int64_t into, int64_t from)
{
    return into + from;
}

static int64_t larger(int64_t into, int64_t from)
{
    return into > from ? into : from;
}

static int64_t replace(int64_t into, int64_t from)
{
    (void)into;
    return from;
}

static int64_t (*const quantities[])(int64_t into, int64_t from) = {
    [MERGE_ADD] = add,
    [MERGE_MAX] = larger,
    [MERGE_REPLACE] = replace,
};

static void refuse(struct verdict *verdict, enum refusal refusal, const char *because)
{
    verdict->refusal = refusal;
    verdict->because = because;
    verdict->field = "from";
}

static struct sold_line *find(struct verdict *verdict, struct slice product_id)
{
    for (size_t i = 0; i < verdict->sold_count; i++) {
        if (slice_equal(verdict->sold[i].product_id, product_id))
            return &verdict->sold[i];
    }
    return NULL;
}

/** A line of the cart that ends into the target: its name and price are the newest ones. */
static void merge_line(const struct facts *facts, const struct cart_line *from,
                       struct verdict *verdict)
{
    struct sold_line *line = find(verdict, cart_line_product(from));
    struct touched_line *touched = &verdict->merged[verdict->merged_count++];
    bool added = line == NULL;
    if (added) {
        line = &verdict->sold[verdict->sold_count++];
        *line = (struct sold_line){.product_id = cart_line_product(from),
                                   .price_minor = from->price_minor};
    }
    int64_t quantity = added ? from->quantity
                             : quantities[facts->command->strategy](line->quantity, from->quantity);
    *touched = (struct touched_line){
        .product_id = cart_line_product(from), /* the target's texts end with its old lines */
        .quantity = quantity,
        .price_minor = from->price_minor,
        .old_price_minor = line->price_minor,
        .added = added,
    };
    if (quantity > facts->limits->quantity_max)
        refuse(verdict, REFUSED_QUANTITY_LIMIT,
               "A line would hold more than a line may; another strategy may fit.");
    line->product_name = cart_line_name(from);
    line->price_minor = from->price_minor;
    line->quantity = quantity <= CART_QUANTITY_MAX ? (int32_t)quantity : CART_QUANTITY_MAX;
}

/** The totals of the merged lines; false: more than an amount may be. */
static bool add_up(struct verdict *verdict)
{
    int64_t total_minor = 0;
    for (size_t i = 0; i < verdict->sold_count; i++) {
        struct sold_line *line = &verdict->sold[i];
        if (__builtin_mul_overflow(line->price_minor, line->quantity, &line->line_total_minor) ||
            line->line_total_minor > AMOUNT_MAX_MINOR - total_minor)
            return false;
        total_minor += line->line_total_minor;
    }
    return true;
}

static void merge_lines(const struct facts *facts, struct verdict *verdict)
{
    const struct cart *from = facts->from, *cart = facts->cart;
    verdict->sold = cart_sold_lines(cart, from->line_count);
    verdict->sold_count = cart->line_count;
    verdict->merged = mem_alloc(from->line_count * sizeof(verdict->merged[0]));
    for (size_t i = 0; i < from->line_count; i++)
        merge_line(facts, &from->lines[i], verdict);
    if (verdict->sold_count > cart->line_count &&
        verdict->sold_count > (size_t)facts->limits->lines_max)
        refuse(verdict, REFUSED_LINE_LIMIT, "The cart would have more lines than a cart may.");
    else if (!add_up(verdict))
        refuse(verdict, REFUSED_AMOUNT_LIMIT,
               "The cart's total would be more than 9007199254740991 minor units.");
}

void decide_merge(const struct facts *facts, struct verdict *verdict)
{
    for (size_t i = 0; i < ARRAY_SIZE(from_rules); i++) {
        if (!from_rules[i].broken(facts))
            continue;
        refuse(verdict, from_rules[i].refusal, from_rules[i].because);
        set_instead(facts->from, verdict);
        return;
    }
    merge_lines(facts, verdict);
    if (verdict->refusal != REFUSED_NOT)
        return;
    const char *currency =
        facts->cart->currency[0] != '\0' ? facts->cart->currency : facts->from->currency;
    memcpy(verdict->currency, currency, sizeof(verdict->currency));
    verdict->opens = facts->cart->version == 0;
    verdict->event_count = 2;
}

/* ---- events: the first is the target's, the second ends the other cart */

void merged_event(const struct cart *cart, const struct cart_command *command,
                  const struct verdict *verdict, size_t index, struct cart_event *event)
{
    event->type = CART_EVENT_MERGED;
    event->merged = (struct cart_merged){
        .from_cart_id = command->from_cart_id,
        .into_cart_id = command->cart_id,
        .lines = index == 0 ? verdict->sold : NULL,
        .line_count = index == 0 ? verdict->sold_count : 0,
        .user_id = verdict->opens ? command->user_id : cart_user(cart),
        .currency = slice_of(verdict->currency),
    };
}

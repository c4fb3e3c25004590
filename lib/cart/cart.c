/* The cart: its state, and what each event does to it. Pure: no I/O, no clock, no log.
 * Owner: lib/cart. Thread: a struct cart belongs to one at a time.
 */
#include "cart/cart.h"

#include <stdlib.h>

#include "base/memory.h"

/* product_id and product_name of a line share one block, which product_id points to. */
static void line_set_texts(struct cart_line *line, struct slice product_id, struct slice name)
{
    char *block = mem_alloc(product_id.len + name.len + 2);
    memcpy(block, product_id.data, product_id.len);
    block[product_id.len] = '\0';
    memcpy(block + product_id.len + 1, name.data, name.len);
    block[product_id.len + 1 + name.len] = '\0';
    free(line->product_id);
    line->product_id = block;
    line->product_id_length = (uint16_t)product_id.len;
    line->product_name = block + product_id.len + 1;
    line->product_name_length = (uint16_t)name.len;
}

static void free_lines(struct cart *cart)
{
    for (size_t i = 0; i < cart->line_count; i++)
        free(cart->lines[i].product_id);
    cart->line_count = 0;
}

void cart_free(struct cart *cart)
{
    free_lines(cart);
    free(cart->lines);
    free(cart->user_id);
    free(cart->order_id);
    free(cart->merged_into);
    free(cart->contact_texts);
    *cart = (struct cart){0};
}

struct slice cart_line_product(const struct cart_line *line)
{
    return (struct slice){line->product_id, line->product_id_length};
}

struct slice cart_line_name(const struct cart_line *line)
{
    return (struct slice){line->product_name, line->product_name_length};
}

int64_t cart_line_total(const struct cart_line *line)
{
    return line->price_minor * line->quantity;
}

struct slice cart_user(const struct cart *cart)
{
    return cart->user_id != NULL ? slice_of(cart->user_id) : (struct slice){"", 0};
}

struct slice cart_owner(const struct cart *cart, char text[PRINCIPAL_MAX])
{
    if (cart->user_id != NULL)
        return principal_of_user(cart_user(cart), text);
    if (cart->guest)
        return principal_of_guest(cart->guest_token_hash, text);
    return (struct slice){"", 0};
}

static struct slice keep(char **at, struct slice text)
{
    struct slice kept = {*at, text.len};
    if (text.len > 0)
        memcpy(*at, text.data, text.len);
    *at += text.len;
    return kept;
}

static size_t contact_bytes(const struct contact *contact)
{
    return contact->email.len + contact->phone.len + contact->locale.len;
}

void cart_set_contact(struct cart *cart, const struct contact *contact)
{
    if (contact_bytes(contact) == 0)
        return;
    char *at = mem_alloc(contact_bytes(contact)), *texts = at;
    cart->contact.email = keep(&at, contact->email);
    cart->contact.phone = keep(&at, contact->phone);
    cart->contact.locale = keep(&at, contact->locale);
    free(cart->contact_texts);
    cart->contact_texts = texts;
}

struct cart_line *cart_find(const struct cart *cart, struct slice product_id)
{
    for (size_t i = 0; i < cart->line_count; i++) {
        if (slice_equal(cart_line_product(&cart->lines[i]), product_id))
            return &cart->lines[i];
    }
    return NULL;
}

static struct cart_line *add_line(struct cart *cart)
{
    if (cart->line_count == cart->line_capacity) {
        cart->line_capacity = cart->line_capacity > 0 ? cart->line_capacity * 2 : 2;
        cart->lines = mem_realloc(cart->lines, cart->line_capacity * sizeof(cart->lines[0]));
    }
    struct cart_line *line = &cart->lines[cart->line_count++];
    *line = (struct cart_line){0};
    return line;
}

static char *copy_text(const char *text)
{
    return text != NULL ? mem_strdup(text) : NULL;
}

void cart_copy(const struct cart *cart, struct cart *copy)
{
    *copy = *cart;
    copy->user_id = copy_text(cart->user_id);
    copy->order_id = copy_text(cart->order_id);
    copy->merged_into = copy_text(cart->merged_into);
    copy->contact_texts = NULL;
    cart_set_contact(copy, &cart->contact);
    copy->lines = NULL;
    copy->line_count = copy->line_capacity = 0;
    for (size_t i = 0; i < cart->line_count; i++) {
        struct cart_line *line = add_line(copy);
        line->quantity = cart->lines[i].quantity;
        line->price_minor = cart->lines[i].price_minor;
        line_set_texts(line, cart_line_product(&cart->lines[i]), cart_line_name(&cart->lines[i]));
    }
}

/* The cart's totals when the line (NULL: a new one) has quantity and price; false when an amount
 * gets larger than clients can hold. */
static bool totals_with(const struct cart *cart, const struct cart_line *line, int64_t quantity,
                        int64_t price_minor, int32_t *total_quantity, int64_t *total_minor)
{
    int64_t line_total, total, count = cart->total_quantity + quantity;
    if (__builtin_mul_overflow(price_minor, quantity, &line_total) ||
        __builtin_add_overflow(cart->total_minor, line_total, &total))
        return false;
    if (line != NULL) {
        total -= cart_line_total(line);
        count -= line->quantity;
    }
    if (line_total > AMOUNT_MAX_MINOR || total > AMOUNT_MAX_MINOR || count > INT32_MAX)
        return false;
    *total_quantity = (int32_t)count;
    *total_minor = total;
    return true;
}

static int refuse(const struct cart_event *event, struct error *err, const char *why)
{
    return error_set(err, ERROR_PERMANENT, "%s version %d: %s", cart_event_type_name(event->type),
                     event->version, why);
}

/* A cart has no more than one owner in its life; a guest's becomes a user's when the user is told.
 */
static void set_owner(struct cart *cart, struct slice user_id)
{
    if (cart->user_id != NULL || user_id.len == 0)
        return;
    cart->user_id = mem_strndup(user_id.data, user_id.len);
    cart->guest = false;
}

static int evolve_opened(struct cart *cart, const struct cart_event *event, struct error *err)
{
    const struct cart_opened *opened = &event->opened;
    if (cart->version > 0)
        return refuse(event, err, "the cart is there already");
    set_owner(cart, opened->user_id);
    if (opened->guest_token_hash.len > 0) {
        cart->guest = true;
        memcpy(cart->guest_token_hash, opened->guest_token_hash.data,
               sizeof(cart->guest_token_hash));
    }
    if (opened->currency.len > 0)
        memcpy(cart->currency, opened->currency.data, opened->currency.len);
    return 0;
}

static int evolve_item_added(struct cart *cart, const struct cart_event *event, struct error *err)
{
    const struct item_added *added = &event->item_added;
    struct cart_line *line = cart_find(cart, added->product_id);
    int64_t quantity = (int64_t)added->quantity + (line != NULL ? line->quantity : 0);
    if (cart->currency[0] != '\0' && !slice_equal(slice_of(cart->currency), added->currency))
        return refuse(event, err, "another currency than the cart's");
    if (line == NULL && cart->line_count == CART_LINES_MAX)
        return refuse(event, err, "too many lines");
    if (quantity > CART_QUANTITY_MAX || !totals_with(cart, line, quantity, added->price_minor,
                                                     &cart->total_quantity, &cart->total_minor))
        return refuse(event, err, "quantity or amount too large");
    set_owner(cart, added->user_id);
    if (cart->version == 0)
        cart_set_contact(cart, &added->contact);
    memcpy(cart->currency, added->currency.data, added->currency.len);
    if (line == NULL)
        line = add_line(cart);
    if (line->product_id == NULL || !slice_equal(cart_line_name(line), added->product_name))
        line_set_texts(line, added->product_id, added->product_name);
    line->quantity = (int32_t)quantity;
    line->price_minor = added->price_minor;
    return 0;
}

static int evolve_quantity_changed(struct cart *cart, const struct cart_event *event,
                                   struct error *err)
{
    const struct item_quantity_changed *changed = &event->item_quantity_changed;
    struct cart_line *line = cart_find(cart, changed->product_id);
    if (line == NULL)
        return refuse(event, err, "the product is not in the cart");
    if (!totals_with(cart, line, changed->quantity, line->price_minor, &cart->total_quantity,
                     &cart->total_minor))
        return refuse(event, err, "amount too large");
    line->quantity = changed->quantity;
    return 0;
}

static int evolve_item_removed(struct cart *cart, const struct cart_event *event, struct error *err)
{
    struct cart_line *line = cart_find(cart, event->item_removed.product_id);
    if (line == NULL)
        return refuse(event, err, "the product is not in the cart");
    cart->total_quantity -= line->quantity;
    cart->total_minor -= cart_line_total(line);
    free(line->product_id);
    size_t after = (size_t)(cart->lines + cart->line_count - line) - 1;
    memmove(line, line + 1, after * sizeof(*line));
    cart->line_count--;
    return 0;
}

static int evolve_merged_into(struct cart *cart, const struct cart_event *event, struct error *err)
{
    const struct cart_merged *merged = &event->merged;
    if (merged->currency.len > 0 && cart->currency[0] != '\0' &&
        !slice_equal(slice_of(cart->currency), merged->currency))
        return refuse(event, err, "another currency than the cart's");
    struct cart lines = {0};
    for (size_t i = 0; i < merged->line_count; i++) {
        const struct sold_line *from = &merged->lines[i];
        if (!totals_with(&lines, NULL, from->quantity, from->price_minor, &lines.total_quantity,
                         &lines.total_minor)) {
            cart_free(&lines);
            return refuse(event, err, "amount too large");
        }
        struct cart_line *line = add_line(&lines);
        line->quantity = from->quantity;
        line->price_minor = from->price_minor;
        line_set_texts(line, from->product_id, from->product_name);
    }
    free_lines(cart);
    free(cart->lines);
    cart->lines = lines.lines;
    cart->line_count = lines.line_count;
    cart->line_capacity = lines.line_capacity;
    cart->total_quantity = lines.total_quantity;
    cart->total_minor = lines.total_minor;
    set_owner(cart, merged->user_id);
    if (merged->currency.len > 0)
        memcpy(cart->currency, merged->currency.data, merged->currency.len);
    return 0;
}

static int evolve_merged(struct cart *cart, const struct cart_event *event, struct error *err)
{
    const struct cart_merged *merged = &event->merged;
    if (!slice_equal(merged->from_cart_id, event->cart_id))
        return evolve_merged_into(cart, event, err);
    cart->status = CART_MERGED;
    set_owner(cart, merged->user_id); /* so that a guest's token ends with the merge */
    cart->merged_into = mem_strndup(merged->into_cart_id.data, merged->into_cart_id.len);
    return 0;
}

static int evolve_body(struct cart *cart, const struct cart_event *event, struct error *err)
{
    switch (event->type) {
    case CART_EVENT_ITEM_ADDED:
        return evolve_item_added(cart, event, err);
    case CART_EVENT_ITEM_QUANTITY_CHANGED:
        return evolve_quantity_changed(cart, event, err);
    case CART_EVENT_ITEM_REMOVED:
        return evolve_item_removed(cart, event, err);
    case CART_EVENT_CLEARED:
        free_lines(cart);
        cart->total_quantity = 0;
        cart->total_minor = 0;
        return 0;
    case CART_EVENT_CHECKED_OUT:
        cart->status = CART_CHECKED_OUT;
        cart->order_id =
            mem_strndup(event->checked_out.order_id.data, event->checked_out.order_id.len);
        return 0;
    case CART_EVENT_MERGED:
        return evolve_merged(cart, event, err);
    case CART_EVENT_OPENED:
        return evolve_opened(cart, event, err);
    case CART_EVENT_ABANDONED:
        return 0;
    case CART_EVENT_EXPIRED:
        cart->status = CART_EXPIRED;
        return 0;
    }
    NOT_REACHED();
}

int cart_evolve(struct cart *cart, const struct cart_event *event, struct error *err)
{
    if (event->version != cart->version + 1)
        return error_set(err, ERROR_PERMANENT, "version %d does not follow %d", event->version,
                         cart->version);
    if (cart->status != CART_OPEN)
        return refuse(event, err, "the cart is closed");
    if (evolve_body(cart, event, err) != 0)
        return -1;
    if (cart->version == 0)
        cart->opened_at_us = event->occurred_at_us;
    cart->version = event->version;
    cart->updated_at_us = event->occurred_at_us;
    cart->abandoned = event->type == CART_EVENT_ABANDONED;
    if (!cart->abandoned && event->type != CART_EVENT_EXPIRED)
        cart->touched_at_us = event->occurred_at_us;
    return 0;
}

size_t cart_memory(const struct cart *cart)
{
    enum { BLOCK_OVERHEAD = 16 };
    size_t bytes = sizeof(*cart) + cart->line_capacity * sizeof(cart->lines[0]) + BLOCK_OVERHEAD;
    const char *const texts[] = {cart->user_id, cart->order_id, cart->merged_into};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        bytes += texts[i] != NULL ? strlen(texts[i]) + BLOCK_OVERHEAD : 0;
    if (cart->contact_texts != NULL)
        bytes += contact_bytes(&cart->contact) + BLOCK_OVERHEAD;
    for (size_t i = 0; i < cart->line_count; i++)
        bytes += (size_t)cart->lines[i].product_id_length + cart->lines[i].product_name_length +
                 BLOCK_OVERHEAD;
    return bytes;
}

const char *cart_status_name(enum cart_status status)
{
    static const char *const names[] = {
        [CART_OPEN] = "open",
        [CART_CHECKED_OUT] = "checked_out",
        [CART_MERGED] = "merged",
        [CART_EXPIRED] = "expired",
    };
    CHECK((size_t)status < ARRAY_SIZE(names));
    return names[status];
}

/* The cart as JSON: what GET answers, Redis keeps, and each command's answer shows. Pure.
 * Owner: lib/cart. Thread: any.
 */
#include "cart/cart_view.h"

#include "base/clock.h"
#include "base/json_writer.h"

void cart_line_render(const struct cart_line *line, bool with_name, struct buf *out)
{
    buf_char(out, '{');
    json_string_member(out, "productId", cart_line_product(line));
    if (with_name) {
        struct slice name = {line->product_name, line->product_name_length};
        json_string_member(out, "productName", name);
        json_int_member(out, "price", line->price_minor);
        json_int_member(out, "quantity", line->quantity);
    } else {
        json_int_member(out, "quantity", line->quantity);
        json_int_member(out, "price", line->price_minor);
    }
    json_int_member(out, "lineTotal", cart_line_total(line));
    buf_char(out, '}');
}

static void time_member(struct buf *out, const char *name, int64_t wall_us)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(wall_us, text);
    json_string_member(out, name, (struct slice){text, CLOCK_TEXT_SIZE - 1});
}

void cart_view_render(struct slice cart_id, const struct cart *cart, struct buf *out)
{
    buf_char(out, '{');
    json_string_member(out, "cartId", cart_id);
    json_string_member(out, "userId", cart_user(cart));
    json_int_member(out, "version", cart->version);
    json_string_member(out, "status", slice_of(cart_status_name(cart->status)));
    if (cart->order_id != NULL)
        json_string_member(out, "orderId", slice_of(cart->order_id));
    if (cart->merged_into != NULL)
        json_string_member(out, "mergedInto", slice_of(cart->merged_into));
    json_string_member(out, "currency", slice_of(cart->currency));
    json_name(out, "items");
    buf_char(out, '[');
    for (size_t i = 0; i < cart->line_count; i++) {
        json_comma(out);
        cart_line_render(&cart->lines[i], true, out);
    }
    buf_char(out, ']');
    json_int_member(out, "totalQuantity", cart->total_quantity);
    json_int_member(out, "total", cart->total_minor);
    time_member(out, "updatedAt", cart->updated_at_us);
    buf_char(out, '}');
}

int32_t cart_view_version(struct slice view)
{
    static const char name[] = "\"version\":";
    const size_t length = sizeof(name) - 1;
    /* No string before it can hold these bytes: a quote within a string has a backslash. */
    const char *at = view.len > 0 ? memmem(view.data, view.len, name, length) : NULL;
    int32_t version = 0;
    if (at == NULL)
        return 0;
    for (at += length; at < view.data + view.len && *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(version, 10, &version) ||
            __builtin_add_overflow(version, *at - '0', &version))
            return 0;
    }
    return version;
}

static void render_sold_lines(struct buf *out, const struct sold_line *lines, size_t count)
{
    json_name(out, "items");
    buf_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        json_comma(out);
        buf_char(out, '{');
        json_string_member(out, "productId", lines[i].product_id);
        json_string_member(out, "productName", lines[i].product_name);
        json_int_member(out, "price", lines[i].price_minor);
        json_int_member(out, "quantity", lines[i].quantity);
        json_int_member(out, "lineTotal", lines[i].line_total_minor);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void render_data(const struct cart_event *event, struct buf *out)
{
    switch (event->type) {
    case CART_EVENT_ITEM_ADDED:
        json_string_member(out, "productId", event->item_added.product_id);
        json_string_member(out, "productName", event->item_added.product_name);
        json_int_member(out, "price", event->item_added.price_minor);
        json_string_member(out, "currency", event->item_added.currency);
        json_int_member(out, "quantity", event->item_added.quantity);
        if (event->item_added.user_id.len > 0)
            json_string_member(out, "userId", event->item_added.user_id);
        return;
    case CART_EVENT_ITEM_QUANTITY_CHANGED:
        json_string_member(out, "productId", event->item_quantity_changed.product_id);
        json_int_member(out, "quantity", event->item_quantity_changed.quantity);
        json_int_member(out, "previousQuantity", event->item_quantity_changed.previous_quantity);
        return;
    case CART_EVENT_ITEM_REMOVED:
        json_string_member(out, "productId", event->item_removed.product_id);
        json_int_member(out, "quantity", event->item_removed.quantity);
        return;
    case CART_EVENT_CLEARED:
        json_int_member(out, "lines", event->cleared.lines);
        return;
    case CART_EVENT_CHECKED_OUT:
        json_string_member(out, "orderId", event->checked_out.order_id);
        json_string_member(out, "userId", event->checked_out.user_id);
        json_string_member(out, "currency", event->checked_out.currency);
        render_sold_lines(out, event->checked_out.lines, event->checked_out.line_count);
        json_int_member(out, "totalQuantity", event->checked_out.total_quantity);
        json_int_member(out, "total", event->checked_out.total_minor);
        return;
    case CART_EVENT_MERGED:
        json_string_member(out, "fromCartId", event->merged.from_cart_id);
        json_string_member(out, "intoCartId", event->merged.into_cart_id);
        render_sold_lines(out, event->merged.lines, event->merged.line_count);
        return;
    case CART_EVENT_OPENED:
        /* The token's hash stays inside. */
        if (event->opened.user_id.len > 0)
            json_string_member(out, "userId", event->opened.user_id);
        if (event->opened.currency.len > 0)
            json_string_member(out, "currency", event->opened.currency);
        return;
    case CART_EVENT_ABANDONED:
        time_member(out, "idleSince", event->abandoned.idle_since_us);
        json_int_member(out, "totalQuantity", event->abandoned.total_quantity);
        json_int_member(out, "total", event->abandoned.total_minor);
        return;
    case CART_EVENT_EXPIRED:
        time_member(out, "idleSince", event->expired.idle_since_us);
        return;
    }
    NOT_REACHED();
}

void cart_event_render(const struct cart_event *event, struct buf *out)
{
    json_string_member(out, "type", slice_of(cart_event_type_name(event->type)));
    time_member(out, "occurredAt", event->occurred_at_us);
    json_string_member(out, "actor", event->actor);
    json_name(out, "data");
    buf_char(out, '{');
    render_data(event, out);
    buf_char(out, '}');
}

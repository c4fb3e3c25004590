/* A command's answer as JSON. Pure.
 * Owner: cart-api. Thread: any.
 */
#include "cart-api/answer.h"

#include <stdio.h>

#include "base/json_writer.h"
#include "cart/cart_view.h"

static void render_lines(const struct cart *cart, const struct verdict *verdict, struct buf *out)
{
    json_name(out, "items");
    buf_char(out, '[');
    for (size_t i = 0; i < verdict->touched_count; i++) {
        const struct cart_line *line = cart_find(cart, verdict->touched[i].product_id);
        if (line == NULL)
            continue; /* removed */
        json_comma(out);
        cart_line_render(line, false, out);
    }
    buf_char(out, ']');
}

/** `/items/<productId>`, with ~ escaped as in RFC 6901. */
static void render_target(struct slice product_id, struct buf *out)
{
    json_name(out, "target");
    buf_text(out, "\"/items/"); /* a product id holds nothing that JSON escapes */
    for (size_t i = 0; i < product_id.len; i++) {
        buf_char(out, product_id.data[i]);
        if (product_id.data[i] == '~')
            buf_char(out, '0');
    }
    buf_char(out, '"');
}

static void render_price_change(const struct touched_line *line, struct buf *out)
{
    json_comma(out);
    buf_char(out, '{');
    json_string_member(out, "code", slice_of("price_changed"));
    json_name(out, "message");
    buf_printf(out, "\"The unit price is now %ld instead of %ld, for the whole line.\"",
               line->price_minor, line->old_price_minor);
    render_target(line->product_id, out);
    buf_char(out, '}');
}

static void render_warnings(const struct touched_line *lines, size_t count, struct buf *out)
{
    json_name(out, "warnings");
    buf_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        const struct touched_line *line = &lines[i];
        if (line->price_minor != line->old_price_minor)
            render_price_change(line, out);
    }
    buf_char(out, ']');
}

void answer_render(const struct cart *cart, const struct cart_command *command,
                   const struct verdict *verdict, struct buf *out, size_t *ret_position)
{
    buf_char(out, '{');
    json_string_member(out, "cartId", command->cart_id);
    json_int_member(out, "version", cart->version);
    json_name(out, "position");
    *ret_position = out->len;
    render_lines(cart, verdict, out);
    json_int_member(out, "totalQuantity", cart->total_quantity);
    json_int_member(out, "total", cart->total_minor);
    json_string_member(out, "currency", slice_of(cart->currency));
    render_warnings(verdict->touched, verdict->touched_count, out);
    buf_char(out, '}');
}

/** The whole cart: status, all lines with their names, totals. */
static void render_all(const struct cart *cart, struct buf *out)
{
    json_string_member(out, "status", slice_of(cart_status_name(cart->status)));
    json_name(out, "items");
    buf_char(out, '[');
    for (size_t i = 0; i < cart->line_count; i++) {
        json_comma(out);
        cart_line_render(&cart->lines[i], true, out);
    }
    buf_char(out, ']');
    json_int_member(out, "totalQuantity", cart->total_quantity);
    json_int_member(out, "total", cart->total_minor);
    json_string_member(out, "currency", slice_of(cart->currency));
}

static const char order_start[] = "{\"orderId\":\"";

void answer_render_order(struct slice cart_id, const struct cart *cart, struct buf *out,
                         size_t *ret_position)
{
    buf_char(out, '{');
    json_string_member(out, "orderId", slice_of(cart->order_id));
    json_string_member(out, "cartId", cart_id);
    json_int_member(out, "version", cart->version);
    json_name(out, "position");
    *ret_position = out->len;
    render_all(cart, out);
    render_warnings(NULL, 0, out);
    buf_char(out, '}');
}

void answer_render_merged(const struct cart *cart, const struct cart_command *command,
                          const struct verdict *verdict, struct buf *out, size_t *ret_position)
{
    buf_char(out, '{');
    json_string_member(out, "cartId", command->cart_id);
    json_string_member(out, "mergedFrom", command->from_cart_id);
    json_int_member(out, "version", cart->version);
    json_name(out, "position");
    *ret_position = out->len;
    render_all(cart, out);
    render_warnings(verdict->merged, verdict->merged_count, out);
    buf_char(out, '}');
}

void answer_render_opened(const struct cart *cart, const struct cart_command *command,
                          struct buf *out, size_t *ret_position)
{
    buf_char(out, '{');
    json_string_member(out, "cartId", command->cart_id);
    json_int_member(out, "version", cart->version);
    json_name(out, "position");
    *ret_position = out->len;
    if (command->guest_token.len > 0)
        json_string_member(out, "guestToken", command->guest_token);
    else
        json_string_member(out, "userId", command->user_id);
    buf_char(out, '}');
}

struct slice answer_order_id(struct slice body)
{
    size_t start = sizeof(order_start) - 1;
    CHECK(body.len > start && memcmp(body.data, order_start, start) == 0);
    const char *end = memchr(body.data + start, '"', body.len - start);
    CHECK(end != NULL);
    return (struct slice){body.data + start, (size_t)(end - body.data) - start};
}

void answer_place_position(struct buf *body, size_t offset, int64_t position)
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%ld", position);
    CHECK(offset <= body->len);
    buf_reserve(body, (size_t)length);
    memmove(body->data + offset + length, body->data + offset, body->len - offset);
    memcpy(body->data + offset, digits, (size_t)length);
    body->len += (size_t)length;
}

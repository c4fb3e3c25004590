/* What a checkout freezes: the lines, the prices, the totals, and where notices go. Pure.
 * Owner: cart-api. Thread: any.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "cart-api/decide_internal.h"

struct sold_line *cart_sold_lines(const struct cart *cart, size_t more)
{
    struct sold_line *lines = mem_alloc((cart->line_count + more) * sizeof(*lines));
    for (size_t i = 0; i < cart->line_count; i++) {
        const struct cart_line *line = &cart->lines[i];
        lines[i] = (struct sold_line){
            .product_id = cart_line_product(line),
            .product_name = cart_line_name(line),
            .price_minor = line->price_minor,
            .line_total_minor = cart_line_total(line),
            .quantity = line->quantity,
        };
    }
    return lines;
}

void verdict_free(struct verdict *verdict)
{
    free(verdict->sold);
    free(verdict->merged);
    verdict->sold = NULL;
    verdict->merged = NULL;
    verdict->sold_count = verdict->merged_count = 0;
}

void decide_check_out(const struct facts *facts, struct verdict *verdict)
{
    verdict->sold = cart_sold_lines(facts->cart, 0);
    verdict->sold_count = facts->cart->line_count;
    verdict->event_count = 1;
}

static struct slice given_or(struct slice given, struct slice known)
{
    return given.len > 0 ? given : known;
}

void checked_out_event(const struct cart *cart, const struct cart_command *command,
                       const struct verdict *verdict, struct cart_event *event)
{
    event->type = CART_EVENT_CHECKED_OUT;
    event->checked_out = (struct cart_checked_out){
        .order_id = command->order_id,
        .user_id = cart_user(cart),
        .currency = slice_of(cart->currency),
        .lines = verdict->sold,
        .line_count = verdict->sold_count,
        .total_quantity = cart->total_quantity,
        .total_minor = cart->total_minor,
        .contact = {given_or(command->contact.email, cart->contact.email),
                    given_or(command->contact.phone, cart->contact.phone),
                    given_or(command->contact.locale, cart->contact.locale)},
        .payment_token = command->payment_token,
        .opened_at_us = cart->opened_at_us,
    };
}

/* A payment and its invoice as callers see them. Pure.
 * Owner: billing. Thread: any.
 */
#ifndef CARTWRIGHT_BILLING_RENDER_H
#define CARTWRIGHT_BILLING_RENDER_H

#include "billing/payment.h"
#include "proto/cart_event.h"

/** The payment as a JSON object. */
void render_payment(const struct payment *payment, struct buf *out);

struct invoice {
    const struct payment *payment;
    const struct cart_checked_out *sold;
    const char *seller;
};

void render_invoice_json(const struct invoice *invoice, struct buf *out);
/** A page that can be printed; every text is escaped. */
void render_invoice_html(const struct invoice *invoice, struct buf *out);

/** Minor units as a decimal number of the currency's major unit, `250.00`, and the code. */
void render_money(int64_t amount_minor, struct slice currency, struct buf *out);

#endif

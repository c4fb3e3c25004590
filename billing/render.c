/* A payment and its invoice as callers see them.
 * Owner: billing. Thread: any; pure.
 */
#include "billing/render.h"

#include "base/clock.h"
#include "base/html.h"
#include "base/json_writer.h"

static void time_member(struct buf *out, const char *name, int64_t wall_us)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(wall_us, text);
    json_string_member(out, name, slice_of(text));
}

static void render_failure(const struct payment *payment, struct buf *out)
{
    if (payment->failure_code.len == 0)
        return;
    json_name(out, "failure");
    buf_char(out, '{');
    json_string_member(out, "code", payment->failure_code);
    json_string_member(out, "detail", payment->failure_detail);
    buf_char(out, '}');
}

void render_payment(const struct payment *payment, struct buf *out)
{
    buf_char(out, '{');
    json_string_member(out, "paymentId", payment->payment_id);
    json_string_member(out, "cartId", payment->cart_id);
    json_string_member(out, "orderId", payment->order_id);
    json_string_member(out, "userId", payment->user_id);
    json_string_member(out, "status", slice_of(charge_status(payment->state)));
    json_string_member(out, "state", slice_of(charge_state_name(payment->state)));
    json_int_member(out, "amount", payment->amount_minor);
    json_string_member(out, "currency", payment->currency);
    json_string_member(out, "verdict", payment->verdict);
    json_string_member(out, "provider", payment->provider);
    json_string_member(out, "providerReference", payment->reference);
    render_failure(payment, out);
    json_int_member(out, "version", payment->version);
    time_member(out, "requestedAt", payment->requested_at_us);
    time_member(out, "updatedAt", payment->updated_at_us);
    buf_char(out, '}');
}

/* ---- money. Source: ISO 4217, minor units; two unless named here. */

static int decimals_of(struct slice currency)
{
    static const struct {
        const char *code;
        int decimals;
    } rows[] = {
        {"BIF", 0}, {"CLP", 0}, {"DJF", 0}, {"GNF", 0}, {"ISK", 0}, {"JPY", 0}, {"KMF", 0},
        {"KRW", 0}, {"PYG", 0}, {"RWF", 0}, {"UGX", 0}, {"UYI", 0}, {"VND", 0}, {"VUV", 0},
        {"XAF", 0}, {"XOF", 0}, {"XPF", 0}, {"BHD", 3}, {"IQD", 3}, {"JOD", 3}, {"KWD", 3},
        {"LYD", 3}, {"OMR", 3}, {"TND", 3}, {"CLF", 4}, {"UYW", 4},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (slice_equal(currency, slice_of(rows[i].code)))
            return rows[i].decimals;
    }
    return 2;
}

void render_money(int64_t amount_minor, struct slice currency, struct buf *out)
{
    int decimals = decimals_of(currency);
    int64_t unit = 1;
    for (int i = 0; i < decimals; i++)
        unit *= 10;
    uint64_t amount = amount_minor < 0 ? 0 - (uint64_t)amount_minor : (uint64_t)amount_minor;
    if (amount_minor < 0)
        buf_char(out, '-');
    buf_printf(out, "%lu", amount / (uint64_t)unit);
    if (decimals > 0)
        buf_printf(out, ".%0*lu", decimals, amount % (uint64_t)unit);
    buf_printf(out, " %.*s", (int)currency.len, currency.data);
}

/* ---- invoice */

void render_invoice_json(const struct invoice *invoice, struct buf *out)
{
    const struct payment *payment = invoice->payment;
    buf_text(out, "{\"invoiceId\":\"inv_");
    buf_append(out, payment->order_id.data, payment->order_id.len);
    buf_char(out, '"');
    json_string_member(out, "seller", slice_of(invoice->seller));
    json_string_member(out, "orderId", payment->order_id);
    json_string_member(out, "paymentId", payment->payment_id);
    json_string_member(out, "cartId", payment->cart_id);
    json_string_member(out, "status", slice_of(charge_status(payment->state)));
    time_member(out, "orderedAt", payment->requested_at_us);
    json_name(out, "items");
    buf_char(out, '[');
    for (size_t i = 0; i < invoice->sold->line_count; i++) {
        const struct sold_line *line = &invoice->sold->lines[i];
        json_comma(out);
        buf_char(out, '{');
        json_string_member(out, "productId", line->product_id);
        json_string_member(out, "productName", line->product_name);
        json_int_member(out, "price", line->price_minor);
        json_int_member(out, "quantity", line->quantity);
        json_int_member(out, "lineTotal", line->line_total_minor);
        buf_char(out, '}');
    }
    buf_char(out, ']');
    json_int_member(out, "totalQuantity", invoice->sold->total_quantity);
    json_int_member(out, "total", invoice->sold->total_minor);
    json_string_member(out, "currency", payment->currency);
    buf_char(out, '}');
}

static void html_line(const struct sold_line *line, struct slice currency, struct buf *out)
{
    buf_text(out, "<tr><td>");
    html_text(out, line->product_name);
    buf_text(out, "</td><td>");
    buf_int(out, line->quantity);
    buf_text(out, "</td><td>");
    render_money(line->price_minor, currency, out);
    buf_text(out, "</td><td>");
    render_money(line->line_total_minor, currency, out);
    buf_text(out, "</td></tr>\n");
}

void render_invoice_html(const struct invoice *invoice, struct buf *out)
{
    const struct payment *payment = invoice->payment;
    char day[CLOCK_TEXT_SIZE];
    clock_format(payment->requested_at_us, day);
    day[10] = '\0'; /* the date of the order, in UTC */
    buf_text(out,
             "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Invoice ");
    html_text(out, payment->order_id);
    buf_text(out, "</title>\n<style>body{font:11pt sans-serif;margin:2cm;max-width:18cm}"
                  "table{width:100%;border-collapse:collapse}td,th{padding:4px;text-align:right;"
                  "border-bottom:1px solid #ccc}td:first-child,th:first-child{text-align:left}"
                  "@media print{body{margin:0}}</style></head><body>\n<h1>Invoice</h1>\n<p>");
    html_text(out, slice_of(invoice->seller));
    buf_text(out, "</p>\n<p>Order ");
    html_text(out, payment->order_id);
    buf_printf(out, "<br>Date %s<br>Payment ", day);
    html_text(out, payment->payment_id);
    buf_printf(out, ", %s</p>\n", charge_status(payment->state));
    buf_text(out, "<table><thead><tr><th>Item</th><th>Quantity</th><th>Price</th><th>Total</th>"
                  "</tr></thead><tbody>\n");
    for (size_t i = 0; i < invoice->sold->line_count; i++)
        html_line(&invoice->sold->lines[i], payment->currency, out);
    buf_text(out, "</tbody><tfoot><tr><th>Total</th><th>");
    buf_int(out, invoice->sold->total_quantity);
    buf_text(out, "</th><th></th><th>");
    render_money(invoice->sold->total_minor, payment->currency, out);
    buf_text(out, "</th></tr></tfoot></table>\n</body></html>\n");
}

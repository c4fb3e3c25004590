/* Invoices: money as people read it, and texts that cannot become markup. */
#include "billing/render.h"

#include "tests/unit/test.h"

static void reads_as(int64_t amount_minor, const char *currency, const char *wanted)
{
    struct buf out = {0};
    render_money(amount_minor, slice_of(currency), &out);
    assert_string_equal(buf_cstr(&out), wanted);
    buf_free(&out);
}

static void money_has_its_currencys_decimals(void **state)
{
    (void)state;
    reads_as(25000, "EUR", "250.00 EUR");
    reads_as(5, "USD", "0.05 USD");
    reads_as(500, "JPY", "500 JPY");
    reads_as(1234, "KWD", "1.234 KWD");
    reads_as(0, "EUR", "0.00 EUR");
    reads_as(-150, "EUR", "-1.50 EUR");
    reads_as(9007199254740991, "EUR", "90071992547409.91 EUR");
}

static void markup_in_texts_stays_text(void **state)
{
    const struct sold_line line = {
        .product_id = slice_of("p1"),
        .product_name = slice_of("<script>alert(\"x\")</script> & 'co'"),
        .price_minor = 100,
        .quantity = 2,
        .line_total_minor = 200,
    };
    const struct cart_checked_out sold = {
        .lines = &line, .line_count = 1, .total_quantity = 2, .total_minor = 200};
    const struct payment payment = {
        .payment_id = slice_of("pay_ord_1"),
        .order_id = slice_of("ord_1"),
        .cart_id = slice_of("c1"),
        .currency = slice_of("EUR"),
        .state = CHARGE_CAPTURED,
        .requested_at_us = 1800000000000000,
    };
    struct buf out = {0};
    (void)state;
    struct invoice invoice = {&payment, &sold, "A & B <Ltd>"};
    render_invoice_html(&invoice, &out);
    const char *page = buf_cstr(&out);
    assert_null(strstr(page, "<script>"));
    assert_non_null(strstr(page, "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; "
                                 "&#39;co&#39;"));
    assert_non_null(strstr(page, "A &amp; B &lt;Ltd&gt;"));
    assert_non_null(strstr(page, "2.00 EUR"));
    assert_non_null(strstr(page, "2027-01-15"));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(money_has_its_currencys_decimals),
        cmocka_unit_test(markup_in_texts_stays_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Stripe: PaymentIntents, confirmed when they are made. Every call that moves money carries an
 * idempotency key that depends on the payment only. Source: https://docs.stripe.com/api.
 * Owner: billing. Thread: a runner's.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "billing/stripe_answer.h"
#include "io/http_client.h"

enum { ANSWER_BYTES_MAX = 256 * 1024, CONNECT_TIMEOUT_MS = 3000 };

struct exchange {
    struct buf url, body, key;
    struct http_client_answer answer;
};

static void exchange_free(struct exchange *exchange)
{
    buf_free(&exchange->url);
    buf_free(&exchange->body);
    buf_free(&exchange->key);
    http_client_answer_free(&exchange->answer);
}

static void add(struct buf *form, const char *name, struct slice value)
{
    if (form->len > 0)
        buf_char(form, '&');
    http_client_escape(form, slice_of(name));
    buf_char(form, '=');
    http_client_escape(form, value);
}

/* 0: there is an answer with a status; -1: the word is said. */
static int run(const struct billing_settings *settings, const char *method,
               struct exchange *exchange, struct provider_answer *answer)
{
    struct error err;
    struct http_client_call call = {
        .method = method,
        .url = buf_cstr(&exchange->url),
        .headers = {"Content-Type: application/x-www-form-urlencoded",
                    exchange->key.len > 0 ? buf_cstr(&exchange->key) : NULL},
        .username = settings->stripe_api_key,
        .password = "",
        .body = buf_slice(&exchange->body),
        .ca_file = settings->stripe_ca_file[0] != '\0' ? settings->stripe_ca_file : NULL,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .timeout_ms = (int)settings->charge_timeout_ms,
        .answer_bytes_max = ANSWER_BYTES_MAX,
    };
    if (http_client_run(&call, &err, &exchange->answer) == 0)
        return 0;
    provider_say(answer, err.kind == ERROR_UNKNOWN ? CHARGE_NO_ANSWER : CHARGE_NOT_SENT,
                 err.kind == ERROR_UNKNOWN ? "no_answer" : "unreachable", err.message);
    answer->trouble = true;
    return -1;
}

static struct slice lower(struct slice currency, char text[8])
{
    size_t length = currency.len < 7 ? currency.len : 7;
    for (size_t i = 0; i < length; i++)
        text[i] = (char)tolower((unsigned char)currency.data[i]);
    return (struct slice){text, length};
}

static void charge(const struct billing_settings *settings, struct pg *pg,
                   const struct provider_order *order, struct provider_answer *answer)
{
    struct exchange exchange = {0};
    struct buf amount = {0};
    char currency[8];
    (void)pg;
    buf_printf(&exchange.url, "%s/v1/payment_intents", settings->stripe_base_url);
    buf_printf(&exchange.key, "Idempotency-Key: %.*s", (int)order->payment_id.len,
               order->payment_id.data);
    buf_int(&amount, order->amount_minor);
    add(&exchange.body, "amount", buf_slice(&amount));
    add(&exchange.body, "currency", lower(order->currency, currency));
    add(&exchange.body, "confirm", slice_of("true"));
    add(&exchange.body, "automatic_payment_methods[enabled]", slice_of("true"));
    add(&exchange.body, "automatic_payment_methods[allow_redirects]", slice_of("never"));
    add(&exchange.body, "payment_method", order->token); /* pm_…, which Stripe.js made of a card */
    add(&exchange.body, "metadata[payment_id]", order->payment_id);
    add(&exchange.body, "metadata[order_id]", order->order_id);
    add(&exchange.body, "metadata[cart_id]", order->cart_id);
    if (run(settings, "POST", &exchange, answer) == 0)
        stripe_read_intent(exchange.answer.status, buf_slice(&exchange.answer.body), answer);
    buf_free(&amount);
    exchange_free(&exchange);
}

/* By the intent's id once it was told, else by the payment's id in its metadata. */
static void ask(const struct billing_settings *settings, struct pg *pg,
                const struct provider_order *order, struct provider_answer *answer)
{
    struct exchange exchange = {0};
    bool known = order->reference.len > 0;
    (void)pg;
    if (known) {
        buf_printf(&exchange.url, "%s/v1/payment_intents/", settings->stripe_base_url);
        http_client_escape(&exchange.url, order->reference);
    } else {
        struct buf query = {0};
        buf_printf(&query, "metadata['payment_id']:'%.*s'", (int)order->payment_id.len,
                   order->payment_id.data);
        buf_printf(&exchange.url,
                   "%s/v1/payment_intents/search?limit=1&query=", settings->stripe_base_url);
        http_client_escape(&exchange.url, buf_slice(&query));
        buf_free(&query);
    }
    if (run(settings, "GET", &exchange, answer) == 0) {
        struct slice body = buf_slice(&exchange.answer.body);
        if (known)
            stripe_read_intent(exchange.answer.status, body, answer);
        else
            stripe_read_search(exchange.answer.status, body, answer);
    }
    exchange_free(&exchange);
}

static void refund(const struct billing_settings *settings, struct pg *pg,
                   const struct provider_order *order, struct provider_answer *answer)
{
    struct exchange exchange = {0};
    (void)pg;
    buf_printf(&exchange.url, "%s/v1/refunds", settings->stripe_base_url);
    buf_printf(&exchange.key, "Idempotency-Key: %.*s-refund", (int)order->payment_id.len,
               order->payment_id.data);
    add(&exchange.body, "payment_intent", order->reference);
    add(&exchange.body, "metadata[payment_id]", order->payment_id);
    if (run(settings, "POST", &exchange, answer) == 0)
        stripe_read_refund(exchange.answer.status, buf_slice(&exchange.answer.body), answer);
    exchange_free(&exchange);
}

static int check(const struct billing_settings *settings, struct error *err)
{
    static const char *const plain[] = {"http://127.0.0.1:", "http://localhost:", "http://[::1]:"};
    const char *url = settings->stripe_base_url;
    bool good = strncmp(url, "https://", 8) == 0;
    for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
        good = good || strncmp(url, plain[i], strlen(plain[i])) == 0;
    if (!good)
        return error_set(err, ERROR_PERMANENT,
                         "stripe_base_url must begin with https:// (http:// on loopback only)");
    if (settings->stripe_api_key[0] == '\0')
        return error_set(err, ERROR_PERMANENT,
                         "stripe_api_key is empty; set the secret key of the account");
    return 0;
}

const struct provider provider_stripe = {
    .name = "stripe",
    .charge = charge,
    .ask = ask,
    .refund = refund,
    .check = check,
};

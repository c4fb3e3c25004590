/* Billing's calls: the payment, its invoice, its refund.
 * Owner: billing. Thread: the request's worker, but for the work_ functions, which are a pool
 * thread's.
 */
#include "billing/routes.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/luhn.h"
#include "base/memory.h"
#include "billing/billing.h"
#include "billing/problems.h"
#include "billing/refund.h"
#include "billing/render.h"
#include "eventstore/read.h"
#include "http/auth.h"
#include "http/json_body.h"
#include "proto/cart_codec.h"
#include "service/call.h"

enum {
    TIMEOUT_MS = 5000,
    ID_MAX = PAYMENT_ID_MAX,
    KEY_MAX = 255,
    REASON_MAX = PAYMENT_DETAIL_MAX,
};

extern const char billing_openapi_json[];

static void route_openapi(struct http_request *request, void *context)
{
    (void)context;
    http_answer(request, 200, "application/json", slice_of(billing_openapi_json));
}

const struct http_route billing_routes[BILLING_ROUTE_COUNT] = {
    {"GET", "/api/payments/{id}", "payment", route_payment, HTTP_PRIVATE},
    {"GET", "/api/payments/{id}/invoice", "invoice", route_invoice, HTTP_PRIVATE},
    {"POST", "/api/payments/{id}/refund", "refund", route_refund, HTTP_ADMIN},
    {"POST", "/webhooks/stripe", "stripe_webhook", route_stripe_webhook, HTTP_PUBLIC},
    {"GET", "/openapi.json", "openapi", route_openapi, HTTP_PUBLIC},
};

/* A call about a payment. */
struct asking {
    struct service_call call;
    struct billing *billing;
    size_t id_length, subject_length;
    char id[ID_MAX], subject[USER_ID_MAX];
    bool sees_all; /* support, or the local operator */
    bool html;
};

static void refuse_field(struct http_request *request, const struct problem *problem,
                         const char *pointer, const char *why)
{
    struct problem_detail detail = {pointer, problem->code, why};
    problem_answer(request, problem, why, &detail, 1);
}

/* NULL: answered. */
static struct asking *asking_new(struct http_request *request, void *context,
                                 int (*work)(struct service_call *, struct pg *, struct error *))
{
    const struct auth_identity *who = auth_of(request);
    struct slice id = http_param(request, "id");
    if (id.len > ID_MAX || who->subject.len > USER_ID_MAX) {
        problem_answer(request, &problem_payment_not_found, NULL, NULL, 0);
        return NULL;
    }
    struct asking *asking = service_call_new(sizeof(*asking), request, work);
    asking->billing = billing_of(context);
    asking->sees_all = auth_may(who, AUTH_SUPPORT) || auth_may(who, AUTH_ADMIN);
    asking->id_length = id.len;
    memcpy(asking->id, id.data, id.len);
    if (who->kind == AUTH_USER) {
        asking->subject_length = who->subject.len;
        memcpy(asking->subject, who->subject.data, who->subject.len);
    }
    return asking;
}

/* Another's payment is one that does not exist. */
static bool may_see(const struct asking *asking, const struct payment *payment)
{
    return asking->sees_all ||
           (asking->subject_length > 0 &&
            slice_equal(payment->user_id, (struct slice){asking->subject, asking->subject_length}));
}

/* 1: found and may be seen; 0: refused; -1. */
static int find(struct asking *asking, struct pg *pg, struct error *err, struct pg_result **ret_row,
                struct payment *ret_payment)
{
    struct slice id = {asking->id, asking->id_length};
    int found = payment_read(pg, PAYMENT_BY_ANY, id, TIMEOUT_MS, err, ret_row, ret_payment);
    if (found < 0)
        return -1;
    if (found == 1 && may_see(asking, ret_payment))
        return 1;
    if (found == 1)
        pg_result_free(*ret_row);
    return service_call_refuse(&asking->call, &problem_payment_not_found,
                               "There is no payment with this id, and none of a cart with it.");
}

/* ---- GET /api/payments/{id} */

static int work_payment(struct service_call *call, struct pg *pg, struct error *err)
{
    struct asking *asking = CONTAINER_OF(call, struct asking, call);
    struct pg_result *row;
    struct payment payment;
    int found = find(asking, pg, err, &row, &payment);
    if (found <= 0)
        return found;
    render_payment(&payment, &call->body);
    pg_result_free(row);
    return 0;
}

void route_payment(struct http_request *request, void *context)
{
    struct asking *asking = asking_new(request, context, work_payment);
    if (asking != NULL)
        service_call_submit(&asking->call, asking->billing->runtime);
}

/* ---- GET /api/payments/{id}/invoice */

struct invoicing {
    struct asking *asking;
    const struct payment *payment;
    struct cart_decoded decoded;
    struct error *err;
};

static int take_sold(void *argument, const struct event_record *record)
{
    struct invoicing *invoicing = argument;
    struct service_call *call = &invoicing->asking->call;
    if (cart_event_decode(record->payload, &invoicing->decoded, invoicing->err) != 0)
        return 1;
    struct invoice invoice = {invoicing->payment, &invoicing->decoded.event.checked_out,
                              invoicing->asking->billing->settings->invoice_seller};
    if (invoicing->asking->html)
        render_invoice_html(&invoice, &call->body);
    else
        render_invoice_json(&invoice, &call->body);
    return 0;
}

/* What was sold is read where it was written down: in CartCheckedOut. */
static int render_sold(struct asking *asking, struct pg *pg, const struct payment *payment,
                       struct error *err)
{
    struct invoicing invoicing = {.asking = asking, .payment = payment, .err = err};
    struct stream_range range = {
        .stream_id = payment->cart_id,
        .after_version = payment->cart_version - 1,
        .upto_version = payment->cart_version,
        .limit = 1,
    };
    asking->call.content_type = asking->html ? "text/html; charset=utf-8" : "application/json";
    int rc = read_stream(pg, &category_cart, &range, take_sold, &invoicing, TIMEOUT_MS, err);
    cart_decoded_free(&invoicing.decoded);
    if (rc > 0 || (rc == 0 && asking->call.body.len == 0))
        return service_call_refuse(&asking->call, &problem_internal,
                                   "The checkout of this payment cannot be read.");
    return rc;
}

static int work_invoice(struct service_call *call, struct pg *pg, struct error *err)
{
    struct asking *asking = CONTAINER_OF(call, struct asking, call);
    struct pg_result *row;
    struct payment payment;
    int found = find(asking, pg, err, &row, &payment);
    if (found <= 0)
        return found;
    int rc;
    if (payment.state == CHARGE_CAPTURED || payment.state == CHARGE_REFUNDING ||
        payment.state == CHARGE_REFUNDED)
        rc = render_sold(asking, pg, &payment, err);
    else
        rc = service_call_refuse(call, &problem_payment_not_captured,
                                 "There is an invoice once the payment is captured.");
    pg_result_free(row);
    return rc;
}

void route_invoice(struct http_request *request, void *context)
{
    static const char *const names[] = {"format", NULL};
    struct slice bad, format = slice_of(""), accept;
    bool asked = http_query_valid(request, names, &bad) && http_query(request, "format", &format);
    if (!http_query_valid(request, names, &bad) ||
        (asked && !slice_equal(format, slice_of("html")) &&
         !slice_equal(format, slice_of("json")))) {
        refuse_field(request, &problem_invalid_parameter, "?format",
                     "The only parameter is format, html or json.");
        return;
    }
    struct asking *asking = asking_new(request, context, work_invoice);
    if (asking == NULL)
        return;
    asking->html = slice_equal(format, slice_of("html"));
    if (!asked && http_header(request, "accept", &accept))
        asking->html = memmem(accept.data, accept.len, "text/html", 9) != NULL;
    service_call_submit(&asking->call, asking->billing->runtime);
}

/* ---- POST /api/payments/{id}/refund */

struct refunding {
    struct asking asking;
    size_t key_length, reason_length;
    char key[KEY_MAX], reason[REASON_MAX];
    uint8_t fingerprint[DIGEST_SHA256_SIZE];
};

static int work_refund(struct service_call *call, struct pg *pg, struct error *err)
{
    struct asking *asking = CONTAINER_OF(call, struct asking, call);
    struct refunding *refunding = CONTAINER_OF(asking, struct refunding, asking);
    enum refund_outcome outcome;
    struct refund_wish wish = {
        .id = {asking->id, asking->id_length},
        .asked_by = asking->subject_length > 0
                        ? (struct slice){asking->subject, asking->subject_length}
                        : slice_of("operator"),
        .key = {refunding->key, refunding->key_length},
        .reason = {refunding->reason, refunding->reason_length},
    };
    memcpy(wish.fingerprint, refunding->fingerprint, sizeof(wish.fingerprint));
    if (refund_ask(asking->billing, pg, &wish, &call->body, &outcome, err) != 0)
        return -1;
    switch (outcome) {
    case REFUND_REPLAYED:
        call->replayed = true;
        /* fall through */
    case REFUND_ASKED:
        call->status = 202;
        return 0;
    case REFUND_KEY_REUSED:
        return service_call_refuse(call, &problem_idempotency_key_reused,
                                   "The key was used with another reason.");
    case REFUND_EXISTS:
        return service_call_refuse(call, &problem_refund_exists,
                                   "A refund was asked for under another key.");
    case REFUND_NOT_CAPTURED:
        return service_call_refuse(call, &problem_payment_not_captured,
                                   "Only what is captured can be given back.");
    case REFUND_NO_PAYMENT:
        return service_call_refuse(call, &problem_payment_not_found,
                                   "There is no payment with this id, and none of a cart with it.");
    }
    NOT_REACHED();
}

static bool key_is_good(struct slice key)
{
    for (size_t i = 0; i < key.len; i++) {
        if (key.data[i] < 0x20 || key.data[i] > 0x7e)
            return false;
    }
    return key.len >= 1 && key.len <= KEY_MAX;
}

/* The optional {"reason"}; false: answered. The slice lives as long as *ret_json. */
static bool take_reason(struct http_request *request, struct json **ret_json,
                        struct slice *ret_reason)
{
    static const char *const names[] = {"reason", NULL};
    struct slice body = http_body(request);
    struct json_problem problem;
    if (body.len == 0)
        return true;
    if (!http_content_is_json(request)) {
        problem_answer(request, &problem_unsupported_media_type, NULL, NULL, 0);
        return false;
    }
    if (json_parse(body, &problem, ret_json) != 0) {
        refuse_field(request, &problem_invalid_json, problem.pointer, problem.message);
        return false;
    }
    struct json_at root = json_root(*ret_json);
    if (json_only(&root, names, &problem) != 0 ||
        (json_has(&root, "reason") &&
         json_text(&root, "reason", 0, REASON_MAX, &problem, ret_reason) != 0)) {
        refuse_field(request, &problem_invalid_field, problem.pointer, problem.message);
        return false;
    }
    if (luhn_holds_card_number(*ret_reason)) {
        refuse_field(request, &problem_card_number_refused, "/reason",
                     "A text that looks like a card number is not taken.");
        return false;
    }
    return true;
}

static bool take_key(struct http_request *request, struct slice *ret_key)
{
    if (http_header_count(request, "idempotency-key") == 1 &&
        http_header(request, "idempotency-key", ret_key) && key_is_good(*ret_key))
        return true;
    refuse_field(request, &problem_idempotency_key_missing, "Idempotency-Key",
                 "A refund needs one Idempotency-Key of 1 to 255 printable characters.");
    return false;
}

void route_refund(struct http_request *request, void *context)
{
    struct slice key, reason = {"", 0};
    struct json *json = NULL;
    const struct auth_identity *who = auth_of(request);
    struct slice id = http_param(request, "id");
    if (!take_key(request, &key) || !take_reason(request, &json, &reason)) {
        json_free(json);
        return;
    }
    if (id.len > ID_MAX || who->subject.len > USER_ID_MAX) {
        problem_answer(request, &problem_payment_not_found, NULL, NULL, 0);
        json_free(json);
        return;
    }
    struct refunding *refunding = service_call_new(sizeof(*refunding), request, work_refund);
    struct asking *asking = &refunding->asking;
    asking->billing = billing_of(context);
    asking->id_length = id.len;
    memcpy(asking->id, id.data, id.len);
    asking->subject_length = who->subject.len;
    if (who->subject.len > 0)
        memcpy(asking->subject, who->subject.data, who->subject.len);
    refunding->key_length = key.len;
    memcpy(refunding->key, key.data, key.len);
    refunding->reason_length = reason.len;
    memcpy(refunding->reason, reason.data, reason.len);
    digest_sha256(&reason, 1, refunding->fingerprint);
    json_free(json);
    service_call_submit(&asking->call, asking->billing->runtime);
}

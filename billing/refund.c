/* Giving back what was paid.
 * Owner: billing. Thread: a pool thread's; refund_words also the runners'.
 */
#include "billing/refund.h"

#include "base/clock.h"
#include "billing/billing.h"
#include "billing/render.h"

enum { TIMEOUT_MS = 5000 };

static const struct pg_statement find_statement = {
    "refund_find", "SELECT asked_by, idempotency_key, fingerprint, reason, answer FROM refunds "
                   "WHERE payment_id = $1"};

static const struct pg_statement add_statement = {
    "refund_add",
    "INSERT INTO refunds (payment_id, asked_by, idempotency_key, fingerprint, reason, "
    "answer) VALUES ($1, $2, $3, $4, $5, $6)"};

struct asking {
    struct billing *billing;
    const struct refund_wish *wish;
    struct buf *answer;
    enum refund_outcome outcome;
};

static int find(struct pg *pg, struct slice payment_id, int timeout_ms, struct error *err,
                struct pg_result **ret_result)
{
    struct pg_params params = {0};
    pg_param_bytes(&params, payment_id);
    int rc = pg_run(pg, &find_statement, &params, timeout_ms, err, ret_result);
    pg_params_free(&params);
    return rc;
}

int refund_words(struct pg *pg, struct slice payment_id, int timeout_ms, struct error *err,
                 struct buf *by, struct buf *reason)
{
    struct pg_result *row;
    if (find(pg, payment_id, timeout_ms, err, &row) != 0)
        return -1;
    if (pg_rows(row) == 1) {
        struct slice text = pg_get_bytes(row, 0, 0);
        buf_append(by, text.data, text.len);
        text = pg_get_bytes(row, 0, 3);
        buf_append(reason, text.data, text.len);
    }
    pg_result_free(row);
    return 0;
}

static enum refund_outcome compare(const struct pg_result *row, const struct refund_wish *wish,
                                   struct buf *answer)
{
    struct slice fingerprint = pg_get_bytes(row, 0, 2), recorded = pg_get_bytes(row, 0, 4);
    if (!slice_equal(pg_get_bytes(row, 0, 0), wish->asked_by) ||
        !slice_equal(pg_get_bytes(row, 0, 1), wish->key))
        return REFUND_EXISTS;
    if (!slice_equal(fingerprint,
                     (struct slice){(const char *)wish->fingerprint, sizeof(wish->fingerprint)}))
        return REFUND_KEY_REUSED;
    buf_clear(answer);
    buf_append(answer, recorded.data, recorded.len);
    return REFUND_REPLAYED;
}

static int add(struct pg *pg, const struct refund_wish *wish, const struct payment *payment,
               struct slice answer, int timeout_ms, struct error *err)
{
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_bytes(&params, payment->payment_id);
    pg_param_bytes(&params, wish->asked_by);
    pg_param_bytes(&params, wish->key);
    pg_param_bytes(&params,
                   (struct slice){(const char *)wish->fingerprint, sizeof(wish->fingerprint)});
    pg_param_bytes(&params, wish->reason);
    pg_param_bytes(&params, answer);
    int rc = pg_run(pg, &add_statement, &params, timeout_ms, err, &result);
    pg_params_free(&params);
    if (rc == 0)
        pg_result_free(result);
    return rc;
}

/* The rule appends nothing: the event comes with the provider's word. */
static int decide(struct asking *asking, struct pg *pg, struct payment *payment, int timeout_ms,
                  struct error *err)
{
    struct payment_news news = {0};
    struct facts none = {.category = &category_payment};
    struct uuid_source random = {0};
    const struct charge_rule *rule =
        payment_apply(payment, CHARGE_REFUND_ASKED, &news, &none, &random);
    facts_free(&none);
    asking->outcome = rule != NULL ? REFUND_ASKED : REFUND_NOT_CAPTURED;
    if (rule == NULL)
        return 0;
    payment->due_at_us = billing_due_us(asking->billing->settings, payment, rule->action, 0);
    buf_clear(asking->answer);
    render_payment(payment, asking->answer);
    if (add(pg, asking->wish, payment, buf_slice(asking->answer), timeout_ms, err) != 0)
        return -1;
    return payment_save(pg, payment, timeout_ms, err);
}

static int ask_locked(struct asking *asking, struct pg *pg, struct payment *payment, int timeout_ms,
                      struct error *err)
{
    struct pg_result *row;
    if (find(pg, payment->payment_id, timeout_ms, err, &row) != 0)
        return -1;
    int rc = 0;
    if (pg_rows(row) == 1)
        asking->outcome = compare(row, asking->wish, asking->answer);
    else
        rc = decide(asking, pg, payment, timeout_ms, err);
    pg_result_free(row);
    return rc;
}

static int ask(void *argument, struct pg *pg, int timeout_ms, struct error *err)
{
    struct asking *asking = argument;
    struct pg_result *row, *locked_row;
    struct payment payment, locked;
    asking->outcome = REFUND_NO_PAYMENT;
    int found = payment_read(pg, PAYMENT_BY_ANY, asking->wish->id, timeout_ms, err, &row, &payment);
    if (found <= 0)
        return found;
    found = payment_read(pg, PAYMENT_BY_ID_LOCKED, payment.payment_id, timeout_ms, err, &locked_row,
                         &locked);
    pg_result_free(row);
    if (found <= 0)
        return found;
    int rc = ask_locked(asking, pg, &locked, timeout_ms, err);
    pg_result_free(locked_row);
    return rc;
}

int refund_ask(struct billing *billing, struct pg *pg, const struct refund_wish *wish,
               struct buf *answer, enum refund_outcome *ret_outcome, struct error *err)
{
    struct asking asking = {.billing = billing, .wish = wish, .answer = answer};
    if (pg_transaction(pg, ask, &asking, TIMEOUT_MS, err) != 0)
        return -1;
    *ret_outcome = asking.outcome;
    if (asking.outcome == REFUND_ASKED)
        work_kick(billing->work);
    return 0;
}

/* A payment's row: read, changed by the rules, written back with the event that tells it.
 * Owner: billing. Thread: the connection's.
 */
#include "billing/payment.h"

#include "base/clock.h"
#include "proto/payment_codec.h"

static struct slice text_at(const struct pg_result *result, int row, int *column)
{
    return pg_get_bytes(result, row, (*column)++);
}

static int64_t time_or_0(const struct pg_result *result, int row, int column)
{
    return pg_is_null(result, row, column) ? 0 : pg_get_time(result, row, column);
}

int payment_take(const struct pg_result *result, int row, struct error *err,
                 struct payment *ret_payment)
{
    struct payment p = {0};
    int c = 0;
    struct slice *const texts[] = {&p.payment_id, &p.cart_id,      &p.order_id,      &p.user_id,
                                   &p.currency,   &p.token,        &p.provider,      &p.reference,
                                   &p.verdict,    &p.failure_code, &p.failure_detail};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        *texts[i] = text_at(result, row, &c);
    p.amount_minor = pg_get_int64(result, row, c++);
    struct slice state = text_at(result, row, &c);
    if (charge_state_parse(state, &p.state) != 0)
        return error_set(err, ERROR_PERMANENT, "payment in state `%.*s`, which is not known here",
                         (int)state.len, state.data);
    p.cart_version = pg_get_int32(result, row, c++);
    p.version = pg_get_int32(result, row, c++);
    p.attempt = pg_get_int32(result, row, c++);
    p.tries = pg_get_int32(result, row, c++);
    p.correlation_id = pg_get_uuid(result, row, c++);
    p.causation_id = pg_get_uuid(result, row, c++);
    p.trace_flags = pg_get_int16(result, row, c++);
    p.poked = pg_get_bool(result, row, c++);
    p.requested_at_us = pg_get_time(result, row, c++);
    p.updated_at_us = pg_get_time(result, row, c++);
    p.charging_at_us = time_or_0(result, row, c++);
    p.sent_at_us = time_or_0(result, row, c);
    *ret_payment = p;
    return 0;
}

int payment_read(struct pg *pg, enum payment_key key, struct slice id, int timeout_ms,
                 struct error *err, struct pg_result **ret_result, struct payment *ret_payment)
{
    static const struct pg_statement statements[PAYMENT_KEYS] = {
        [PAYMENT_BY_ANY] = {"payment_any", "SELECT " PAYMENT_COLUMNS " FROM payments "
                                           "WHERE payment_id = $1 OR cart_id = $1 "
                                           "ORDER BY payment_id = $1 DESC LIMIT 1"},
        [PAYMENT_BY_ID_LOCKED] = {"payment_by_id", "SELECT " PAYMENT_COLUMNS " FROM payments "
                                                   "WHERE payment_id = $1 FOR UPDATE"},
        [PAYMENT_BY_CART_LOCKED] = {"payment_by_cart", "SELECT " PAYMENT_COLUMNS " FROM payments "
                                                       "WHERE cart_id = $1 FOR UPDATE"},
    };
    struct pg_params params = {0};
    struct pg_result *result;
    pg_param_bytes(&params, id);
    int rc = pg_run(pg, &statements[key], &params, timeout_ms, err, &result);
    pg_params_free(&params);
    if (rc != 0)
        return -1;
    int rows = pg_rows(result);
    if (rows == 0 || payment_take(result, 0, err, ret_payment) != 0) {
        pg_result_free(result);
        return rows == 0 ? 0 : -1;
    }
    *ret_result = result;
    return 1;
}

static void param_time_or_null(struct pg_params *params, int64_t wall_us)
{
    if (wall_us == 0)
        pg_param_null(params);
    else
        pg_param_time(params, wall_us);
}

static int run_quietly(struct pg *pg, const struct pg_statement *statement,
                       struct pg_params *params, int timeout_ms, struct error *err)
{
    struct pg_result *result;
    int rc = pg_run(pg, statement, params, timeout_ms, err, &result);
    pg_params_free(params);
    if (rc == 0)
        pg_result_free(result);
    return rc;
}

int payment_insert(struct pg *pg, const struct payment *p, int timeout_ms, struct error *err)
{
    static const struct pg_statement statement = {
        "payment_insert",
        "INSERT INTO payments (payment_id, cart_id, order_id, user_id, cart_version, amount_minor, "
        "currency, token, provider, reference, state, verdict, failure_code, failure_detail, "
        "version, correlation_id, causation_id, trace_flags, requested_at, charging_at, sent_at, "
        "updated_at, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, "
        "$15, $16, $17, $18, $19, $20, $21, $22, $23)"};
    struct pg_params params = {0};
    pg_param_bytes(&params, p->payment_id);
    pg_param_bytes(&params, p->cart_id);
    pg_param_bytes(&params, p->order_id);
    pg_param_bytes(&params, p->user_id);
    pg_param_int32(&params, p->cart_version);
    pg_param_int64(&params, p->amount_minor);
    pg_param_bytes(&params, p->currency);
    pg_param_bytes(&params, p->token);
    pg_param_bytes(&params, p->provider);
    pg_param_bytes(&params, p->reference);
    pg_param_bytes(&params, slice_of(charge_state_name(p->state)));
    pg_param_bytes(&params, p->verdict);
    pg_param_bytes(&params, p->failure_code);
    pg_param_bytes(&params, p->failure_detail);
    pg_param_int32(&params, p->version);
    pg_param_uuid(&params, &p->correlation_id);
    pg_param_uuid(&params, &p->causation_id);
    pg_param_int16(&params, p->trace_flags);
    pg_param_time(&params, p->requested_at_us);
    param_time_or_null(&params, p->charging_at_us);
    param_time_or_null(&params, p->sent_at_us);
    pg_param_time(&params, p->updated_at_us);
    param_time_or_null(&params, p->due_at_us);
    return run_quietly(pg, &statement, &params, timeout_ms, err);
}

int payment_save(struct pg *pg, const struct payment *p, int timeout_ms, struct error *err)
{
    static const struct pg_statement statement = {
        "payment_save",
        "UPDATE payments SET reference = $2, state = $3, verdict = $4, failure_code = $5, "
        "failure_detail = $6, version = $7, charging_at = $8, sent_at = $9, updated_at = $10, "
        "due_at = $11, tries = $12, leased = false, poked = false, attempt = attempt + 1 "
        "WHERE payment_id = $1"};
    struct pg_params params = {0};
    pg_param_bytes(&params, p->payment_id);
    pg_param_bytes(&params, p->reference);
    pg_param_bytes(&params, slice_of(charge_state_name(p->state)));
    pg_param_bytes(&params, p->verdict);
    pg_param_bytes(&params, p->failure_code);
    pg_param_bytes(&params, p->failure_detail);
    pg_param_int32(&params, p->version);
    param_time_or_null(&params, p->charging_at_us);
    param_time_or_null(&params, p->sent_at_us);
    pg_param_time(&params, p->updated_at_us);
    param_time_or_null(&params, p->due_at_us);
    pg_param_int32(&params, p->tries);
    return run_quietly(pg, &statement, &params, timeout_ms, err);
}

/* ---- events */

static void add_event(struct payment *payment, struct payment_event *event, struct slice actor,
                      const struct uuid *cause, struct facts *facts, struct uuid_source *random)
{
    static const struct slice billing = {"billing", sizeof("billing") - 1};
    struct buf payload = {0};
    int64_t now_us = clock_wall_us();
    if (now_us > payment->updated_at_us)
        payment->updated_at_us = now_us;
    payment->version++;
    event->payment_id = payment->payment_id;
    event->version = payment->version;
    event->event_id = uuid_v7(random, payment->updated_at_us);
    event->occurred_at_us = payment->updated_at_us;
    event->actor = actor.len > 0 ? actor : billing;
    event->correlation_id = payment->correlation_id;
    event->causation_id = cause != NULL ? *cause : payment->causation_id;
    event->cart_id = payment->cart_id;
    event->order_id = payment->order_id;
    event->user_id = payment->user_id;
    payment_event_encode(event, &payload);
    struct fact fact = {
        .stream_id = event->payment_id,
        .version = event->version,
        .event_id = event->event_id,
        .type = payment_event_type_name(event->type),
        .payload = buf_slice(&payload),
        .actor = event->actor,
        .correlation_id = event->correlation_id,
        .causation_id = event->causation_id,
        .trace_flags = (uint8_t)payment->trace_flags,
        .recorded_at_us = event->occurred_at_us,
    };
    facts_add(facts, &fact);
    buf_free(&payload);
}

void payment_request(struct payment *payment, struct facts *facts, struct uuid_source *random)
{
    struct payment_event event = {
        .type = PAYMENT_EVENT_REQUESTED,
        .requested = {payment->cart_id, payment->order_id, payment->user_id, payment->currency,
                      payment->token, payment->provider, payment->amount_minor},
    };
    add_event(payment, &event, (struct slice){0}, NULL, facts, random);
}

static struct payment_event event_of(enum payment_event_type type, const struct payment *payment,
                                     const struct payment_news *news)
{
    const struct provider_answer *answer = news->answer;
    struct payment_event event = {.type = type};
    switch (type) {
    case PAYMENT_EVENT_FAILED:
        event.failed = (struct payment_failed){payment->failure_code, payment->failure_detail};
        break;
    case PAYMENT_EVENT_UNKNOWN:
        event.unknown.detail = payment->failure_detail;
        break;
    case PAYMENT_EVENT_AUTHORISED:
    case PAYMENT_EVENT_CAPTURED:
    case PAYMENT_EVENT_MISMATCHED:
    case PAYMENT_EVENT_REFUNDED:
        CHECK(answer != NULL);
        event.money = (struct payment_money){payment->reference, slice_of(answer->currency),
                                             answer->amount_minor, news->reason};
        break;
    case PAYMENT_EVENT_REQUESTED:
        NOT_REACHED();
    }
    return event;
}

/* What the payment remembers of the news. */
static void remember(struct payment *payment, const struct charge_rule *rule,
                     const struct payment_news *news)
{
    const struct provider_answer *answer = news->answer;
    if (answer != NULL && answer->reference[0] != '\0')
        payment->reference = slice_of(answer->reference);
    payment->failure_code = payment->failure_detail = (struct slice){NULL, 0};
    if (rule->next == CHARGE_FAILED || rule->next == CHARGE_ASKING ||
        rule->input == CHARGE_REFUND_DECLINED) {
        payment->failure_code =
            news->code.len > 0 || answer == NULL ? news->code : slice_of(answer->code);
        payment->failure_detail =
            news->detail.len > 0 || answer == NULL ? news->detail : slice_of(answer->detail);
    }
}

const struct charge_rule *payment_apply(struct payment *payment, enum charge_input input,
                                        const struct payment_news *news, struct facts *facts,
                                        struct uuid_source *random)
{
    const struct charge_rule *rule = charge_rule(payment->state, input);
    if (rule == NULL)
        return NULL;
    remember(payment, rule, news);
    payment->tries = rule->next == payment->state ? payment->tries + 1 : 0;
    if (rule->next == CHARGE_CHARGING && rule->input >= CHARGE_IS_AUTHORISED)
        payment->sent_at_us = 0; /* by the provider's word: whatever was sent is accounted for */
    if (rule->next == CHARGE_CHARGING && payment->charging_at_us == 0)
        payment->charging_at_us = clock_wall_us();
    payment->state = rule->next;
    if (rule->event != 0) {
        struct payment_event event = event_of((enum payment_event_type)rule->event, payment, news);
        add_event(payment, &event, news->actor, news->cause, facts, random);
    }
    return rule;
}

/* Verdicts and reviews as JSON.
 * Owner: fraud. Thread: any.
 */
#include "fraud/verdict_json.h"

#include "base/clock.h"
#include "base/json_writer.h"

static void number_member(struct buf *out, const char *name, double value)
{
    json_name(out, name);
    buf_printf(out, "%.15g", value);
}

static void time_member(struct buf *out, const char *name, int64_t at_us)
{
    char text[CLOCK_TEXT_SIZE];
    clock_format(at_us, text);
    json_string_member(out, name, slice_of(text));
}

static void hit_json(const struct fraud_hit *hit, struct buf *out)
{
    json_comma(out);
    buf_char(out, '{');
    json_string_member(out, "rule", hit->rule);
    json_string_member(out, "mode", slice_of(fraud_mode_name(hit->mode)));
    json_int_member(out, "score", hit->score);
    number_member(out, "value", hit->value);
    number_member(out, "threshold", hit->threshold);
    json_int_member(out, "windowSeconds", hit->window_us / 1000000);
    json_string_member(out, "key", hit->key);
    json_name(out, "eventIds");
    buf_char(out, '[');
    for (size_t i = 0; i < hit->event_count; i++) {
        char id[UUID_TEXT_SIZE];
        uuid_format(&hit->event_ids[i], id);
        json_comma(out);
        json_string(out, id, UUID_TEXT_SIZE - 1);
    }
    buf_text(out, "]}");
}

void verdict_hits_json(const struct fraud_verdict *verdict, struct buf *out)
{
    json_name(out, "hits");
    buf_char(out, '[');
    for (size_t i = 0; i < verdict->hit_count; i++)
        hit_json(&verdict->hits[i], out);
    buf_char(out, ']');
}

const char *verdict_status(const struct fraud_event *last)
{
    switch (last->type) {
    case FRAUD_EVENT_CLEARED:
        return "cleared";
    case FRAUD_EVENT_HELD:
        return "held";
    case FRAUD_EVENT_BLOCKED:
        return "blocked";
    case FRAUD_EVENT_REVIEWED:
        return last->reviewed.decision == FRAUD_RELEASE ? "released" : "blocked";
    }
    NOT_REACHED();
}

void verdict_json(const struct fraud_event *event, struct buf *out)
{
    CHECK(event->type != FRAUD_EVENT_REVIEWED);
    json_string_member(out, "verdict", slice_of(verdict_status(event)));
    json_int_member(out, "score", event->verdict.score);
    time_member(out, "decidedAt", event->occurred_at_us);
    verdict_hits_json(&event->verdict, out);
}

void review_json(const struct fraud_event *event, struct buf *out)
{
    CHECK(event->type == FRAUD_EVENT_REVIEWED);
    json_string_member(out, "decision", slice_of(fraud_decision_name(event->reviewed.decision)));
    json_string_member(out, "note", event->reviewed.note);
    json_string_member(out, "reviewer", event->actor);
    time_member(out, "reviewedAt", event->occurred_at_us);
}

/* Protobuf bytes to fraud's events, each field judged.
 * Owner: proto. Thread: any; a struct fraud_decoded belongs to one.
 */
#include "proto/fraud_codec.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "fraud.pb-c.h"
#include "proto/cart_event.h"
#include "proto/codec.h"

typedef Cartwright__Fraud__V1__FraudEvent WireEvent;
typedef Cartwright__Fraud__V1__RuleHit WireHit;

enum { WORD_MAX = 16 };

static int decode_hit(const WireHit *wire, struct fraud_hit *hit, struct uuid *event_ids,
                      struct error *err)
{
    struct slice mode;
    if (codec_text("rule", &wire->rule, 1, FRAUD_RULE_MAX, err, &hit->rule) ||
        codec_text("mode", &wire->mode, 1, WORD_MAX, err, &mode) ||
        codec_text("key", &wire->key, 0, FRAUD_KEY_MAX, err, &hit->key) ||
        codec_range("score", wire->score, 0, INT32_MAX, err) ||
        codec_range("window_us", wire->window_us, 0, INT64_MAX, err))
        return -1;
    if (fraud_mode_parse(mode, &hit->mode) != 0)
        return error_set(err, ERROR_PERMANENT, "mode: none that this version knows");
    if (!isfinite(wire->value) || !isfinite(wire->threshold))
        return error_set(err, ERROR_PERMANENT, "value: not a finite number");
    for (size_t i = 0; i < wire->n_event_ids; i++) {
        if (codec_uuid("event_ids", &wire->event_ids[i], err, &event_ids[i]) != 0)
            return -1;
    }
    hit->score = wire->score;
    hit->value = wire->value;
    hit->threshold = wire->threshold;
    hit->window_us = wire->window_us;
    hit->event_ids = event_ids;
    hit->event_count = wire->n_event_ids;
    return 0;
}

static int reserve(WireHit *const *wire, size_t count, struct fraud_decoded *decoded,
                   struct error *err)
{
    size_t event_count = 0;
    if (count > FRAUD_HITS_MAX)
        return error_set(err, ERROR_PERMANENT, "hits: %zu, must be at most %d", count,
                         FRAUD_HITS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (wire[i]->n_event_ids > FRAUD_HIT_EVENTS_MAX)
            return error_set(err, ERROR_PERMANENT, "hits[%zu]: %zu event_ids, must be at most %d",
                             i, wire[i]->n_event_ids, FRAUD_HIT_EVENTS_MAX);
        event_count += wire[i]->n_event_ids;
    }
    if (count > decoded->hit_capacity) {
        decoded->hits = mem_realloc(decoded->hits, count * sizeof(decoded->hits[0]));
        decoded->hit_capacity = count;
    }
    if (event_count > decoded->event_id_capacity) {
        decoded->event_ids =
            mem_realloc(decoded->event_ids, event_count * sizeof(decoded->event_ids[0]));
        decoded->event_id_capacity = event_count;
    }
    return 0;
}

static int decode_verdict(int32_t score, WireHit *const *wire, size_t count,
                          struct fraud_decoded *decoded, struct error *err)
{
    size_t at = 0;
    if (codec_range("score", score, 0, INT32_MAX, err) != 0 ||
        reserve(wire, count, decoded, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (decode_hit(wire[i], &decoded->hits[i], decoded->event_ids + at, err) != 0)
            return error_prefix(err, "hits[%zu]", i);
        at += wire[i]->n_event_ids;
    }
    decoded->event.verdict = (struct fraud_verdict){score, decoded->hits, count};
    return 0;
}

static int decode_reviewed(const Cartwright__Fraud__V1__FraudReviewed *wire,
                           struct fraud_reviewed *body, struct error *err)
{
    struct slice decision;
    if (codec_text("decision", &wire->decision, 1, WORD_MAX, err, &decision) ||
        codec_text("note", &wire->note, 0, FRAUD_NOTE_MAX, err, &body->note))
        return -1;
    if (fraud_decision_parse(decision, &body->decision) != 0)
        return error_set(err, ERROR_PERMANENT, "decision: none that this version knows");
    return 0;
}

static int decode_body(const WireEvent *wire, struct fraud_decoded *decoded, struct error *err)
{
    struct fraud_event *event = &decoded->event;
    switch (wire->body_case) {
    case CARTWRIGHT__FRAUD__V1__FRAUD_EVENT__BODY_FRAUD_CLEARED:
        event->type = FRAUD_EVENT_CLEARED;
        return decode_verdict(wire->fraud_cleared->score, wire->fraud_cleared->hits,
                              wire->fraud_cleared->n_hits, decoded, err);
    case CARTWRIGHT__FRAUD__V1__FRAUD_EVENT__BODY_FRAUD_HELD:
        event->type = FRAUD_EVENT_HELD;
        return decode_verdict(wire->fraud_held->score, wire->fraud_held->hits,
                              wire->fraud_held->n_hits, decoded, err);
    case CARTWRIGHT__FRAUD__V1__FRAUD_EVENT__BODY_FRAUD_BLOCKED:
        event->type = FRAUD_EVENT_BLOCKED;
        return decode_verdict(wire->fraud_blocked->score, wire->fraud_blocked->hits,
                              wire->fraud_blocked->n_hits, decoded, err);
    case CARTWRIGHT__FRAUD__V1__FRAUD_EVENT__BODY_FRAUD_REVIEWED:
        event->type = FRAUD_EVENT_REVIEWED;
        return decode_reviewed(wire->fraud_reviewed, &event->reviewed, err);
    case CARTWRIGHT__FRAUD__V1__FRAUD_EVENT__BODY__NOT_SET:
    case _CARTWRIGHT__FRAUD__V1__FRAUD_EVENT__BODY__CASE_IS_INT_SIZE:
        break;
    }
    return error_set(err, ERROR_PERMANENT, "body: none that this version knows");
}

static int decode_envelope(const WireEvent *wire, struct fraud_event *event, struct error *err)
{
    if (codec_text("cart_id", &wire->cart_id, 1, CART_ID_MAX, err, &event->cart_id) ||
        codec_range("version", wire->version, 1, INT32_MAX, err) ||
        codec_uuid("event_id", &wire->event_id, err, &event->event_id) ||
        codec_range("occurred_at_us", wire->occurred_at_us, 1, INT64_MAX / 2, err) ||
        codec_text("actor", &wire->actor, 1, ACTOR_MAX, err, &event->actor) ||
        codec_uuid("correlation_id", &wire->correlation_id, err, &event->correlation_id) ||
        codec_uuid("causation_id", &wire->causation_id, err, &event->causation_id) ||
        codec_text("order_id", &wire->order_id, 0, ORDER_ID_MAX, err, &event->order_id) ||
        codec_text("user_id", &wire->user_id, 0, USER_ID_MAX, err, &event->user_id))
        return -1;
    event->version = wire->version;
    event->occurred_at_us = wire->occurred_at_us;
    return 0;
}

int fraud_event_decode(struct slice bytes, struct fraud_decoded *decoded, struct error *err)
{
    if (bytes.len == 0 || bytes.len > FRAUD_EVENT_BYTES_MAX)
        return error_set(err, ERROR_PERMANENT, "event: %zu bytes, must be 1 to %d", bytes.len,
                         FRAUD_EVENT_BYTES_MAX);
    codec_arena_prepare(&decoded->arena, bytes.len);
    ProtobufCAllocator allocator = codec_allocator(&decoded->arena);
    WireEvent *wire = cartwright__fraud__v1__fraud_event__unpack(&allocator, bytes.len,
                                                                 (const uint8_t *)bytes.data);
    if (wire == NULL)
        return error_set(err, ERROR_PERMANENT, "event: not a FraudEvent message");
    decoded->event = (struct fraud_event){0};
    if (decode_envelope(wire, &decoded->event, err) != 0)
        return -1;
    return decode_body(wire, decoded, err);
}

void fraud_decoded_free(struct fraud_decoded *decoded)
{
    buf_free(&decoded->arena);
    free(decoded->hits);
    free(decoded->event_ids);
    *decoded = (struct fraud_decoded){0};
}

/* Fraud's events to protobuf bytes, and the words in them.
 * Owner: proto. Thread: any.
 */
#include "proto/fraud_codec.h"

#include <stdlib.h>

#include "base/memory.h"
#include "fraud.pb-c.h"
#include "proto/codec.h"

typedef Cartwright__Fraud__V1__FraudEvent WireEvent;
typedef Cartwright__Fraud__V1__RuleHit WireHit;

static const char *const type_names[] = {
    [FRAUD_EVENT_CLEARED] = "FraudCleared",
    [FRAUD_EVENT_HELD] = "FraudHeld",
    [FRAUD_EVENT_BLOCKED] = "FraudBlocked",
    [FRAUD_EVENT_REVIEWED] = "FraudReviewed",
};
static const char *const mode_names[] = {
    [FRAUD_MODE_SHADOW] = "shadow",
    [FRAUD_MODE_REVIEW] = "review",
    [FRAUD_MODE_BLOCK] = "block",
};
static const char *const decision_names[] = {
    [FRAUD_RELEASE] = "release",
    [FRAUD_BLOCK] = "block",
};

const char *fraud_event_type_name(enum fraud_event_type type)
{
    CHECK((size_t)type < ARRAY_SIZE(type_names) && type_names[type] != NULL);
    return type_names[type];
}

const char *fraud_mode_name(enum fraud_mode mode)
{
    CHECK((size_t)mode < ARRAY_SIZE(mode_names));
    return mode_names[mode];
}

const char *fraud_decision_name(enum fraud_decision decision)
{
    CHECK((size_t)decision < ARRAY_SIZE(decision_names));
    return decision_names[decision];
}

int fraud_mode_parse(struct slice name, enum fraud_mode *ret_mode)
{
    for (size_t i = 0; i < ARRAY_SIZE(mode_names); i++) {
        if (slice_equal(name, slice_of(mode_names[i]))) {
            *ret_mode = (enum fraud_mode)i;
            return 0;
        }
    }
    return -1;
}

int fraud_decision_parse(struct slice name, enum fraud_decision *ret_decision)
{
    for (size_t i = 0; i < ARRAY_SIZE(decision_names); i++) {
        if (slice_equal(name, slice_of(decision_names[i]))) {
            *ret_decision = (enum fraud_decision)i;
            return 0;
        }
    }
    return -1;
}

/* The wire's hits of one verdict: what they point to is freed with them. */
struct wire_hits {
    WireHit **pointers;
    WireHit *hits;
    ProtobufCBinaryData *event_ids;
};

static struct wire_hits wire_hits_new(const struct fraud_verdict *verdict)
{
    size_t event_count = 0, at = 0;
    for (size_t i = 0; i < verdict->hit_count; i++)
        event_count += verdict->hits[i].event_count;
    struct wire_hits wire = {
        mem_calloc(verdict->hit_count + 1, sizeof(WireHit *)),
        mem_calloc(verdict->hit_count + 1, sizeof(WireHit)),
        mem_calloc(event_count + 1, sizeof(ProtobufCBinaryData)),
    };
    for (size_t i = 0; i < verdict->hit_count; i++) {
        const struct fraud_hit *hit = &verdict->hits[i];
        WireHit *out = &wire.hits[i];
        cartwright__fraud__v1__rule_hit__init(out);
        out->rule = codec_bytes(hit->rule);
        out->mode = codec_bytes(slice_of(fraud_mode_name(hit->mode)));
        out->score = hit->score;
        out->value = hit->value;
        out->threshold = hit->threshold;
        out->window_us = hit->window_us;
        out->key = codec_bytes(hit->key);
        out->n_event_ids = hit->event_count;
        out->event_ids = wire.event_ids + at;
        for (size_t j = 0; j < hit->event_count; j++)
            wire.event_ids[at++] = codec_uuid_bytes(&hit->event_ids[j]);
        wire.pointers[i] = out;
    }
    return wire;
}

static void wire_hits_free(struct wire_hits *wire)
{
    free(wire->pointers);
    free(wire->hits);
    free(wire->event_ids);
}

/* Each takes the envelope by value: it points to the body, which ends with the call. */
static void encode_cleared(const struct fraud_verdict *verdict, WireHit **hits, WireEvent wire,
                           struct buf *out)
{
    Cartwright__Fraud__V1__FraudCleared body = CARTWRIGHT__FRAUD__V1__FRAUD_CLEARED__INIT;
    body.score = verdict->score;
    body.n_hits = verdict->hit_count;
    body.hits = hits;
    wire.body_case = CARTWRIGHT__FRAUD__V1__FRAUD_EVENT__BODY_FRAUD_CLEARED;
    wire.fraud_cleared = &body;
    codec_pack(&wire.base, out);
}

static void encode_held(const struct fraud_verdict *verdict, WireHit **hits, WireEvent wire,
                        struct buf *out)
{
    Cartwright__Fraud__V1__FraudHeld body = CARTWRIGHT__FRAUD__V1__FRAUD_HELD__INIT;
    body.score = verdict->score;
    body.n_hits = verdict->hit_count;
    body.hits = hits;
    wire.body_case = CARTWRIGHT__FRAUD__V1__FRAUD_EVENT__BODY_FRAUD_HELD;
    wire.fraud_held = &body;
    codec_pack(&wire.base, out);
}

static void encode_blocked(const struct fraud_verdict *verdict, WireHit **hits, WireEvent wire,
                           struct buf *out)
{
    Cartwright__Fraud__V1__FraudBlocked body = CARTWRIGHT__FRAUD__V1__FRAUD_BLOCKED__INIT;
    body.score = verdict->score;
    body.n_hits = verdict->hit_count;
    body.hits = hits;
    wire.body_case = CARTWRIGHT__FRAUD__V1__FRAUD_EVENT__BODY_FRAUD_BLOCKED;
    wire.fraud_blocked = &body;
    codec_pack(&wire.base, out);
}

static void encode_reviewed(const struct fraud_reviewed *reviewed, WireEvent wire, struct buf *out)
{
    Cartwright__Fraud__V1__FraudReviewed body = CARTWRIGHT__FRAUD__V1__FRAUD_REVIEWED__INIT;
    body.decision = codec_bytes(slice_of(fraud_decision_name(reviewed->decision)));
    body.note = codec_bytes(reviewed->note);
    wire.body_case = CARTWRIGHT__FRAUD__V1__FRAUD_EVENT__BODY_FRAUD_REVIEWED;
    wire.fraud_reviewed = &body;
    codec_pack(&wire.base, out);
}

static void encode_verdict(const struct fraud_event *event, WireEvent wire, struct buf *out)
{
    struct wire_hits hits = wire_hits_new(&event->verdict);
    if (event->type == FRAUD_EVENT_CLEARED)
        encode_cleared(&event->verdict, hits.pointers, wire, out);
    else if (event->type == FRAUD_EVENT_HELD)
        encode_held(&event->verdict, hits.pointers, wire, out);
    else
        encode_blocked(&event->verdict, hits.pointers, wire, out);
    wire_hits_free(&hits);
}

void fraud_event_encode(const struct fraud_event *event, struct buf *out)
{
    WireEvent wire = CARTWRIGHT__FRAUD__V1__FRAUD_EVENT__INIT;
    wire.cart_id = codec_bytes(event->cart_id);
    wire.version = event->version;
    wire.event_id = codec_uuid_bytes(&event->event_id);
    wire.occurred_at_us = event->occurred_at_us;
    wire.actor = codec_bytes(event->actor);
    wire.correlation_id = codec_uuid_bytes(&event->correlation_id);
    wire.causation_id = codec_uuid_bytes(&event->causation_id);
    wire.order_id = codec_bytes(event->order_id);
    wire.user_id = codec_bytes(event->user_id);
    switch (event->type) {
    case FRAUD_EVENT_CLEARED:
    case FRAUD_EVENT_HELD:
    case FRAUD_EVENT_BLOCKED:
        encode_verdict(event, wire, out);
        return;
    case FRAUD_EVENT_REVIEWED:
        encode_reviewed(&event->reviewed, wire, out);
        return;
    }
    NOT_REACHED();
}

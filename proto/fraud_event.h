/* The events of fraud's verdicts as plain values.
 * Owner: proto. Thread: any; slices point into memory of whoever made the event.
 */
#ifndef CARTWRIGHT_PROTO_FRAUD_EVENT_H
#define CARTWRIGHT_PROTO_FRAUD_EVENT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/uuid.h"

/* Limits of the wire format, beside those of proto/cart_event.h. Bytes, not characters. */
enum {
    FRAUD_RULE_MAX = 64,
    FRAUD_KEY_MAX = 1280,
    FRAUD_NOTE_MAX = 2000,
    FRAUD_HITS_MAX = 256,
    FRAUD_HIT_EVENTS_MAX = 100,
    FRAUD_EVENT_BYTES_MAX = 1024 * 1024,
};

enum fraud_event_type {
    FRAUD_EVENT_CLEARED = 1,
    FRAUD_EVENT_HELD,
    FRAUD_EVENT_BLOCKED,
    FRAUD_EVENT_REVIEWED,
};

enum fraud_mode {
    FRAUD_MODE_SHADOW, /* is only told */
    FRAUD_MODE_REVIEW, /* holds the checkout for a person */
    FRAUD_MODE_BLOCK,
};

enum fraud_decision { FRAUD_RELEASE, FRAUD_BLOCK };

/** A rule that spoke. */
struct fraud_hit {
    struct slice rule;
    enum fraud_mode mode;
    int32_t score;
    double value, threshold;
    int64_t window_us;
    struct slice key;             /* such as "user:u1" */
    const struct uuid *event_ids; /* the contributing events, newest first */
    size_t event_count;
};

/** FraudCleared, FraudHeld, FraudBlocked. */
struct fraud_verdict {
    int32_t score;
    const struct fraud_hit *hits;
    size_t hit_count;
};

struct fraud_reviewed {
    enum fraud_decision decision;
    struct slice note;
};

struct fraud_event {
    struct slice cart_id;
    int32_t version;
    struct uuid event_id;
    int64_t occurred_at_us;
    struct slice actor;
    struct uuid correlation_id, causation_id;
    struct slice order_id, user_id;
    enum fraud_event_type type;
    union {
        struct fraud_verdict verdict; /* cleared, held, blocked */
        struct fraud_reviewed reviewed;
    };
};

/** The protobuf message's name, e.g. "FraudHeld"; also `type` in fraud_events. */
const char *fraud_event_type_name(enum fraud_event_type type);

/** "shadow", "review", "block" and "release", "block", as in the events; and back: 0, or -1 for
 * another word. */
const char *fraud_mode_name(enum fraud_mode mode);
int fraud_mode_parse(struct slice name, enum fraud_mode *ret_mode) WARN_UNUSED;
const char *fraud_decision_name(enum fraud_decision decision);
int fraud_decision_parse(struct slice name, enum fraud_decision *ret_decision) WARN_UNUSED;

#endif

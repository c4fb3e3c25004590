/* From what was observed to a verdict about one checkout. Pure.
 *
 * judge_begin -> for each question, a window with what is known about its key -> judge_answer ->
 * judge_verdict. Owner: fraud. Thread: one at a time.
 */
#ifndef CARTWRIGHT_FRAUD_JUDGE_H
#define CARTWRIGHT_FRAUD_JUDGE_H

#include "fraud/measure.h"
#include "fraud/rules.h"

enum { JUDGE_QUESTIONS_MAX = 4096 };

/** A rule about a key of the checkout: what was observed of it after after_us, up to upto_us? */
struct question {
    const struct rule *rule;
    struct slice key; /* into judge->keys, set by judge_begin */
    int64_t after_us, upto_us;
};

/** A rule that spoke, with its contributing events. */
struct judge_hit {
    struct fraud_hit hit;
    struct uuid event_ids[FRAUD_HIT_EVENTS_MAX];
};

/** Zero-initialise; judge_begin replaces the content. The rules must live as long. */
struct judge {
    const struct rules *rules;
    struct slice cart_id; /* the caller's */
    int64_t at_us;
    struct question *questions;
    size_t question_count, question_capacity;
    struct buf keys;
    struct judge_hit *spoken[RULES_MAX]; /* by rule; NULL: silent */
    struct fraud_hit hits[RULES_MAX];    /* made by judge_verdict */
};

/** Asks each rule about the keys that this checkout has; sightings are the checkout's. */
void judge_begin(struct judge *judge, const struct rules *rules, const struct sightings *sightings);

/** Of several keys of one rule (products) the one that speaks loudest stays. */
void judge_answer(struct judge *judge, const struct question *question,
                  const struct window *window);

/** The verdict; its hits are the judge's until the next judge_begin. A rule that blocks blocks, one
 * for review holds, scores add up to the rules' block_score; shadow rules are only told. */
enum fraud_event_type judge_verdict(struct judge *judge, struct fraud_verdict *ret_verdict);

void judge_free(struct judge *judge);

#endif

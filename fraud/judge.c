/* From what was observed to a verdict about one checkout.
 * Owner: fraud. Thread: one at a time.
 */
#include "fraud/judge.h"

#include <stdlib.h>

#include "base/memory.h"

static void forget(struct judge *judge)
{
    for (size_t i = 0; i < RULES_MAX; i++) {
        free(judge->spoken[i]);
        judge->spoken[i] = NULL;
    }
    judge->question_count = 0;
    buf_clear(&judge->keys);
}

void judge_free(struct judge *judge)
{
    forget(judge);
    free(judge->questions);
    buf_free(&judge->keys);
    *judge = (struct judge){0};
}

static bool wants_product(const struct rule *rule)
{
    for (size_t i = 0; i < rule->key_count; i++) {
        if (rule->key[i] == FIELD_PRODUCT)
            return true;
    }
    return false;
}

static void ask(struct judge *judge, const struct rule *rule, const struct sighting *sighting)
{
    size_t begin = judge->keys.len;
    if (judge->question_count == JUDGE_QUESTIONS_MAX || !rule_key(rule, sighting, &judge->keys))
        return;
    judge->questions = mem_grown(judge->questions, judge->question_count, &judge->question_capacity,
                                 sizeof(judge->questions[0]));
    judge->questions[judge->question_count++] = (struct question){
        rule,
        {NULL, judge->keys.len - begin}, /* the keys may still move */
        judge->at_us - rule->within_us,
        judge->at_us,
    };
}

void judge_begin(struct judge *judge, const struct rules *rules, const struct sightings *sightings)
{
    forget(judge);
    CHECK(sightings->count > 0 && sightings->items[0].kind == SIGHTING_CART_CHECKED_OUT);
    judge->rules = rules;
    judge->cart_id = sightings->items[0].texts[FIELD_CART];
    judge->at_us = sightings->items[0].at_us;
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->items[i];
        if (!wants_product(rule))
            ask(judge, rule, &sightings->items[0]);
        for (size_t j = 1; wants_product(rule) && j < sightings->count; j++)
            ask(judge, rule, &sightings->items[j]);
    }
    const char *at = judge->keys.data;
    for (size_t i = 0; i < judge->question_count; i++) {
        judge->questions[i].key.data = at;
        at += judge->questions[i].key.len;
    }
}

/* The newest, each event once; of a median first the one that was compared. */
static size_t contributing(const struct window *window, const struct measure *measure,
                           struct uuid *ret_ids)
{
    size_t count = 0;
    if (measure->own != SIZE_MAX)
        ret_ids[count++] = window->items[measure->own]->event_id;
    for (size_t i = measure->end; i > measure->begin && count < FRAUD_HIT_EVENTS_MAX; i--) {
        const struct uuid *id = &window->items[i - 1]->event_id;
        if (i - 1 != measure->own && (count == 0 || !uuid_equal(&ret_ids[count - 1], id)))
            ret_ids[count++] = *id;
    }
    return count;
}

void judge_answer(struct judge *judge, const struct question *question, const struct window *window)
{
    const struct rule *rule = question->rule;
    struct judge_hit **place = &judge->spoken[rule - judge->rules->items];
    struct measure measure;
    if (!measure_take(rule, window, judge->at_us, judge->cart_id, &measure) ||
        !measure_fires(rule, measure.value))
        return;
    if (*place != NULL &&
        (rule->below ? measure.value >= (*place)->hit.value : measure.value <= (*place)->hit.value))
        return;
    if (*place == NULL)
        *place = mem_calloc(1, sizeof(**place));
    (*place)->hit = (struct fraud_hit){
        .rule = slice_of(rule->name),
        .mode = rule->mode,
        .score = rule->score,
        .value = measure.value,
        .threshold = rule->threshold,
        .window_us = rule->window_us,
        .key = question->key,
        .event_ids = (*place)->event_ids,
        .event_count = contributing(window, &measure, (*place)->event_ids),
    };
}

enum fraud_event_type judge_verdict(struct judge *judge, struct fraud_verdict *ret_verdict)
{
    enum fraud_mode gravest = FRAUD_MODE_SHADOW;
    int32_t score = 0; /* at most RULES_MAX times the largest score of a rule */
    size_t count = 0;
    for (size_t i = 0; i < judge->rules->count; i++) {
        if (judge->spoken[i] == NULL)
            continue;
        const struct fraud_hit *hit = &judge->spoken[i]->hit;
        judge->hits[count++] = *hit;
        if (hit->mode == FRAUD_MODE_SHADOW)
            continue;
        score += hit->score;
        gravest = hit->mode > gravest ? hit->mode : gravest;
    }
    *ret_verdict = (struct fraud_verdict){score, judge->hits, count};
    if (gravest == FRAUD_MODE_BLOCK ||
        (judge->rules->block_score > 0 && score >= judge->rules->block_score))
        return FRAUD_EVENT_BLOCKED;
    return gravest == FRAUD_MODE_REVIEW ? FRAUD_EVENT_HELD : FRAUD_EVENT_CLEARED;
}
